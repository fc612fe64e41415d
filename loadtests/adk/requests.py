"""The requests of one door: each is sent once, timed, and reported to the observer."""

from __future__ import annotations

from collections.abc import Callable

from loadtests.adk.attempt import Attempt, Observer
from loadtests.adk.client import Answer, Client
from reports.records import RunClock

_LEAST_S = 0.1
"""Time limit of a request that is repeated with another token at the end of its time."""


class Requests:
    """The common part of all doors."""

    def __init__(self, client: Client, clock: RunClock, observe: Observer) -> None:
        self._client, self._clock, self._observe = client, clock, observe

    def _timed(
        self,
        method: str,
        path: str,
        body: bytes | None,
        timeout: float,
        on_line: Callable[[bytes], None] | None = None,
        head: str = "",
    ) -> tuple[Answer, float]:
        """Send one request, and once more with another token if the target refuses this one.

        A request that was refused with 401 was not executed.
        """
        begun, token = self._clock.now(), self._client.token_serial
        answer = self._client.send(method, path, body, timeout, on_line, head)
        if answer.status == 401:
            refused_after, until = self._clock.now() - begun, begun + timeout
            if self._client.renewed(token, timeout - refused_after):
                self._observe("refused token", refused_after, len(answer.body), "HTTP 401")
                left = max(_LEAST_S, until - self._clock.now())
                answer = self._client.send(method, path, body, left, on_line, head)
        return answer, self._clock.now() - begun

    def _report(self, name: str, seconds: float, attempt: Attempt) -> None:
        self._observe(name, seconds, len(attempt.answer.body), attempt.error)
