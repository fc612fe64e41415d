"""Faults of the scripted model, set from outside while a replica runs: slow, failing, breaking off.

DIYA_MODEL_FAULTS names a file.  While the file exists, a JSON object in it sets the model's
behaviour: `latency_factor` (1 is normal), `error_rate`, `rate_limit_rate` and `cut_rate` (shares of
the replies).  No route of the service can set it; only a process that may write the file can.  The
first reply that is affected (refused, broken off, or already late) creates the file
`affected-<number>-<replica>` beside it.
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


class CutOff(ConnectionError):
    """The model's reply broke off."""


class Mark:
    """A marker file, created once."""

    def __init__(self, path: Path) -> None:
        self._path: Path | None = path

    def leave(self) -> None:
        """Create the file, once."""
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.touch()
            self._path = None


@dataclass(frozen=True, slots=True)
class ModelFaults:
    """How the model behaves."""

    latency_factor: float = 1.0
    error_rate: float = 0.0
    rate_limit_rate: float = 0.0
    cut_rate: float = 0.0
    mark: Mark | None = None
    """Created when a fault affects a reply."""

    async def pause(self, seconds: float) -> None:
        """Wait as long as the model takes; `seconds` without a fault."""
        await asyncio.sleep(seconds * min(1.0, self.latency_factor))
        if self.latency_factor > 1.0:
            self._spoil()
            await asyncio.sleep(seconds * (self.latency_factor - 1.0))

    def refuse(self) -> None:
        """Raise the error of a real model's client, with the given probability."""
        if random.random() < self.rate_limit_rate:
            self._spoil()
            raise ClientError(429, _answer(429, "RESOURCE_EXHAUSTED", "quota exceeded"))
        if random.random() < self.error_rate:
            self._spoil()
            raise ServerError(503, _answer(503, "UNAVAILABLE", "the model is overloaded"))

    def breaks_off(self) -> bool:
        """Draw whether this reply breaks off in the middle."""
        return random.random() < self.cut_rate

    def break_off(self) -> NoReturn:
        """Break the reply off."""
        self._spoil()
        raise CutOff("the model's reply broke off")

    def _spoil(self) -> None:
        if self.mark is not None:
            self.mark.leave()


NORMAL = ModelFaults()


class ModelFaultsFile:
    """Checks the file at every reply; a check takes some microseconds."""

    def __init__(self, path: str | None, replica: str) -> None:
        """`path` None: never a fault."""
        self._path = path
        self._replica = replica
        self._read: tuple[int, int] | None = None
        self._current = NORMAL

    def now(self) -> ModelFaults:
        """The faults for this reply; none when the file cannot be read."""
        if self._path is None:
            return NORMAL
        try:
            status = os.stat(self._path)
        except OSError:
            return NORMAL
        mark = (status.st_mtime_ns, status.st_ino)
        if mark != self._read:
            self._current = self._load()
            self._read = mark
        return self._current

    def _load(self) -> ModelFaults:
        path = Path(str(self._path))
        try:
            values: dict[str, Any] = json.loads(path.read_text())
            number = int(values.pop("number", 0))
            mark = Mark(path.parent / f"affected-{number}-{self._replica}")
            return ModelFaults(**{name: float(value) for name, value in values.items()}, mark=mark)
        except (OSError, ValueError, TypeError, AttributeError):
            return NORMAL


def _answer(code: int, status: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": message}}
