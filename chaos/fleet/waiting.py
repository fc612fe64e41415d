"""Waiting for something that runs: the same for processes and containers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from chaos.errors import ChaosError

_POLL_S = 0.03


class Awaited:
    """What runs under a name, can end, and leaves a log that says why."""

    name: str

    @property
    def running(self) -> bool:
        """Whether it is there."""
        raise NotImplementedError

    @property
    def exit_code(self) -> int | None:
        """How it last ended; None while it runs."""
        raise NotImplementedError

    def log_tail(self) -> Sequence[str]:
        """The last lines of its log."""
        raise NotImplementedError

    def wait_until(self, condition: Callable[[], bool], timeout: float, what: str) -> None:
        """Wait until `condition` holds while it runs.

        Raises ChaosError, with the end of its log, when it ends or `timeout` seconds pass.
        """
        deadline = time.monotonic() + timeout
        while not condition():
            if not self.running:
                raise self.died(what)
            if time.monotonic() > deadline:
                raise ChaosError(
                    f"{self.name} was not {what} within {timeout:g} s{self._end_of_log()}"
                )
            time.sleep(_POLL_S)

    def died(self, what: str) -> ChaosError:
        """The error for what ended before it was `what`."""
        return ChaosError(
            f"{self.name} ended with code {self.exit_code} before it was {what}{self._end_of_log()}"
        )

    def _end_of_log(self) -> str:
        tail = self.log_tail()
        return "; the end of its log:\n" + "\n".join(tail) if tail else ""
