"""Keeps the bearer token of `--token-command` for all processes of the load.

The command runs in this process's care: at the start, shortly before its token expires, and after a
401.  Processes ask over a Unix socket (`loadtests.adk.kept_token` has the protocol), so that
several workers run it once, and no token is in a file, in an environment or on a command line.
"""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import os
import shlex
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import log
from harness.errors import ConfigError

_LOG = logging.getLogger(__name__)

SOCKET_VARIABLE = "DIYA_TOKEN_SOCKET"
"""As `loadtests.adk.kept_token` names it."""
_COMMAND_S = 30.0
"""Time limit of the command."""
_LIFETIME_S = 45 * 60.0
"""A token that does not say when it expires is replaced after so long."""
_EARLY_S, _EARLY_SHARE = 300.0, 0.2
"""A token is replaced so long before its end, or this share of its time before it."""
_GAP_S = 2.0
"""The shortest time between two runs of the command."""
_LONGEST = 16 * 1024
"""Characters of a token."""


class TokenError(Exception):
    """The command printed no token; the message is one sentence without a token."""


class TokenKeeper:
    """The present token; safe for many threads."""

    def __init__(self, command: Sequence[str], issued: list[str]) -> None:
        """Runs nothing.  Every token is appended to `issued`."""
        self._command, self._issued = command, issued
        self._lock = threading.Lock()
        self._token: str | None = None
        self._serial = 0
        self._ran = -_GAP_S
        """`time.monotonic` at which the command last ended."""
        self._refresh_at = 0.0
        self.problem: str | None = None
        """Why the command printed no token, at its last run; None: it did."""

    def answer(self, refused: int | None) -> dict[str, Any]:
        """The token, its serial and how many seconds it may be used; else the error.

        Runs the command when the token is due, or is the one that was refused.  A run that ends
        while a question waits answers it too: those who asked may have given up long ago, and a
        command that hangs must not run once for each of them.
        """
        asked = time.monotonic()
        with self._lock:
            if self._ran > asked:
                pass
            elif self._token is None or refused == self._serial:
                self._run(wait=True)
            elif time.monotonic() >= self._refresh_at:
                self._run(wait=False)
            seconds = max(_GAP_S, self._refresh_at - time.monotonic())
            if self._token is None:
                return {"error": self.problem, "seconds": seconds}
            return {"token": self._token, "serial": self._serial, "seconds": seconds}

    def _run(self, *, wait: bool) -> None:
        rest = self._ran + _GAP_S - time.monotonic()
        if rest > 0:
            if not wait:
                return
            time.sleep(rest)
        try:
            token = printed(self._command)
        except TokenError as error:
            self.problem = str(error)
            _LOG.info("token command: %s", error)
        else:
            self.problem = None
            if token != self._token:
                self._token, self._serial = token, self._serial + 1
                self._issued.append(token)
            _LOG.info("token command: token %d", self._serial)
        self._ran = time.monotonic()
        self._refresh_at = self._ran + (_GAP_S if self.problem else use_for(self._token or ""))


def printed(command: Sequence[str], timeout: float = _COMMAND_S) -> str:
    """The token that the command prints.  Raises TokenError."""
    name = command[0]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise TokenError(f"{name} could not be run: {error.strerror}") from None
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise TokenError(f"{name} printed no token within {timeout:g} s") from None
    finally:
        # Its children too: a wrapper script may leave the real program behind.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    if process.returncode:
        said = err.decode(errors="replace").strip().splitlines()
        why = f": {log.hidden(said[-1][:200])}" if said else ""
        raise TokenError(f"{name} ended with exit code {process.returncode}{why}")
    token = out.decode("latin-1").strip()
    if not token or len(token) > _LONGEST or not all("!" <= each <= "~" for each in token):
        raise TokenError(
            f"{name} must print one token of printable ASCII characters without spaces, got "
            f"{len(token.split())} words"
        )
    return token


def use_for(token: str, now: float | None = None) -> float:
    """Seconds for which a token may be used: until shortly before the `exp` of a JWT.

    45 minutes for any other token, and for one that by this machine's clock has expired already.
    """
    expires = _expiry(token)
    left = 0.0 if expires is None else expires - (time.time() if now is None else now)
    return _LIFETIME_S if left <= 0 else left - min(_EARLY_S, left * _EARLY_SHARE)


def _expiry(token: str) -> float | None:
    """The `exp` of a JWT, Unix epoch seconds; None: it is no JWT, or has none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(claims["exp"])
    except (ValueError, KeyError, TypeError):
        return None


@contextlib.contextmanager
def kept(
    command: Sequence[str], issued: list[str], tell: Callable[[str], None]
) -> Iterator[Mapping[str, str]]:
    """The variables by which processes of the load find the keeper, until the block ends.

    Without a command there is no keeper, and there are no variables.  At the end `tell` is told of
    a last run of the command that failed.  Raises ConfigError when the first one printed no token.
    """
    if not command:
        yield {}
        return
    keeper = TokenKeeper(command, issued)
    if "error" in keeper.answer(None):
        raise ConfigError(f"--token-command {shlex.quote(command[0])}: {keeper.problem}")
    with tempfile.TemporaryDirectory(prefix="diya-token-") as folder:  # only its owner may enter
        path = Path(folder) / "socket"
        with _Server(str(path), _Request) as server:
            server.keeper = keeper
            thread = threading.Thread(
                target=server.serve_forever, args=(0.1,), name="token keeper", daemon=True
            )
            thread.start()
            try:
                yield {SOCKET_VARIABLE: str(path)}
            finally:
                server.shutdown()
                thread.join()
    if keeper.problem is not None:
        tell(f"--token-command: the token was not refreshed: {keeper.problem}")


def present(variables: Mapping[str, str]) -> str | None:
    """The token of the keeper that these variables name; None: there is no keeper, or no token."""
    path = variables.get(SOCKET_VARIABLE)
    if path is None:
        return None
    with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(_COMMAND_S + _GAP_S)
        sock.connect(path)
        sock.sendall(json.dumps({"refused": None}).encode() + b"\n")
        with sock.makefile("rb") as answers:
            token: str | None = json.loads(answers.readline()).get("token")
            return token
    return None


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    keeper: TokenKeeper


class _Request(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Answer one request."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            refused = json.loads(self.rfile.readline())["refused"]
            self.wfile.write(json.dumps(self.server.keeper.answer(refused)).encode() + b"\n")
