#!/usr/bin/env python3
"""Checks the layers: what each folder of src/ may include, and that core is pure.

    tools/layers.py [--root DIR] [--build DIR]

With --build the objects of core (and of base) in that build directory are read
with nm and size: core may need only what base and core define, mem*, str*,
libm, the pure part of libutf8proc and assert, and may hold no writable data; base may not reach
for files, sockets, clocks or the environment. The build must be a plain one,
without sanitizers. A check that sees no file fails.
"""

import argparse
import pathlib
import re
import subprocess
import sys

MAY_INCLUDE = {
    "base": {"base"},
    "core": {"base", "core"},
    "sys": {"base", "sys"},
    "net": {"base", "sys", "net"},
    "store": {"base", "core", "sys", "store"},
    "work": {"base", "core", "sys", "net", "store", "work"},
    "api": {"base", "core", "sys", "net", "store", "work", "api"},
    "cmd": {"base", "core", "sys", "net", "store", "work", "api", "cmd"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# str* and mem* that allocate, hold state or depend on the locale are not values.
NOT_VALUES = re.compile(r"^(strn?dup|strtok|strerror|strcoll|strxfrm|strsignal|strfry|strftime|strptime)")
PURE = re.compile(r"^_*(mem|str)[a-z_0-9]*$|^__assert_fail$|^__stack_chk_fail$|^_GLOBAL_OFFSET_TABLE_$")
LIBM = {"ceil", "exp", "fabs", "floor", "fmax", "fmin", "fmod", "frexp", "isfinite", "ldexp", "llround", "log",
        "log10", "log2", "lround", "modf", "pow", "rint", "round", "sqrt", "trunc"}
# What of libutf8proc allocates nothing: utf8proc_map, utf8proc_NFC and their like do.
UTF8PROC = {"utf8proc_category", "utf8proc_decompose", "utf8proc_decompose_char", "utf8proc_encode_char", "utf8proc_get_property",
            "utf8proc_normalize_utf32", "utf8proc_reencode"}
NOT_IN_BASE = {"time", "clock_gettime", "gettimeofday", "getenv", "secure_getenv", "open", "open64", "openat", "fopen",
               "fopen64", "read", "write", "socket", "connect", "getrandom", "rand", "random", "sleep", "usleep",
               "nanosleep", "pthread_create", "printf", "puts"}


def check_includes(root):
    """Problems of the include lines, and how many files were seen."""
    problems, seen = [], 0
    src = root / "src"
    for path in sorted(src.rglob("*.[ch]")):
        seen += 1
        name = path.relative_to(root)
        layer = path.relative_to(src).parts[0]
        if layer not in MAY_INCLUDE:
            problems.append(f"{name}: src/{layer} is not a layer")
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match[2]
            other = target.split("/")[0] if "/" in target else ""
            if match[1] == "<":
                if other in MAY_INCLUDE and other != "sys":
                    problems.append(f"{name}:{number}: <{target}> must be written \"{target}\"")
            elif ".." in target or other not in MAY_INCLUDE:
                problems.append(f"{name}:{number}: \"{target}\" is not written from src/")
            elif other not in MAY_INCLUDE[layer]:
                problems.append(f"{name}:{number}: {layer} may not include {other} (\"{target}\")")
    return problems, seen


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def objects_of(build, layer):
    return sorted((build / "src" / layer).rglob("*.o"))


def symbols(objects, *flags):
    """Names that nm lists, by object."""
    table = {}
    for path in objects:
        lines = run("nm", "--format=posix", *flags, str(path)).splitlines()
        table[path] = {line.split()[0] for line in lines if line and not line.endswith(":")}
    return table


def writable_bytes(path):
    """Bytes of the object's writable sections; constants with relocations (.data.rel.ro) are not writable."""
    total = 0
    for line in run("size", "-A", str(path)).splitlines():
        words = line.split()
        if len(words) == 3 and words[1].isdigit():
            name = words[0]
            if re.match(r"\.(data|bss|tdata|tbss)\b", name) and not name.startswith(".data.rel.ro"):
                total += int(words[1])
    return total


def check_purity(build):
    """Problems of core's and base's objects, and how many objects of core were seen."""
    problems = []
    core, base = objects_of(build, "core"), objects_of(build, "base")
    defined = set()
    for names in symbols(core + base, "--defined-only", "--extern-only").values():
        defined |= names
    for path, names in symbols(core, "--undefined-only").items():
        for name in sorted(names - defined):
            if name in LIBM or name in UTF8PROC or (PURE.match(name) and not NOT_VALUES.match(name)):
                continue
            problems.append(f"core is not pure: {path.name} needs {name}")
        if writable_bytes(path) > 0:
            problems.append(f"core is not pure: {path.name} holds writable data")
    for path, names in symbols(base, "--undefined-only").items():
        for name in sorted(names & NOT_IN_BASE):
            problems.append(f"base does I/O: {path.name} needs {name}")
    return problems, len(core)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--build", type=pathlib.Path)
    args = parser.parse_args()
    problems, seen = check_includes(args.root)
    if seen == 0:
        problems.append("no source file was seen")
    said = f"{seen} files"
    if args.build:
        impure, objects = check_purity(args.build)
        problems += impure
        if objects == 0:
            problems.append(f"no object of core was seen in {args.build}")
        said += f", {objects} objects of core"
    for problem in problems:
        print(problem)
    print(f"layers: {said}, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
