"""Actions of a file that are not diya's: a program that is run, an HTTP call on this machine.

Their effect is not known here.  So the fault lasts from the call to the end of the pause after it,
and it took hold if the evidence of its author shows it: a probe that is not met before the call and
is met after it.  A rollback, or a later action, undoes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, ClassVar
from urllib.parse import urlsplit

from chaos.errors import ChaosError
from chaos.experiment.model import Probe
from chaos.faults.base import Area, Fault
from chaos.faults.drawing import Drawing, NeverDrawn
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.waiting import holds_within

OURS = "x-diya"
"""The key of an action with its evidence; the Chaos Toolkit ignores it."""

_SHOWS_S, _POLL_S = 5.0, 0.2
"""An effect may come so long after the call; it is asked for so often."""
_MOST_TOLD = 200
_HTTP_ERROR = 400


class OutsideAction(Fault):
    """One such action.  `lasts_s`: seconds that it lasts after the call."""

    area: ClassVar[Area] = "replica"
    drawing: ClassVar[Drawing | NeverDrawn] = NeverDrawn("it comes from a file")

    def __init__(
        self,
        provider: Mapping[str, Any],
        call: Callable[[], Mapping[str, Any]],
        lasts_s: float,
        mask: Callable[[str], str],
        evidence: Probe | None,
        *,
        is_fault: bool,
    ) -> None:
        """`is_fault`: evidence is required.  A rollback needs none: no fault is counted for it."""
        super().__init__()
        self._provider, self._call = provider, call
        self._lasts_s, self._mask = lasts_s, mask
        self._evidence, self._is_fault = evidence, is_fault
        self._called_at: float | None = None

    def check_healthy(self, env: SystemUnderTest) -> None:
        """Raise ChaosError unless the evidence is asked and is not met yet."""
        if self._evidence is None:
            return
        met, answer = self._asked(self._evidence, env)
        if met is not False:
            raise ChaosError(
                f"took_hold must be a probe that is not met before the action: {answer}"
            )

    def inject(self, env: SystemUnderTest) -> None:
        """Make the call.  Raises ChaosError when it does not succeed."""
        try:
            answer = self._call()
        except Exception as error:
            raise ChaosError(self._mask(str(error) or type(error).__name__)) from None
        finally:
            self._called_at = time.monotonic()
        if (why := self.failure(answer)) is not None:
            raise ChaosError(self._mask(why)[:_MOST_TOLD])

    def failure(self, answer: Mapping[str, Any]) -> str | None:
        """Why an answer is no success; None: it is one."""
        raise NotImplementedError

    def verify(self, env: SystemUnderTest) -> bool:
        """Whether the evidence shows it.  Raises ChaosError, with the reason, when it does not."""
        evidence = self._evidence
        if evidence is None:
            if self._is_fault:
                raise ChaosError(
                    "nothing shows that it took hold, since its success is no evidence: add "
                    f"{OURS}: took_hold to the action, a probe with a tolerance that is not met "
                    "before it and is met after it"
                )
            return True
        answer = ""

        def shows() -> bool:
            nonlocal answer
            met, answer = self._asked(evidence, env)
            return met is True

        if holds_within(shows, _SHOWS_S, poll=_POLL_S, cancelled=self.cancelled):
            return True
        raise ChaosError(f"took_hold was not met within {_SHOWS_S:g} s after the action: {answer}")

    def _asked(self, evidence: Probe, env: SystemUnderTest) -> tuple[bool | None, str]:
        """Whether the evidence is met (None: no answer), and the answer in words."""
        try:
            value = evidence.ask(env)
        except Exception as error:
            return None, f"no answer: {self._mask(str(error) or type(error).__name__)[:_MOST_TOLD]}"
        met = evidence.tolerance is not None and evidence.tolerance.meets(value)
        told = self._mask(repr(value))[:_MOST_TOLD]
        return met, f"got {told}, the tolerance is {self._mask(str(evidence.tolerance))}"

    def heal(self, env: SystemUnderTest) -> None:
        """Wait for the end of the pause: only the file's author knows what undoes it.

        Not in `hold`, which is left out for a fault that did not take hold: the next activity must
        not come early, and an effect that nothing showed must fall into the window.
        """
        if self._called_at is not None:
            self.cancelled.wait(max(0.0, self._called_at + self._lasts_s - time.monotonic()))


class ProcessAction(OutsideAction):
    """Runs a program."""

    kind: ClassVar[str] = "process"

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """The program; its arguments may hold secrets."""
        return self._mask(str(self._provider["path"]))

    def failure(self, answer: Mapping[str, Any]) -> str | None:
        """Its exit code and its last words, unless the code is 0."""
        if answer["status"] == 0:
            return None
        said = str(answer["stderr"] or answer["stdout"]).strip()
        return f"{self._provider['path']} ended with exit code {answer['status']}: {said}"


class HttpAction(OutsideAction):
    """Calls a URL of this machine."""

    kind: ClassVar[str] = "http"

    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """Host, port and path."""
        url = urlsplit(str(self._provider["url"]))
        return self._mask(f"{url.netloc.rpartition('@')[2]}{url.path}")

    def failure(self, answer: Mapping[str, Any]) -> str | None:
        """The status and the body of an error."""
        if answer["status"] < _HTTP_ERROR:
            return None
        return f"the call was answered with HTTP {answer['status']}: {answer['body']}"
