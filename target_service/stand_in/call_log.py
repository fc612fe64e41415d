"""The log of the calls: one line of JSON a call, in a file and for the control."""

from __future__ import annotations

import itertools
import logging
import time
from collections import deque
from pathlib import Path

import msgspec

from target_service.stand_in.call import Dialect

_KEPT = 50_000
"""Calls that the control can still be asked for; the file has all of them."""
_log = logging.getLogger("diya.model")


class LogError(ValueError):
    """The log's file cannot be written; the message is one sentence."""


class Returned(msgspec.Struct):
    """The thought signatures that a call brought back."""

    returned: int = 0
    changed: int = 0


class Entry(msgspec.Struct):
    """One call, as the record of a run's model calls has it; no text and no key is in it."""

    t: float
    """When the request had arrived, seconds of run time."""
    dialect: Dialect
    model: str
    done: float | None = None
    """When the answer was sent; None: it was cut off."""
    agent: str = ""
    caller: str = ""
    """The replica."""
    status: int = 0
    answer: str = "error"
    """`text`, `call` or `error`."""
    names: list[str] = msgspec.field(default_factory=list)
    messages: tuple[str, ...] = ()
    steps: str = ""
    results: tuple[str, ...] = ()
    signatures: Returned = msgspec.field(default_factory=Returned)
    prompt_tokens: int = 0
    output_tokens: int = 0
    first_token_s: float = 0.0
    took_s: float = 0.0
    source: str = ""
    fault: str | None = None
    refused: str | None = None


class CallLog:
    """Writes every call to a file, and keeps the newest in memory."""

    def __init__(self, path: Path | None = None, origin: float | None = None) -> None:
        """`origin`: the Unix time at which run time begins; None: now.

        Raises LogError when the file cannot be opened.
        """
        now = time.time()
        self.origin = now if origin is None else origin
        """Unix time of run time zero, seconds."""
        self._zero = time.monotonic() - (now - self.origin)
        self._lines: deque[bytes] = deque(maxlen=_KEPT)
        self._encoder = msgspec.json.Encoder()
        self.count = 0
        """Calls so far."""
        try:
            self._file = None if path is None else path.open("ab", buffering=0)
        except OSError as error:
            raise LogError(f"{path}: must be a file to write, got: {error.strerror}") from None

    def now(self) -> float:
        """Seconds of run time."""
        return round(time.monotonic() - self._zero, 6)

    def add(self, entry: Entry) -> None:
        """Write one call.  A disk that takes no more is reported once and ends the file."""
        line = self._encoder.encode(entry) + b"\n"
        self._lines.append(line)
        self.count += 1
        if self._file is not None:
            try:
                self._file.write(line)
            except OSError as error:
                _log.error("the log of the calls ends here: %s", error.strerror)
                self.close()

    def after(self, number: int) -> tuple[int, list[bytes]]:
        """The calls after the first `number`, as JSON, and the number to ask with next."""
        skipped = max(0, number - (self.count - len(self._lines)))
        return self.count, list(itertools.islice(self._lines, skipped, None))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
