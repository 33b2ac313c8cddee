#!/usr/bin/env python3
"""The page's own checks (types, eslint, unit tests): `page_check.py WEB OPENAPI-PROGRAM`.

Its types are those of the API that this build describes. `make web` has installed its
packages; prints `skipped:` without a Node that is new enough, or without them. Ends
with a line `checks: N passed, M failed`."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import npm  # noqa: E402


def check(web, document):
    done = subprocess.run(["npm", "run", "check"], cwd=web, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, "RECADO_OPENAPI": document, "NO_COLOR": "1"}, timeout=550)
    tests = re.search(r"Tests +(\d+) passed", done.stdout)
    if done.returncode != 0 or not tests:
        return [f"not ok page: npm run check: status {done.returncode}: {(done.stdout + done.stderr)[-4000:]}"]
    return ["ok types", "ok eslint"] + [f"ok unit test {i}" for i in range(int(tests[1]))]


def main():
    web, program = pathlib.Path(sys.argv[1]), sys.argv[2]
    lines = []
    try:
        npm.need_node((20, 19))
        if not (web / "node_modules").is_dir():
            raise npm.Skipped("the page's packages are not installed (make web)")
        with tempfile.NamedTemporaryFile(suffix=".json") as document:
            subprocess.run([program], check=True, stdout=document, timeout=60)
            lines = check(web, document.name)
    except npm.Skipped as reason:
        print(f"skipped: {reason}")
        return 0
    return npm.report(lines)


if __name__ == "__main__":
    sys.exit(main())
