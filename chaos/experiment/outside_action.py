"""Actions of a file that are not diya's: a program that is run, an HTTP call on this machine.

Their effect is not known here.  So the fault lasts from the call to the end of the pause after it,
and it took hold if the call succeeded.  A rollback, or a later action, undoes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, ClassVar
from urllib.parse import urlsplit

from chaos.errors import ChaosError
from chaos.faults.base import Area, Fault
from chaos.faults.drawing import Drawing, NeverDrawn
from chaos.fleet.environment import SystemUnderTest

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
    ) -> None:
        super().__init__()
        self._provider, self._call = provider, call
        self._lasts_s, self._mask = lasts_s, mask

    def inject(self, env: SystemUnderTest) -> None:
        """Make the call.  Raises ChaosError when it does not succeed."""
        try:
            answer = self._call()
        except Exception as error:
            raise ChaosError(self._mask(str(error) or type(error).__name__)) from None
        if (why := self.failure(answer)) is not None:
            raise ChaosError(self._mask(why)[:_MOST_TOLD])

    def failure(self, answer: Mapping[str, Any]) -> str | None:
        """Why an answer is no success; None: it is one."""
        raise NotImplementedError

    def verify(self, env: SystemUnderTest) -> bool:
        """A call that succeeded took hold."""
        return True

    def hold(self) -> None:
        """Wait for the pause after it."""
        self.cancelled.wait(self._lasts_s)

    def heal(self, env: SystemUnderTest) -> None:
        """Nothing: only the file's author knows what undoes it."""


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
