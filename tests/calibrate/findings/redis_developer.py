"""adk-redis 0.0.10 of redis-developer, `RedisSessionMemoryService`, while its server is away.

`python -m tests.calibrate.findings.redis_developer` (makes an environment of its own).  The Agent
Memory Server is a port here that hangs up on every connection, and counts them.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import subprocess
from typing import Any

from google.adk.events.event import Event
from google.genai import types

from tests.calibrate.findings.stage import APP, said

_PACKAGES = ("adk-redis[search]==0.0.10", "agent-memory-client==0.14.0")
"""The extra `memory` would bring the client of the managed service, too, and not redisvl."""


async def show() -> None:
    """All of them, in an environment that has the package."""
    requests = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        requests += 1
        writer.close()

    sessions = importlib.import_module("adk_redis.sessions")
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    service: Any = sessions.RedisSessionMemoryService(
        sessions.RedisSessionMemoryServiceConfig(
            backend="opensource-agent-memory", api_base_url=f"http://127.0.0.1:{port}"
        )
    )
    session = importlib.import_module("google.adk.sessions").Session(
        id="s", app_name=APP, user_id="anna"
    )

    try:
        await service.append_event(session, said("Where is my order?"))
        told = "acknowledged"
    except Exception as error:
        told = type(error).__name__
    print(f"an append while the server is away: {told} after {requests} request")

    try:
        told = repr(await service.get_session(app_name=APP, user_id="anna", session_id="s"))
    except Exception as error:
        told = type(error).__name__
    print(f"a read while the server is away: {told}")

    before = requests
    call = types.Part(function_call=types.FunctionCall(name="find_order", args={"id": "1"}))
    content = types.Content(role="model", parts=[call])
    await service.append_event(session, Event(author="agent", invocation_id="i", content=content))
    print(f"an append of a call of a tool: {requests - before} requests")
    server.close()


def main() -> None:
    """Show them here, or in the other environment."""
    try:
        importlib.import_module("adk_redis")
    except ImportError:
        from tests.calibrate import beside

        subprocess.run(
            [beside.python(*_PACKAGES), "-m", "tests.calibrate.findings.redis_developer"],
            cwd=beside.ROOT,
            check=True,
        )
    else:
        logging.disable(logging.ERROR)
        asyncio.run(show())


if __name__ == "__main__":
    main()
