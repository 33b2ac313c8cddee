"""What tests that use npm packages share: is there a Node, the packages of a lock file, the last line."""

import pathlib
import re
import shutil
import subprocess
import sys

LEAST_NODE = (18,)
NO_REGISTRY = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT)\b")


class Skipped(Exception):
    """It cannot be run here; says why."""


def need_node(least=LEAST_NODE):
    if not shutil.which("node") or not shutil.which("npm"):
        raise Skipped("no node or no npm")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(int(part) for part in re.findall(r"\d+", version)) < least:
        raise Skipped(f"node {version} is older than {'.'.join(map(str, least))}")


def install(source, folder):
    """The files of `source` and the packages that its lock file names, in `folder`."""
    for path in filter(pathlib.Path.is_file, source.iterdir()):
        shutil.copy(path, folder)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True,
                          text=True, timeout=240, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        found = NO_REGISTRY.search(done.stderr)
        if found:
            raise Skipped(f"no npm registry ({found[1]})")
        sys.exit(f"npm ci: status {done.returncode}: {done.stderr[-2000:]}")


def report(lines):
    """Prints what failed of lines `ok NAME` and `not ok NAME: WHY`, and the count; the exit status."""
    failed = [line for line in lines if not line.startswith("ok ")]
    for line in failed:
        print(line)
    print(f"checks: {len(lines) - len(failed)} passed, {len(failed)} failed")
    return 0 if lines and not failed else 1
