"""A real ADK server behind a guard that lets in no request without all that it asks for.

`python -m tests.harness.guarded_server SETTINGS.json` serves the agents of `foreign_agents`, with
the sessions in memory.  Its guard is what a gateway would be: it checks the client's certificate, a
signed token that expires, headers and Host, and names the replica in a header of its own.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from google.adk.cli.fast_api import get_fast_api_app

from chaos.fleet.ports import free_port
from tests.harness import command
from tests.harness.signed_token import claims_of
from tests.target_service.processes import wait_until

AGENTS = Path(__file__).parent / "foreign_agents"
_PODS = ("pod-a", "pod-b", "pod-b", "pod-a")


class Settings(msgspec.Struct, kw_only=True):
    """What the guard asks for."""

    port: int
    folder: str
    """Where it writes `refused`: one letter for each request that it did not let in."""
    server_cert: str | None = None
    client_cert: str | None = None
    """The only certificate of clients that it accepts."""
    signing_key: str | None = None
    """The key of the tokens' signatures; None: no token is needed."""
    revoke_after: int = 0
    """After so many requests, tokens issued until then are refused; 0: never."""
    headers: dict[str, str] = {}
    """Name in lower case → value that every request must have."""
    replica_header: str | None = None
    strict: bool = False
    """Turns with `customMetadata` are refused, as by a server that forbids unknown fields."""


class Guard:
    """ASGI middleware that answers what it does not let in."""

    def __init__(self, app: Any, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self._pods = itertools.cycle(_PODS)
        self._requests, self._revoked_until = 0, 0.0
        path = Path(settings.folder, "refused")
        self._log = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self._requests += 1
        if self._requests == self._settings.revoke_after:
            self._revoked_until = time.time()
        if not all(headers.get(name) == value for name, value in self._settings.headers.items()):
            await self._refuse(send, 403, f"bad headers {headers}", "h")
            return
        if self._settings.signing_key is not None:
            given = headers.get("authorization", "").removeprefix("Bearer ")
            if not self._is_valid(given):
                await self._refuse(send, 401, f"token {given} is not valid", "t")
                return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if self._settings.strict and b"customMetadata" in body:
            refusal = '{"detail":[{"type":"extra_forbidden","loc":["body","customMetadata"]}]}'
            await self._refuse(send, 422, refusal, "m")
            return
        parts = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def again() -> Any:
            return next(parts, None) or await receive()

        async def named(message: Any) -> None:
            if message["type"] == "http.response.start" and self._settings.replica_header:
                header = (self._settings.replica_header.encode(), next(self._pods).encode())
                message = {**message, "headers": [*message["headers"], header]}
            await send(message)

        await self._app(scope, again, named)

    def _is_valid(self, given: str) -> bool:
        claims = claims_of(self._settings.signing_key or "", given)
        now = time.time()
        return claims is not None and claims["exp"] > now and claims["iat"] > self._revoked_until

    async def _refuse(self, send: Any, status: int, body: str, letter: str) -> None:
        os.write(self._log, letter.encode())
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body.encode()})


@contextlib.contextmanager
def serving(folder: Path, **values: Any) -> Iterator[str]:
    """Its address, until the block ends; `values` are those of `Settings`."""
    settings = Settings(port=free_port(), folder=str(folder), **values)
    path, log = folder / "settings.json", folder / "server.log"
    path.write_bytes(msgspec.json.encode(settings))
    scheme = "http" if settings.server_cert is None else "https"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "tests.harness.guarded_server", str(path)],
            cwd=command.ROOT,
            stdout=output,
            stderr=output,
        ) as server,
    ):
        try:

            def listens() -> bool:
                assert server.poll() is None, log.read_text()
                return b"Uvicorn running" in log.read_bytes()

            wait_until(listens, 60, "the guarded server listens")
            yield f"{scheme}://127.0.0.1:{settings.port}"
        finally:
            server.kill()


def main() -> None:
    """Serve until the process ends."""
    settings = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Settings)
    app = get_fast_api_app(
        agents_dir=str(AGENTS), session_service_uri="memory://", web=False, a2a=False
    )
    secure: dict[str, Any] = {}
    if settings.server_cert is not None:
        secure = {"ssl_certfile": settings.server_cert, "ssl_keyfile": settings.server_cert}
    if settings.client_cert is not None:
        secure |= {"ssl_ca_certs": settings.client_cert, "ssl_cert_reqs": ssl.CERT_REQUIRED}
    uvicorn.run(
        Guard(app, settings), host="127.0.0.1", port=settings.port, access_log=False, **secure
    )


if __name__ == "__main__":
    main()
