#!/usr/bin/env python3
"""Holds our sources to their size: 600 lines a file, 60 lines a function, 100 columns.

    tools/limits.py [--root DIR]

It looks at src/ and sim/; tests may hold a long line of data, and so may a table
between `clang-format off` and `clang-format on`.
A function begins with a brace of its own in the first column and ends with the
next closing one there, which is how clang-format writes it. A check that sees no
file fails.
"""

import argparse
import pathlib
import sys

FILE_LINES = 600
FUNCTION_LINES = 60
COLUMNS = 100
TAB = 8
FOLDERS = ("src", "sim")


def function_name(lines, brace):
    """The name before the parenthesis of the definition whose body opens at line `brace`."""
    for line in reversed(lines[max(0, brace - 12):brace]):
        if line[:1].isalpha() or line[:1] == "_":
            return line.split("(")[0].split()[-1].lstrip("*")
    return "?"


def long_functions(lines):
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            length = number - start + 1
            if length > FUNCTION_LINES:
                yield start + 1, function_name(lines, start), length
            start = None


def check_file(root, path):
    name = path.relative_to(root)
    lines = path.read_text(encoding="utf-8").splitlines()
    problems, table = [], False
    for number, line in enumerate(lines, 1):
        table = "clang-format off" in line or (table and "clang-format on" not in line)
        width = len(line.expandtabs(TAB))
        if width > COLUMNS and not table:
            problems.append(f"{name}:{number}: {width} columns ({COLUMNS} allowed)")
    if len(lines) > FILE_LINES:
        problems.append(f"{name}: {len(lines)} lines ({FILE_LINES} allowed)")
    for number, function, length in long_functions(lines):
        problems.append(f"{name}:{number}: {function} has {length} lines ({FUNCTION_LINES} allowed)")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    args = parser.parse_args()
    problems, seen = [], 0
    for folder in FOLDERS:
        for path in sorted((args.root / folder).rglob("*.[ch]")):
            seen += 1
            problems += check_file(args.root, path)
    if seen == 0:
        problems.append("no source file was seen")
    for problem in problems:
        print(problem)
    print(f"limits: {seen} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
