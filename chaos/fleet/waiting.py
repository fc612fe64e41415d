"""Waiting for a condition with a deadline: the one loop of chaos/ and harness/."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from chaos.errors import ChaosError

_POLL_S = 0.05
_NODE_POLL_S = 0.03


def holds_within(
    condition: Callable[[], bool],
    timeout: float,
    *,
    poll: float = _POLL_S,
    cancelled: threading.Event | None = None,
) -> bool:
    """Whether `condition` holds within `timeout` seconds; False at once when `cancelled` is set.

    The condition is checked at least once, then every `poll` seconds.  An error that it raises ends
    the waiting.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline or (cancelled is not None and cancelled.is_set()):
            return False
        time.sleep(poll)
    return True


def wait_for(
    condition: Callable[[], bool],
    timeout: float,
    what: str,
    cancelled: threading.Event | None = None,
    *,
    poll: float = _POLL_S,
) -> None:
    """Wait until `condition` holds; `what` completes the sentence "waiting for ...".

    Raises ChaosError after `timeout` seconds, or when `cancelled` is set meanwhile: the run wants
    to end.
    """
    if holds_within(condition, timeout, poll=poll, cancelled=cancelled):
        return
    if cancelled is not None and cancelled.is_set():
        raise ChaosError(f"the run ended while waiting for {what}")
    raise ChaosError(f"timed out after {timeout:g} s waiting for {what}")


class TimeLeft:
    """One deadline that several waits share."""

    def __init__(self, timeout: float) -> None:
        """The deadline is `timeout` seconds from now."""
        self._deadline = time.monotonic() + timeout

    def seconds(self, least: float = 0.0) -> float:
        """The seconds until the deadline, at least `least`."""
        return max(least, self._deadline - time.monotonic())


class Awaitable(ABC):
    """A named process or container that can end and leaves a log."""

    name: str

    @property
    @abstractmethod
    def running(self) -> bool:
        """Whether it runs, frozen or not."""

    @property
    @abstractmethod
    def exit_code(self) -> int | None:
        """How it last ended; None while it runs."""

    @abstractmethod
    def log_tail(self) -> Sequence[str]:
        """The last lines of its log."""

    def wait_until(self, condition: Callable[[], bool], timeout: float, state: str) -> None:
        """Wait until `condition` holds while it runs; `state` names that state, such as "ready".

        Raises ChaosError, with the end of its log, when it ends or `timeout` seconds pass.
        """

        def reached() -> bool:
            if condition():
                return True
            if not self.running:
                raise self.died(state)
            return False

        if not holds_within(reached, timeout, poll=_NODE_POLL_S):
            raise ChaosError(
                f"{self.name} was not {state} within {timeout:g} s{self._end_of_log()}"
            )

    def died(self, state: str) -> ChaosError:
        """The error for a node that ended before it was in this state."""
        code = self.exit_code
        return ChaosError(
            f"{self.name} ended with code {code} before it was {state}{self._end_of_log()}"
        )

    def _end_of_log(self) -> str:
        tail = self.log_tail()
        return "; the end of its log:\n" + "\n".join(tail) if tail else ""
