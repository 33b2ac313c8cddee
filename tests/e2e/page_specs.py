#!/usr/bin/env python3
"""Every file of browser tests is run, and there is no other: `page_specs.py FOLDER NAME…`."""

import pathlib
import sys


def main():
    there = {path.name.removesuffix(".spec.ts") for path in pathlib.Path(sys.argv[1]).glob("*.spec.ts")}
    named = set(sys.argv[2:])
    for name in sorted(there ^ named):
        print(f"not ok {name}.spec.ts: {'is not run: name it in meson.build' if name in there else 'is not there'}")
    print(f"checks: {len(there & named)} passed, {len(there ^ named)} failed")
    return 1 if there != named else 0


if __name__ == "__main__":
    sys.exit(main())
