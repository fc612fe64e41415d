"""The scripted model's moods, set from outside while a replica runs: slow, failing, breaking off.

DIYA_MODEL_MOOD names a file.  While it exists, a JSON object in it says how the model behaves:
`latency_factor` (1 is as ever), `error_rate`, `rate_limit_rate` and `cut_rate` (shares of its
replies).  No route of the service can set it: whoever may write the file may.  The first reply that
is really made worse (refused, broken off, or late already) leaves the mark
`felt-<number>-<replica>` beside the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from google.genai.errors import ClientError, ServerError

VARIABLE = "DIYA_MODEL_MOOD"


class CutOff(ConnectionError):
    """The model's reply broke off."""


class Mark:
    """A file, made when it is first left."""

    def __init__(self, path: Path) -> None:
        self._path: Path | None = path

    def leave(self) -> None:
        """Make it, once."""
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.touch()
            self._path = None


@dataclass(frozen=True, slots=True)
class Mood:
    """How the model behaves."""

    latency_factor: float = 1.0
    error_rate: float = 0.0
    rate_limit_rate: float = 0.0
    cut_rate: float = 0.0
    mark: Mark | None = None
    """Left when a reply is made worse."""

    async def pause(self, seconds: float) -> None:
        """Take the time that the model takes for something; `seconds` as ever."""
        await asyncio.sleep(seconds * min(1.0, self.latency_factor))
        if self.latency_factor > 1.0:
            self._spoil()
            await asyncio.sleep(seconds * (self.latency_factor - 1.0))

    def refuse(self) -> None:
        """Raise as a real model's client does, or not, by chance."""
        if random.random() < self.rate_limit_rate:
            self._spoil()
            raise ClientError(429, _answer(429, "RESOURCE_EXHAUSTED", "quota exceeded"))
        if random.random() < self.error_rate:
            self._spoil()
            raise ServerError(503, _answer(503, "UNAVAILABLE", "the model is overloaded"))

    def breaks_off(self) -> bool:
        """Whether this reply is to stop in the middle, by chance."""
        return random.random() < self.cut_rate

    def break_off(self) -> NoReturn:
        """Stop in the middle."""
        self._spoil()
        raise CutOff("the model's reply broke off")

    def _spoil(self) -> None:
        if self.mark is not None:
            self.mark.leave()


NORMAL = Mood()


class MoodFile:
    """Looks at the file when a reply is asked for; a look costs some microseconds."""

    def __init__(self, path: str | None, replica: str) -> None:
        """`path` None: always as ever."""
        self._path = path
        self._replica = replica
        self._read: tuple[int, int] | None = None
        self._mood = NORMAL

    def now(self) -> Mood:
        """The mood of this reply.  A file that cannot be read is as none."""
        if self._path is None:
            return NORMAL
        try:
            status = os.stat(self._path)
        except OSError:
            return NORMAL
        mark = (status.st_mtime_ns, status.st_ino)
        if mark != self._read:
            self._mood = self._load()
            self._read = mark
        return self._mood

    def _load(self) -> Mood:
        path = Path(str(self._path))
        try:
            values: dict[str, Any] = json.loads(path.read_text())
            number = int(values.pop("number", 0))
            mark = Mark(path.parent / f"felt-{number}-{self._replica}")
            return Mood(**{name: float(value) for name, value in values.items()}, mark=mark)
        except (OSError, ValueError, TypeError, AttributeError):
            return NORMAL


def _answer(code: int, status: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": message}}
