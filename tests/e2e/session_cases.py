#!/usr/bin/env python3
"""The worked cases of sessions, all the way: a helpdesk that holds them, `recado import`, and what the API then shows.

    session_cases.py RECADO CASES_JSON

What a case asks for is compared with the ticket document: sessions with their trackings, class, times and flags, and
the session of every message. Ends with a line `checks: N passed, M failed`."""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

MIDNIGHT = datetime(2026, 3, 1, tzinfo=timezone.utc)
ADMIN = "operator-token-of-the-cases"
KEY = "key-of-the-cases"


def iso(ms):
    return None if ms is None else (MIDNIGHT + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def tracking(t):
    times = {name: iso(t.get(name)) for name in ("createdAt", "startedAt", "finishedAt")}
    return {"id": t["id"], "user": None, **times}


def ticket(i, case):
    return {"uuid": f"case-{i}", "createdAt": iso(0), "updatedAt": iso(1000 * i), "status": "open",
            "contact": {"id": i + 1, "name": f"Cliente {i}", "number": f"55119{i:08d}"},
            "ticketTrakings": [tracking(t) for t in case["trackings"]]}


def messages(i, case):
    return [{"id": 1000 * i + n, "body": f"m{n}", "fromMe": n % 2 == 1, "ticketId": i, "createdAt": iso(at), "updatedAt": iso(at)}
            for n, at in enumerate(case["messages"])]


def helpdesk(cases):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            path = urllib.parse.urlparse(self.path).path.split("/")
            found = self.headers.get("api-key") == KEY
            rows = []
            if found and path == ["", "ticket"]:
                rows = [ticket(i, c) for i, c in enumerate(cases)]
            elif found and path[1] == "ticket" and path[-1] == "messages":
                i = int(path[2].removeprefix("case-"))
                rows = messages(i, cases[i])
            body = json.dumps({"data": rows, "hasMore": False}).encode()
            self.send_response(200 if found else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def differences(case, doc):
    ids = {s["id"]: s for s in doc["sessions"]}
    wanted = [{"externalTrackingIds": [str(t) for t in sorted(s["trackings"])], "type": s["type"], "startedAt": iso(s["start"]),
               "endedAt": iso(s["end"]), "flags": sorted(s["flags"])} for s in case["sessions"]]
    shown = [{**{k: s[k] for k in ("externalTrackingIds", "type", "startedAt", "endedAt")}, "flags": sorted(s["flags"])}
             for s in doc["sessions"]]
    def order(s):
        return json.dumps(s, sort_keys=True)
    if sorted(shown, key=order) != sorted(wanted, key=order):
        yield f"sessions {shown}, not {wanted}"
    if len(doc["messages"]) != len(case["messages"]):
        yield f"{len(doc['messages'])} messages, not {len(case['messages'])}"
    for m in doc["messages"]:
        index = case["assignment"][int(m["externalMessageId"]) % 1000]
        members = ids[m["sessionId"]]["externalTrackingIds"] if m["sessionId"] else None
        expected = None if index is None else wanted[index]["externalTrackingIds"]
        if members != expected:
            yield f"message at {m['timestamp']} in the session of {members}, not {expected}"


def check(recado, cases, folder):
    server = helpdesk(cases)
    url = f"http://127.0.0.1:{server.server_port}"
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:{folder}/cases.db", "ADMIN_TOKEN": ADMIN, "PORT": "0",
           "SECRET_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "EXTERNAL_API_REQUESTS_PER_MINUTE": "1000000",
           "IMPORT_START_AT": iso(0), "LOG_LEVEL": "error"}
    for name in ("LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    pathlib.Path(folder, "key").write_text(KEY)
    for words in (["client", "add", "acme", "--name", "Acme", "--api-base-url", url, "--api-key-file", f"{folder}/key"],
                  ["import", "acme"]):
        done = subprocess.run([recado, *words], env=env, cwd=folder, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            print(f"recado {' '.join(words[:2])}: status {done.returncode}: {done.stdout}{done.stderr}")
            return 0, len(cases)
    serve = subprocess.Popen([recado, "serve"], env=env, cwd=folder, stdout=subprocess.PIPE, text=True)
    failed = 0
    try:
        api = serve.stdout.readline().split()[-1]
        for i, case in enumerate(cases):
            ask = urllib.request.Request(f"{api}/api/tickets/acme/case-{i}?limit=200", headers={"x-admin-token": ADMIN})
            with urllib.request.urlopen(ask, timeout=30) as answer:
                wrong = list(differences(case, json.load(answer)["ticket"]))
            failed += bool(wrong)
            for line in wrong:
                print(f"{case['name']}: {line}")
    finally:
        serve.terminate()
        serve.wait(timeout=30)
        server.shutdown()
    return len(cases) - failed, failed


def main():
    cases = json.loads(pathlib.Path(sys.argv[2]).read_text())["cases"]
    with tempfile.TemporaryDirectory() as folder:
        passed, failed = check(os.path.abspath(sys.argv[1]), cases, folder)
    print(f"checks: {passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
