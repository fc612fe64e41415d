"""Agent Engine's API in front of the agent `odd`: `python -m tests.loadtests.doors.engine_server
PORT SESSIONS`, SESSIONS as ADK's `--session_service_uri`.

The server is ADK's own, which calls the `AdkApp` of a package that is not installed here.  The
class below has its methods, with the same names and arguments.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

AGENTS = Path(__file__).parents[2] / "harness" / "foreign_agents"


class AdkApp:
    """The methods of an agent on Agent Engine."""

    def __init__(self, **_: Any) -> None:
        self._tmpl_attrs: dict[str, Any] = {}

    def _where(self, user_id: str) -> dict[str, str]:
        return {"app_name": self._tmpl_attrs["app_name"], "user_id": user_id}

    async def async_create_session(
        self, *, user_id: str, session_id: str | None = None, **more: Any
    ) -> Any:
        sessions = self._tmpl_attrs["session_service"]
        made = await sessions.create_session(**self._where(user_id), session_id=session_id, **more)
        return made.model_dump(mode="json")

    async def async_get_session(self, *, user_id: str, session_id: str) -> Any:
        sessions = self._tmpl_attrs["session_service"]
        found = await sessions.get_session(**self._where(user_id), session_id=session_id)
        if not found:
            raise RuntimeError("Session not found. Please create it using .create_session()")
        return found

    async def async_list_sessions(self, *, user_id: str) -> Any:
        return await self._tmpl_attrs["session_service"].list_sessions(**self._where(user_id))

    async def async_delete_session(self, *, user_id: str, session_id: str) -> None:
        sessions = self._tmpl_attrs["session_service"]
        await sessions.delete_session(**self._where(user_id), session_id=session_id)

    async def async_stream_query(
        self,
        *,
        message: str | dict[str, Any],
        user_id: str,
        session_id: str,
        run_config: dict[str, Any] | None = None,
    ) -> AsyncIterator[dict[str, Any]]:
        from google.adk.agents.run_config import RunConfig
        from google.genai import types

        if isinstance(message, str):
            message = {"role": "user", "parts": [{"text": message}]}
        config = {} if run_config is None else {"run_config": RunConfig.model_validate(run_config)}
        async for event in self._tmpl_attrs["runner"].run_async(
            user_id=user_id,
            session_id=session_id,
            new_message=types.Content.model_validate(message),
            **config,
        ):
            yield json.loads(event.model_dump_json(exclude_none=True))


def main(port: str, sessions: str) -> None:
    package: Any = ModuleType("agentplatform")
    package.frameworks = SimpleNamespace(AdkApp=AdkApp)
    sys.modules["agentplatform"] = package
    os.environ["GOOGLE_API_KEY"] = "no-key-is-used"
    from google.adk.cli import main as adk

    sys.argv = ["adk", "api_server", "--port", port, f"--session_service_uri={sessions}"]
    sys.argv += ["--gemini_enterprise_app_name=odd", "--express_mode", str(AGENTS)]
    sys.exit(adk())


if __name__ == "__main__":
    main(*(word for word in sys.argv[1:] if word != "--port"))
