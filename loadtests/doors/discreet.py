"""A door whose errors hold none of the values by which requests get in.

A server may repeat a token in an error of any form: in the body of a status, in a line of a stream,
in the result of a call that was answered with 200.  So errors are cleaned where they leave the
door, after which they are recorded and shown.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from loadtests.adk.access import Access
from loadtests.adk.artifacts import Saved
from loadtests.adk.attempt import Attempt, Door, Observer
from loadtests.arrivals.conversation import ConversationPlan


def opener(access: Access, make: Callable[[Observer], Door]) -> Callable[[Observer], Door]:
    """Makes the doors that `make` makes; they and their observers are told no secret."""
    if not access.headers and access.token is None:
        return make

    def made(observe: Observer) -> Door:
        def cleaned(name: str, seconds: float, size: int, error: str | None) -> None:
            observe(name, seconds, size, None if error is None else access.hidden(error))

        return Discreet(make(cleaned), access)

    return made


class Discreet:
    """Passes everything on to another door; see there."""

    def __init__(self, door: Door, access: Access) -> None:
        self._door, self._access = door, access
        self.deletes = door.deletes

    def open_session(self, plan: ConversationPlan, timeout: float, *, maybe_open: bool) -> Attempt:
        """Create the session."""
        return self._cleaned(self._door.open_session(plan, timeout, maybe_open=maybe_open))

    def run_turn(
        self,
        plan: ConversationPlan,
        message: str,
        turn_id: str,
        timeout: float,
        confirms: tuple[str, ...] = (),
    ) -> Attempt:
        """Send one message and wait for the whole reply."""
        return self._cleaned(self._door.run_turn(plan, message, turn_id, timeout, confirms))

    def read_session(self, plan: ConversationPlan, timeout: float) -> Attempt:
        """Read the session back."""
        return self._cleaned(self._door.read_session(plan, timeout))

    def read_artifact(self, plan: ConversationPlan, artifact: Saved, timeout: float) -> Attempt:
        """Read one version of an artifact."""
        return self._cleaned(self._door.read_artifact(plan, artifact, timeout))

    def delete_session(self, plan: ConversationPlan, timeout: float) -> Attempt:
        """Delete the session."""
        return self._cleaned(self._door.delete_session(plan, timeout))

    def _cleaned(self, attempt: Attempt) -> Attempt:
        if attempt.error is None:
            return attempt
        return replace(attempt, error=self._access.hidden(attempt.error))
