"""A2A in front of the agent `odd`, by ADK's own code: `python -m tests.loadtests.doors.a2a_server
PORT [PREFIX] [--old] [--new-only] [--forgetful] [--no-stream] [--kept=FOLDER]`.

`--old`: the card offers version 0.3 alone.  `--new-only`: version 0.3 is not spoken.
`--forgetful`: a finished task is found by nobody, as in another replica's memory.  `--no-stream`:
the card offers no streams.  `--kept=FOLDER`: sessions and tasks are in databases there, and
outlive the process.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from a2a.server.tasks import (  # type: ignore[import-not-found]
    DatabaseTaskStore,
    InMemoryTaskStore,
)
from google.adk.a2a import _compat
from google.adk.a2a.executor.a2a_agent_executor import A2aAgentExecutor
from google.adk.artifacts import InMemoryArtifactService
from google.adk.runners import Runner
from google.adk.sessions import DatabaseSessionService, InMemorySessionService
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.applications import Starlette

from tests.harness.foreign_agents.odd.agent import root_agent


class Forgetful(InMemoryTaskStore):  # type: ignore[misc]
    """Loses every task that has ended."""

    async def get(self, task_id: str, context: Any = None) -> Any:
        """The task; None as soon as it has ended."""
        task = await super().get(task_id, context)
        over = task is not None and task.status.state == _compat.TS_COMPLETED
        return None if over else task


def app(port: int, prefix: str, flags: set[str]) -> Starlette:
    """The server's app."""
    kept = next((flag.partition("=")[2] for flag in flags if flag.startswith("--kept=")), None)
    sessions: Any = InMemorySessionService()
    tasks: Any = Forgetful() if "--forgetful" in flags else InMemoryTaskStore()
    if kept is not None:
        sessions = DatabaseSessionService(f"sqlite+aiosqlite:///{kept}/sessions.db")
        tasks = DatabaseTaskStore(create_async_engine(f"sqlite+aiosqlite:///{kept}/tasks.db"))
    runner = Runner(
        app_name="odd",
        agent=root_agent,
        session_service=sessions,
        artifact_service=InMemoryArtifactService(),
    )
    url = f"http://127.0.0.1:{port}{prefix or '/'}"
    versions = ["0.3"] if "--old" in flags else ["1.0"]
    card = {
        "name": "odd",
        "description": "answers by the customer's word",
        "version": "1",
        "capabilities": {"streaming": "--no-stream" not in flags},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [{"id": "odd", "name": "odd", "description": "odd", "tags": ["odd"]}],
        "supportedInterfaces": [
            {"url": url, "protocolBinding": "JSONRPC", "protocolVersion": each} for each in versions
        ],
    }
    made = Starlette()
    _compat.attach_a2a_routes_to_app(
        made,
        agent_card=_compat.parse_agent_card(card),
        agent_executor=A2aAgentExecutor(runner=runner),
        task_store=tasks,
        enable_v0_3_compat="--new-only" not in flags,
        prefix=prefix,
    )
    return made


def main(*words: str) -> None:
    """`--port` before the port is allowed."""
    words = tuple(word for word in words if word != "--port")
    flags = {word for word in words if word.startswith("--")}
    port, *rest = [word for word in words if word not in flags]
    made = app(int(port), rest[0] if rest else "", flags)
    uvicorn.run(made, host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
