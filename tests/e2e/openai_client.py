#!/usr/bin/env python3
"""Requests for the model server, against OpenAI's own types and OpenAI's own client.

    openai_client.py RECADO_SIM REQUEST...      (a JSON file, a program that prints one, or - for stdin)

Each request must be of the type `ResponseCreateParamsNonStreaming` of the package `openai`, as its compiler sees it,
and spoilt copies of it must not; then the package's client sends it and its like to `recado-sim model` and reads the
answers. The packages of openai/package-lock.json come from the npm registry that the machine uses. Prints `skipped:`
where there is no Node, no npm or no registry. Ends with a line `checks: N passed, M failed`."""

import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import npm  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "openai"
TYPE = "ResponseCreateParamsNonStreaming"


def spoilt(request):
    """What the compiler must refuse, so that its silence about the request says something."""
    def changed(change):
        other = copy.deepcopy(request)
        change(other)
        return other
    yield "a member of the older endpoint", changed(lambda r: r.update(response_format={"type": "json_object"}))
    yield "a bound that is a text", changed(lambda r: r.update(max_output_tokens="4000"))
    yield "a role that does not exist", changed(lambda r: r.update(input=[{"role": "CLIENTE", "content": "oi"}]))
    yield "a part of the older endpoint", changed(
        lambda r: r.update(input=[{"role": "user", "content": [{"type": "text", "text": "oi"}]}]))
    yield "a format without its name", changed(lambda r: r["text"]["format"].pop("name"))
    yield "a stream", changed(lambda r: r.update(stream=True))


def check_types(folder, requests):
    files = {f"request{i}": (request, True) for i, request in enumerate(requests)}
    names = {stem: f"the {stem} is a {TYPE}" for stem in files}
    for i, (what, other) in enumerate(spoilt(requests[0])):
        files[f"spoilt{i}"] = (other, False)
        names[f"spoilt{i}"] = f"{what} is none"
    for stem, (value, _) in files.items():
        (folder / f"{stem}.ts").write_text(
            f'import type {{ {TYPE} }} from "openai/resources/responses/responses";\n'
            f"export const request: {TYPE} = {json.dumps(value, ensure_ascii=False, indent=1)};\n")
    done = subprocess.run(["node", "node_modules/typescript/bin/tsc", "--project", "."], cwd=folder, capture_output=True,
                          text=True, timeout=240)
    wrong = {}
    for line in done.stdout.splitlines():
        found = re.match(r"(\w+)\.ts\(\d+,\d+\): error (.*)", line)
        if found:
            wrong.setdefault(found[1], found[2])
        elif not line.startswith(" "):
            wrong.setdefault("request0", line)  # the compiler itself failed
    for stem, (_, good) in files.items():
        if (stem not in wrong) == good:
            yield f"ok {names[stem]}"
        else:
            yield f"not ok {names[stem]}: {wrong.get(stem, 'the compiler takes it')}"


def check_client(folder, sim, request):
    server = subprocess.Popen([sim, "model", "--api-key", "sk-the-key-of-the-check", "--models", request["model"],
                               "--strict-data", "--quiet"], stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().split()[-1]
        (folder / "request.json").write_text(json.dumps(request, ensure_ascii=False))
        env = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        done = subprocess.run(["node", "check.mjs", url, "request.json"], cwd=folder, env=env, capture_output=True,
                              text=True, timeout=120)
    finally:
        server.terminate()
        status = server.wait(timeout=30)
    yield from (line for line in done.stdout.splitlines() if line.startswith(("ok ", "not ok ")))
    yield "ok the client's program ended well" if done.returncode == 0 else f"not ok client: {done.stderr[-1000:]}"
    yield "ok the simulator ended well" if status == 0 else f"not ok simulator: status {status}"


def read_request(name):
    if name == "-":
        return json.load(sys.stdin)
    if os.access(name, os.X_OK):
        return json.loads(subprocess.run([os.path.abspath(name)], capture_output=True, check=True, timeout=60).stdout)
    return json.loads(pathlib.Path(name).read_text(encoding="utf-8"))


def main():
    sim = os.path.abspath(sys.argv[1])
    requests = [read_request(name) for name in sys.argv[2:]]
    lines = []
    try:
        npm.need_node()
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            npm.install(FOLDER, folder)
            lines += check_types(folder, requests)
            for request in requests:
                lines += check_client(folder, sim, request)
    except npm.Skipped as reason:
        print(f"skipped: {reason}")
        print("checks: 0 passed, 0 failed")
        return 0
    return npm.report(lines)


if __name__ == "__main__":
    sys.exit(main())
