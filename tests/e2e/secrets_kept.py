#!/usr/bin/env python3
"""Where secrets must not be: a server that connects a number, sends and is refused, asked for everything that it
answers, at its most talkative; then its memory, as somebody with the right to it would dump it.

    secrets_kept.py RECADO RECADO_SIM

Ends with a line `checks: N passed, M failed`."""

import base64
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

APP_ID = "4711"
WABA, NUMBER = "900800700600500", "100200300400500"
PERSON = "5511987654321"
PATIENCE = 30


class Program:
    """One that says where it listens; what it writes to stderr is kept."""

    def __init__(self, args, **more):
        self.run = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
        self.err, first = [], self.run.stdout.readline()
        found = re.search(r"http://\S+", first)
        threading.Thread(target=lambda: self.err.extend(self.run.stderr), daemon=True).start()
        if not found:
            time.sleep(0.5)
            raise RuntimeError(f"{args[0]} says {first!r}: {''.join(self.err)}")
        self.url = found.group(0)

    def end(self):
        self.run.send_signal(signal.SIGTERM)
        self.run.wait(timeout=20)


def ask(url, method="GET", body=None, headers=None):
    """Status, headers as text, and body; whatever is answered."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method,
                                     headers={"Content-Type": "application/json", **(headers or {})})
    try:
        answer = urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as e:
        answer = e
    return answer.status, str(answer.headers), answer.read()


class Office:
    def __init__(self, recado, sim, folder):
        self.hidden = {
            "app secret": secrets.token_hex(16),
            "admin token": "operator-" + secrets.token_hex(12),
            "secret key": base64.b64encode(secrets.token_bytes(32)).decode(),
            "model key": "sk-" + secrets.token_hex(16),
            "verify token": secrets.token_hex(12),
        }
        self.seen = []  # (where, bytes)
        self.graph = Program([sim, "graph", "--port", "0", "--app-id", APP_ID, "--secret", self.hidden["app secret"]])
        (folder / ".env").write_text("\n".join([
            "DATABASE_URL=sqlite:recado.db", "PORT=0", "LOG_LEVEL=debug",
            f"ADMIN_TOKEN={self.hidden['admin token']}", f"SECRET_KEY={self.hidden['secret key']}",
            f"META_APP_ID={APP_ID}", f"META_APP_SECRET={self.hidden['app secret']}",
            f"META_VERIFY_TOKEN={self.hidden['verify token']}", "META_CONFIG_ID=1",
            f"META_GRAPH_URL={self.graph.url}/v24.0", f"OPENAI_API_KEY={self.hidden['model key']}", ""]))
        clean = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR", "LANG")}
        self.server = Program([recado, "serve"], cwd=folder, env=clean)
        self.sim("deliver", {"url": self.server.url, "secret": self.hidden["app secret"]})

    def sim(self, control, body):
        status, _, answer = ask(f"{self.graph.url}/__sim/{control}", "POST", body)
        assert status == 200, answer
        return json.loads(answer or b"{}")

    def api(self, method, path, body=None, want=None):
        status, headers, answer = ask(self.server.url + path, method, body, {"x-admin-token": self.hidden["admin token"]})
        self.seen.append((f"{method} {path}", headers.encode() + answer))
        if want is not None and status != want:
            raise AssertionError(f"{method} {path}: {status} {answer[:500]}")
        return json.loads(answer) if answer[:1] in (b"{", b"[") else None

    def until(self, what, found):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = found()
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"not in time: {what}")

    def end(self):
        self.server.end()
        self.graph.end()


def live(office):
    """A number is connected, a customer writes, is answered, and Meta withdraws its consent."""
    office.api("POST", "/api/clients", {"slug": "acme", "name": "Acme"}, 201)
    made = office.api("POST", "/api/tokens", {"name": "a", "role": "admin", "clientSlug": "acme"}, 201)
    office.sim("number", {"wabaId": WABA, "phoneNumberId": NUMBER, "displayPhoneNumber": "+551130000001",
                          "people": 3, "messages": 20, "contacts": 3})
    code = office.sim("code", {"wabaId": WABA})["code"]
    office.hidden["code of Embedded Signup"] = code
    done = office.api("POST", "/api/clients/acme/connections/onboard",
                      {"code": code, "wabaId": WABA, "mode": "coexistence", "historySync": True}, 200)
    connection = done["connection"]["id"]
    office.hidden["access token"] = re.search(r"\b(EAA[\w-]+)\b", json.dumps(
        office.sim("token", {"wabaId": WABA}))).group(1)
    office.api("PATCH", f"/api/connections/{connection}", {"accessToken": office.hidden["access token"]}, 200)
    conversation = office.until("a conversation", lambda: (office.api(
        "GET", "/api/clients/acme/conversations")["data"] or [None])[0])["id"]
    send = {"type": "text", "text": {"body": "Bom dia!"}, "force": True}
    first = office.api("POST", f"/api/conversations/{conversation}/messages", send, 202)["message"]["id"]

    def status(of):
        found = office.api("GET", f"/api/conversations/{conversation}/messages")["data"]
        return next((m["status"] for m in found if m["id"] == of), None)

    office.until("it is sent", lambda: status(first) not in (None, "pending"))
    office.sim("revoke", {})
    second = office.api("POST", f"/api/conversations/{conversation}/messages", send, 202)["message"]["id"]
    office.until("it is refused", lambda: status(second) == "failed")
    office.api("POST", "/api/jobs/import/acme")
    secret = made["secret"]
    office.seen = [(where, text.replace(secret.encode(), b"")) for where, text in office.seen]  # shown once, there
    office.hidden["token of a client"] = secret
    return {"slug": "acme", "clientSlug": "acme", "id": [connection, conversation, first]}


def everything(office, words):
    """Each GET of the document, with every id that is known."""
    document = office.api("GET", "/api/openapi.json", want=200)
    paths = [p for p, methods in document["paths"].items() if "get" in methods and "events" != p.split("/")[-1]]
    for path in sorted(paths):
        path = path.replace("{slug}", words["slug"]).replace("{clientSlug}", words["clientSlug"])
        for one in words["id"] if "{" in path else [""]:
            office.api("GET", re.sub(r"\{\w+\}", one, path))
    office.api("GET", "/")
    office.api("GET", "/acme/whatsapp")
    return len(paths)


def dump(office, folder, filtered):
    """The server's core as gdb writes it, with or without what the process asks to leave out."""
    out = folder / f"core-{'filtered' if filtered else 'whole'}"
    run = subprocess.run(
        ["gdb", "-nx", "-batch", "-p", str(office.server.run.pid), "-ex",
         f"set use-coredump-filter {'on' if filtered else 'off'}", "-ex", f"generate-core-file {out}"],
        capture_output=True, text=True, timeout=120)
    return out if out.exists() else None, run.stderr


def forms(secret):
    """A key may stand in memory as it is written, or as its bytes."""
    yield secret.encode()
    if secret.endswith("=") and len(secret) == 44:
        yield base64.b64decode(secret)


def main(recado, sim):
    passed = failed = 0

    def check(what, ok, more=""):
        nonlocal passed, failed
        passed, failed = passed + bool(ok), failed + (not ok)
        print(f"{'ok' if ok else 'not ok'} {what}{'' if ok else ': ' + more}")

    folder = pathlib.Path(tempfile.mkdtemp(prefix="recado-secrets-"))
    office = Office(recado, sim, folder)
    try:
        words = live(office)
        check("all routes were asked", everything(office, words) > 40)
        check("the metrics were among them", any(w == "GET /metrics" and b"recado_sends_total" in t for w, t in office.seen))
        config = subprocess.run([recado, "config"], cwd=folder, capture_output=True)
        office.seen.append(("recado config", config.stdout + config.stderr))
        office.seen.append(("the log", "".join(office.server.err).encode()))
        check("the log says something", b"send." in office.seen[-1][1])
        for name, secret in office.hidden.items():
            where = [w for w, text in office.seen if any(f in text for f in forms(secret))]
            check(f"{name}: in no answer, page, metric or line of the log", not where, ", ".join(where[:5]))
        stored = b"".join(p.read_bytes() for p in folder.glob("recado.db*"))
        for name in ("access token", "code of Embedded Signup", "token of a client"):
            check(f"{name}: not in the database's files", office.hidden[name].encode() not in stored)
        if not shutil.which("gdb") or os.geteuid() != 0:
            print("skipped: a core is forced by root with gdb only")
        else:
            whole, why = dump(office, folder, False)
            check("a whole dump can be made, and what it is searched for is in it",
                  whole and office.hidden["admin token"].encode() in whole.read_bytes(), why)
            core, why = dump(office, folder, True)
            check("a core can be forced", core, why)
            bytes_of = core.read_bytes() if core else b""
            for name, secret in office.hidden.items():
                check(f"{name}: not in a core", core and not any(f in bytes_of for f in forms(secret)))
    finally:
        office.end()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"checks: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*(os.path.abspath(program) for program in sys.argv[1:])))
