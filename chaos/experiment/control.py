"""A fleet's control endpoint, so that faults can be done to it from another process.

Loopback HTTP with a random token.  Address and token stand in a file that only this user can read,
in the fleet's own folder, which only this user can enter; it is gone with the fleet.  A fault runs
in the fleet's own process: it is healed even if the client dies.
"""

from __future__ import annotations

import contextlib
import hmac
import http.client
import http.server
import json
import os
import secrets
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import psutil

from chaos.errors import ChaosConfigError, ChaosError

_MOST_BYTES = 65_536
_LONGEST_FAULT_S = 900.0
_FAILED, _REFUSED = 409, 400

Functions = Mapping[str, Mapping[str, Callable[..., Any]]]
"""`actions` or `probes` -> name -> function of the named arguments; its answer fits into JSON."""

FOLDER_PREFIX = "diya-up-"
"""The prefix of the temporary folders in which a control file is looked for."""
_FILE = "control.json"


class Control:
    """The endpoint of one fleet; a context manager."""

    def __init__(self, folder: Path, functions: Functions) -> None:
        """`folder` is this user's alone, and its name begins with `FOLDER_PREFIX`.

        `functions` is all that a caller can call: see `chaos.experiment.control_functions`.
        """
        self._token = secrets.token_hex(16)
        self._path = folder / _FILE
        token = self._token

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                given = self.headers.get("Authorization", "")
                if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
                    self._answer(401, "the token is wrong")
                    return
                try:
                    length = int(self.headers.get("Content-Length", "0"))
                    asked = json.loads(self.rfile.read(min(length, _MOST_BYTES)))
                    module, func = str(asked["module"]), str(asked["func"])
                    answer = _call(functions, module, func, asked["arguments"])
                except ChaosConfigError as error:
                    self._answer(_REFUSED, str(error))
                except ChaosError as error:
                    self._answer(_FAILED, str(error))
                except (ValueError, TypeError, LookupError) as error:
                    self._answer(_REFUSED, str(error))
                else:
                    self._answer(200, answer)

            def _answer(self, status: int, answer: object) -> None:
                body = json.dumps(answer).encode()
                # A client that has gone away does not stop its request.
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="control", daemon=True
        )

    def __enter__(self) -> Self:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            port = self._server.server_address[1]
            json.dump({"pid": os.getpid(), "port": port, "token": self._token}, file)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)
        self._server.shutdown()
        self._server.server_close()


def call(module: str, func: str, arguments: dict[str, Any]) -> Any:
    """Let the fleet that `diya up` runs on this machine do an action or answer a probe.

    Raises ChaosConfigError when there is no such fleet or it refuses, ChaosError when it failed.
    """
    place = _found()
    connection = http.client.HTTPConnection("127.0.0.1", place["port"], timeout=_LONGEST_FAULT_S)
    try:
        body = json.dumps({"module": module, "func": func, "arguments": arguments})
        connection.request("POST", "/", body, {"Authorization": f"Bearer {place['token']}"})
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ChaosError(f"the fleet gave no answer: {type(error).__name__}: {error}") from None
    finally:
        connection.close()
    if response.status == _REFUSED:
        raise ChaosConfigError(str(answer))
    if response.status != 200:
        raise ChaosError(str(answer))
    return answer


def _found() -> dict[str, Any]:
    places = []
    for path in sorted(Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*/{_FILE}")):
        try:
            if path.stat().st_uid != os.getuid():
                continue  # another user's, or an imitation
            place = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        if psutil.pid_exists(place["pid"]):
            places.append(place)
    if len(places) != 1:
        what = "none runs" if not places else f"{len(places)} run"
        raise ChaosConfigError(f"one fleet must run on this machine, started by diya up: {what}")
    found: dict[str, Any] = places[0]
    return found


def _call(functions: Functions, module: str, func: str, arguments: dict[str, Any]) -> Any:
    if func not in functions.get(module, ()):
        raise LookupError(f"there is no {func!r} among the {module}")
    return functions[module][func](**arguments)
