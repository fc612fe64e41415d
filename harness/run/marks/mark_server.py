"""`--marks`: other tools mark their faults by HTTP, on loopback and with a token.

    POST /marks   Authorization: Bearer TOKEN
    {"edge": "begin", "name": "db-failover", "target": "postgres", "lost_unsynced": false}

The answer is JSON: 200 with the `t` of the mark (run time), or an `error` with 400 (it cannot be
used), 401 (the token is wrong), 409 (the run cannot take it now) or 413 (it is too long).
"""

from __future__ import annotations

import contextlib
import hmac
import http.server
import json
import logging
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from harness.errors import ConfigError
from harness.run.marks import marking
from harness.run.marks.marking import MarkConflict
from reports.records import FaultMark

TOKEN_VARIABLE = "DIYA_MARK_TOKEN"
TOKEN_FILE = "marks.token"
"""The file in the run directory with the token, where the environment holds none."""
_PATH = "/marks"
_MOST_BYTES = 4096
_SHORTEST_TOKEN = 16
_SILENT_S = 5.0
"""A client that sends nothing for so long is cut off."""
_LOG = logging.getLogger(__name__)

Add = Callable[[FaultMark], FaultMark]


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request."""

    edge: Literal["begin", "end"]
    name: str
    target: str = ""
    lost_unsynced: bool = False


def port(given: int | None, environment: Mapping[str, str] = os.environ) -> int | None:
    """The port of `--marks`; 0: any free one; None: no marks by HTTP.

    Raises ConfigError for another number, and for a token in the environment that is too weak or
    cannot stand in a header.
    """
    if given is None:
        return None
    if given != 0 and not 1024 <= given <= 65535:
        raise ConfigError(
            f"--marks {given}: must be a port from 1024 to 65535, or 0 for a free one"
        )
    token = environment.get(TOKEN_VARIABLE)
    if token and not re.fullmatch(rf"[!-~]{{{_SHORTEST_TOKEN},}}", token):
        raise ConfigError(
            f"--marks {given}: {TOKEN_VARIABLE} must hold at least {_SHORTEST_TOKEN} printable "
            "ASCII characters without spaces"
        )
    return given


@contextlib.contextmanager
def serving(run_dir: Path, port: int | None, say: Callable[[str], None]) -> Iterator[None]:
    """Take marks by HTTP during the block; `say` is told the address and the place of the token.

    Raises ConfigError when the port is taken.
    """
    if port is None:
        yield
        return
    file = run_dir / TOKEN_FILE
    given = os.environ.get(TOKEN_VARIABLE)
    token = given or secrets.token_urlsafe(24)
    try:
        server = _server(port, token, lambda mark: marking.add(run_dir, mark))
    except OSError as error:
        raise ConfigError(f"--marks {port}: {error.strerror}; it must be a free port") from None
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="marks", daemon=True)
    try:
        if not given:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as opened:
                opened.write(token + "\n")
        thread.start()
        place = TOKEN_VARIABLE if given else file
        say(f"marks: POST http://127.0.0.1:{server.server_port}{_PATH}, the token is in {place}")
        yield
    finally:
        if not given:
            file.unlink(missing_ok=True)
        if thread.ident is not None:
            server.shutdown()
        server.server_close()


def _server(port: int, token: str, add: Add) -> http.server.ThreadingHTTPServer:
    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = _SILENT_S

        def do_POST(self) -> None:
            # A client that has gone away ends only its own request.
            with contextlib.suppress(OSError):
                status, answer = self._answer()
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def _answer(self) -> tuple[int, dict[str, Any]]:
            sent = self.headers.get("Authorization", "")
            if not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
                return 401, {"error": "Authorization: must be Bearer and the token of the run"}
            if self.path != _PATH:
                return 404, {"error": f"the path must be {_PATH}"}
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal():
                return 400, {"error": "Content-Length: must be a number"}
            if int(length) > _MOST_BYTES:
                return 413, {"error": f"the body must be at most {_MOST_BYTES} bytes"}
            return _added(self.rfile.read(int(length)), add)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return server


def _added(body: bytes, add: Add) -> tuple[int, dict[str, Any]]:
    """The status and the answer to a request with this body."""
    try:
        asked = msgspec.json.decode(body, type=_Asked)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return 400, {"error": f"the body must be JSON with edge and name: {error}"}
    try:
        mark = add(FaultMark(0.0, asked.name, asked.edge, asked.target, asked.lost_unsynced))
    except MarkConflict as error:
        return 409, {"error": str(error)}
    except OSError as error:
        return 507, {"error": f"the mark cannot be written: {error.strerror}"}
    except ValueError as error:
        return 400, {"error": str(error)}
    _LOG.info("mark by HTTP: %s %s at %.2f s", mark.edge, mark.name, mark.t)
    return 200, {"edge": mark.edge, "name": mark.name, "t": round(mark.t, 3)}
