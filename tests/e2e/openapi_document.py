#!/usr/bin/env python3
"""The OpenAPI document, under other people's validators and generators.

    openapi_document.py PROGRAM...      (each prints the document; they must print the same)

openapi/check.mjs says what is looked at. The packages of openapi/package-lock.json come from the npm registry that the
machine uses. Prints `skipped:` where there is no Node, no npm or no registry. Ends with a line
`checks: N passed, M failed`."""

import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import npm  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "openapi"


def printed(program):
    words = [program, "help", "--openapi"] if pathlib.Path(program).name == "recado" else [program]
    return subprocess.run(words, capture_output=True, check=True, timeout=60).stdout


def main():
    documents = [printed(program) for program in sys.argv[1:]]
    lines = ["ok they print the same" if len(set(documents)) == 1 else "not ok they print the same: they do not"]
    try:
        npm.need_node()
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            npm.install(FOLDER, folder)
            (folder / "document.json").write_bytes(documents[0])
            done = subprocess.run(["node", "check.mjs", "document.json"], cwd=folder, capture_output=True, text=True,
                                  timeout=240)
        lines += [line for line in done.stdout.splitlines() if line.startswith(("ok ", "not ok "))]
        if done.returncode != 0 and all(line.startswith("ok ") for line in lines):
            lines.append(f"not ok check.mjs: {done.stderr[-1000:]}")
    except npm.Skipped as reason:
        print(f"skipped: {reason}")
    return npm.report(lines)


if __name__ == "__main__":
    sys.exit(main())
