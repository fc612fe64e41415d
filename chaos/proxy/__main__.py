"""`python -m chaos.proxy --port P`: serve until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio

import uvloop

from chaos.proxy.api import Api


async def _serve(port: int) -> None:
    server = await asyncio.start_server(Api().serve, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m chaos.proxy")
    parser.add_argument("--port", type=int, default=8474)
    uvloop.run(_serve(parser.parse_args().port))
