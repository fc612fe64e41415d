"""Plays agents of this folder with ADK's own runner, in a process with the stand-in's environment.

As a script it reads a `Talk` a line from stdin, and prints what came of it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from tests.harness.command import ROOT

_USER, _SESSION = "asha", "s1"


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation to play."""

    folder: str
    messages: Sequence[str]
    streaming: bool = False
    copies: Sequence[int] = ()
    """Which copy of the agent answers each message, as replicas would; empty: always the same.  A
    copy starts when it is named first."""


class Talked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    said: list[str]
    """All text of each turn."""
    errors: list[str]
    """The error codes of events."""
    state: dict[str, Any]
    """The session's state at the end."""


class Player:
    """The process, for the time of a `with` block."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.agents.talking"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def play(self, talk: Talk) -> Talked:
        """Play a conversation to its end.  Raises AssertionError when an agent raised."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(talk) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line.startswith(b"{"), line.decode() or "the process of the agents has ended"
        return msgspec.json.decode(line, type=Talked)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()


async def _play(talk: Talk) -> Talked:
    from google.adk.sessions.in_memory_session_service import InMemorySessionService

    sessions = InMemorySessionService()
    folder = Path(talk.folder)
    which: dict[str, Any] = {"app_name": folder.name, "user_id": _USER, "session_id": _SESSION}
    await sessions.create_session(**which)
    copies: dict[int, Any] = {}
    said: list[str] = []
    errors: list[str] = []
    for message, number in zip(talk.messages, talk.copies or [1] * len(talk.messages), strict=True):
        if number not in copies:
            copies[number] = _copy(folder, sessions)
        said.append("")
        async for event in _turn(copies[number], message, talk.streaming):
            if event.error_code:
                errors.append(str(event.error_code))
            if not event.partial and event.content:
                said[-1] += "".join(part.text or "" for part in event.content.parts or [])
    session = await sessions.get_session(**which)
    assert session is not None
    return Talked(said=said, errors=errors, state=dict(session.state))


def _copy(folder: Path, sessions: Any) -> Any:
    """A runner of the agent, which is imported anew and shares nothing with other copies."""
    from google.adk.apps.app import App
    from google.adk.runners import Runner

    from target_service.server.adk_server import loader

    for name in [each for each in sys.modules if each.split(".")[0] == folder.name]:
        del sys.modules[name]
    found = loader(folder).load_agent(folder.name)
    app = found if isinstance(found, App) else App(name=folder.name, root_agent=found)
    return Runner(app=app, session_service=sessions)


def _turn(runner: Any, message: str, streaming: bool) -> Any:
    from google.adk.agents._streaming_mode import StreamingMode
    from google.adk.agents.run_config import RunConfig
    from google.genai import types

    mode = StreamingMode.SSE if streaming else StreamingMode.NONE
    return runner.run_async(
        user_id=_USER,
        session_id=_SESSION,
        new_message=types.Content(role="user", parts=[types.Part(text=message)]),
        run_config=RunConfig(streaming_mode=mode),
    )


async def _serve() -> None:
    """Play one conversation after the other, in one event loop: clients belong to theirs."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        talk = msgspec.json.decode(line, type=Talk)
        try:
            told = msgspec.json.encode(await _play(talk), enc_hook=str).decode()
        except Exception as error:  # an agent may fail in any way
            told = json.dumps(f"{type(error).__name__}: {error}")
        print(told, flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())
