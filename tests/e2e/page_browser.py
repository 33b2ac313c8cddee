#!/usr/bin/env python3
"""The page in a browser: `page_browser.py WEB`, with RECADO, RECADO_SIM, PG_START and ENGINE as
web/e2e reads them. SPECS names some of the files (`SPECS="login inbox"`), CHROMIUM another browser.

Prints `skipped:` without a Node that is new enough, the page's packages, the page itself or
Chromium. Ends with a line `checks: N passed, M failed`, one check a test."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import npm  # noqa: E402


def need(web):
    npm.need_node((20, 19))
    browser = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not (web / "node_modules").is_dir():
        raise npm.Skipped("the page's packages are not installed (make web)")
    if not (web / "dist" / "index.html").is_file():
        raise npm.Skipped("the page is not built (make web)")
    if not shutil.which(browser):
        raise npm.Skipped(f"no {browser} (Debian: chromium)")


def lines_of(results):
    """One line for each test, and for each file that has none because it could not be read."""
    for file in results["testResults"]:
        name = pathlib.Path(file["name"]).name
        if file["status"] == "failed" and not any(t["status"] == "failed" for t in file["assertionResults"]):
            yield f"not ok {name}: {file['message']}"
        for one in file["assertionResults"]:
            title = f"{name}: {one['fullName'].strip()}"
            if one["status"] == "passed":
                yield f"ok {title}"
            else:
                why = "\n".join(one["failureMessages"] or [])
                yield f"not ok {title}: {why or one['status']}"


def run(web):
    with tempfile.TemporaryDirectory() as folder:
        told = pathlib.Path(folder) / "results.json"
        command = ["npx", "--no-install", "vitest", "run", "--config", "vitest.e2e.config.ts", "--reporter=json",
                   f"--outputFile={told}", *os.environ.get("SPECS", "").split()]
        done = subprocess.run(command, cwd=web, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env={**os.environ, "NO_COLOR": "1"}, check=False)
        lines = list(lines_of(json.loads(told.read_text()))) if told.is_file() else []
    if done.returncode != 0 and all(line.startswith("ok ") for line in lines):
        lines.append(f"not ok vitest: status {done.returncode}: {(done.stdout + done.stderr)[-4000:]}")
    return lines


def main():
    web = pathlib.Path(sys.argv[1])
    try:
        need(web)
    except npm.Skipped as reason:
        print(f"skipped: {reason}")
        return 0
    return npm.report(run(web))


if __name__ == "__main__":
    sys.exit(main())
