"""A replica small enough to start in a third of a second, with the manners of the real one.

GET /readyz, GET /slow?<seconds>, GET /stream, POST /run_sse, GET /env?<NAME>; anything else answers
200; every
response names the replica.  SIGTERM drains: not ready for a while, then gone with code 0.
TOY_REFUSES in the environment makes it refuse its configuration, TOY_NEVER_READY makes it say no,
TOY_EXIT_CODE gives it another code to end with (negative: by that signal).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from types import FrameType
from typing import Any

import uvicorn

DRAIN_SECONDS = 1.2
NAME = os.environ.get("DIYA_REPLICA", "toy")


class Toy(uvicorn.Server):
    draining = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.draining = True
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self.leave)

    def leave(self) -> None:
        self.should_exit = True

    async def app(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        query = scope["query_string"].decode()
        status, body = 200, NAME
        if scope["path"] == "/readyz" and (self.draining or "TOY_NEVER_READY" in os.environ):
            status = 503
        if scope["path"] == "/slow":
            await asyncio.sleep(float(query))
        if scope["path"] == "/env":
            body = os.environ.get(query, "")
        headers = [(b"x-diya-replica", NAME.encode()), (b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if scope["path"] in {"/stream", "/run_sse"}:
            await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
            await asyncio.sleep(1.0)
        await send({"type": "http.response.body", "body": body.encode()})


def main() -> int:
    if "TOY_REFUSES" in os.environ:
        print(f"diya: config: {os.environ['TOY_REFUSES']}", file=sys.stderr)
        return 104
    parser = argparse.ArgumentParser()
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    config = uvicorn.Config(
        "",
        host=options.host,
        port=options.port,
        log_level="warning",
        interface="asgi3",
        lifespan="off",
    )
    toy = Toy(config)
    toy.config.app = toy.app
    toy.run()
    code = int(os.environ.get("TOY_EXIT_CODE", "0"))
    if code < 0:
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main())
