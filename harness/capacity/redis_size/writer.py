"""The process that fills Redis with copies of sessions: `target_service.sessions.prefill`."""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import diya_start
from chaos.errors import ChaosError

_TOGETHER = 2_000
_END_S = 5.0


class Writer:
    """Writes copies of sessions by commands to its process; a context manager."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        """`env` holds DIYA_REDIS_URL, DIYA_TTL_SECONDS and the id of the run.

        Raises ChaosError when the process cannot be started.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        self._next = 0
        self._seconds = 0.0
        with log.open("wb") as errors:
            try:
                self._process = subprocess.Popen(
                    diya_start.command("target_service.sessions.prefill"),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=env,
                    text=True,
                    # Its own session: Ctrl-C in the terminal reaches the harness, which ends it.
                    start_new_session=True,
                )
            except OSError as error:
                raise ChaosError(
                    f"the process that fills Redis cannot be started: {error}"
                ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait(_END_S)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def per_s(self) -> float:
        """Sessions that it wrote in a second so far; 0 before the first."""
        return self._next / self._seconds if self._next else 0.0

    @property
    def next_number(self) -> int:
        """The number of the copy that is written next."""
        return self._next

    def name(self, number: int) -> tuple[str, str]:
        """User and session of the copy with this number.  Raises ChaosError."""
        user, session = self._ask({"name": number})["name"]
        return user, session

    def take(self, user: str, session: str) -> int:
        """Remember a session as a template; returns its number.  Raises ChaosError."""
        return int(self._ask({"take": [user, session]})["template"])

    def write(
        self, copies: Iterable[tuple[int, float]], written: Callable[[int], None] | None = None
    ) -> int:
        """Write copies under new ids: the template and the seconds left of each.

        `written` is called with the number so far.  Returns their number.  Raises ChaosError.
        """
        total = 0
        remaining = iter(copies)
        while batch := list(itertools.islice(remaining, _TOGETHER)):
            pairs = [(template, max(1, round(left * 1000))) for template, left in batch]
            begun = time.monotonic()
            total += int(self._ask({"first": self._next, "copies": pairs})["written"])
            self._seconds += time.monotonic() - begun
            self._next += len(pairs)
            if written is not None:
                written(total)
        return total

    def _ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            line = stdout.readline()
        except OSError:
            line = ""
        if not line:
            tail = self._log.read_text(errors="replace").strip().splitlines()[-1:]
            raise ChaosError("the writer of sessions ended: " + "".join(tail))
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ChaosError(f"the writer of sessions failed: {answer['error']}")
        return answer
