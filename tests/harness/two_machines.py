"""Two addresses that are not loopback, in a network namespace: one is named to diya, one is not.

Run by `test_named_addresses.py` inside the namespace; prints, for each case, the exit code, the
end of the error, and how often each address was reached.
"""

from __future__ import annotations

import http.server
import json
import sys
import threading
from pathlib import Path
from typing import Any

import yaml

from tests.harness import command

NAMED, OTHER = "10.91.0.1", "10.91.0.2"
PORT = 8000
TARGET = f"http://{NAMED}:{PORT}"


class Machine(http.server.ThreadingHTTPServer):
    """Can be broken and mended by POST; `/away` leads to the other address."""

    daemon_threads = True

    def __init__(self, host: str) -> None:
        super().__init__((host, PORT), _Handler)
        self.requests: list[str] = []
        self.broken = False
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Machine

    def do_GET(self) -> None:
        self._note()
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", f"http://{OTHER}:{PORT}/state")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._answer(503 if self.server.broken else 200)

    def do_POST(self) -> None:
        self._note()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path in ("/break", "/mend"):
            self.server.broken = self.path == "/break"
            self._answer(200)
        else:
            self._answer(404)

    def _note(self) -> None:
        self.server.requests.append(self.path)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def experiment(folder: Path, asked: str) -> str:
    """An experiment that breaks the named machine by HTTP; its steady state asks `asked`."""

    def call(path: str, method: str = "GET") -> dict[str, Any]:
        return {"type": "http", "url": f"{TARGET}{path}", "method": method, "timeout": 3}

    action = {
        "type": "action",
        "name": "the shop is broken",
        "provider": call("/break", "POST"),
        "pauses": {"before": 1},
        "x-diya": {
            "took_hold": {"provider": call("/state"), "tolerance": 503},
            "ready": {"provider": call("/state")},
            "undo": {"provider": call("/mend", "POST")},
            "lasts": 1,
        },
    }
    steady = {"type": "probe", "name": "up", "tolerance": 200, "provider": call(asked)}
    document = {
        "title": "broken from afar",
        "description": "by its own interface",
        "steady-state-hypothesis": {"title": "up", "probes": [steady]},
        "method": [action],
    }
    path = folder / f"{asked.strip('/')}.yaml"
    path.write_text(yaml.safe_dump(document))
    return str(path)


def main(folder: Path) -> None:
    """Play every case and print what came of it."""
    named, other = Machine(NAMED), Machine(OTHER)
    plain, away = experiment(folder, "/state"), experiment(folder, "/away")
    words = ("readiness", "--profile", str(command.HERE / "tiny.toml"), "--no-rehearsal")
    allowed = ("--authorised", "--break-target")
    cases = {
        "not authorised": ("--break-target", "--experiment", plain),
        "not to be broken": ("--authorised", "--experiment", plain),
        "led away": (*allowed, "--experiment", away, "--dry"),
        "allowed": (*allowed, "--experiment", plain),
    }
    found: dict[str, Any] = {}
    for name, options in cases.items():
        named.requests.clear()
        out = ("--target", TARGET, "--out", str(folder / "out"))
        finished = command.run(*words, *options, *out)
        found[name] = {
            "code": finished.returncode,
            "said": finished.stderr[-400:],
            "named": sorted(set(named.requests)),
            "other": len(other.requests),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
