#!/usr/bin/env python3
"""The house rules on this very tree: layers and purity, sizes, tree hygiene.

    test_house.py BUILD_DIR [BINARY]"""

import pathlib
import subprocess
import sys

TOOLS = pathlib.Path(__file__).resolve().parent.parent.parent / "tools"


def main():
    build = sys.argv[1]
    binary = sys.argv[2:3]
    checks = [["layers.py", "--build", build], ["limits.py"], ["check-tree"] + (["--binary", *binary] if binary else [])]
    passed = 0
    for tool, *words in checks:
        passed += subprocess.run([TOOLS / tool, *words], check=False).returncode == 0
    if not binary:
        print("skipped: build path and .env.example: there is no binary")
    print(f"checks: {passed} passed, {len(checks) - passed} failed")
    return 0 if passed == len(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
