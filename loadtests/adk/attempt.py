"""One request of a customer and its outcome, the same at every door of a target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from loadtests.adk.artifacts import Saved
from loadtests.adk.client import Answer
from loadtests.adk.events import AgentFailed, BadReply, Reply
from loadtests.adk.manners import is_of_a_gateway, misses_session
from loadtests.adk.shown import Shown
from loadtests.arrivals.conversation import ConversationPlan
from reports.records import Outcome

AGAIN = frozenset({408, 409, 425, 429})
"""Temporary refusals; any other 4xx would be repeated at the next attempt."""


class Observer(Protocol):
    """Called with every request, for Locust's statistics."""

    def __call__(self, name: str, seconds: float, size: int, error: str | None) -> None:
        """`name` groups requests of a kind; `error` is None for a success."""


class Attempt(Struct, frozen=True, gc=False):
    """One request and its outcome."""

    outcome: Outcome
    answer: Answer
    error: str | None = None
    retry: bool = True
    """Whether another attempt can help."""
    reply: Reply | None = None
    first_token: float | None = None
    """Run time when the first text of a streamed reply arrived."""
    session: str | None = None
    """The id of the session that was created."""
    missing: bool = False
    """The service says, by 404 or a message, that the session does not exist."""
    shown: Shown | None = None
    """Further content of the answer to a turn, besides its reply."""


class Door(Protocol):
    """The way in at a target: how its API opens a session, takes a turn and shows a session."""

    deletes: bool
    """Whether sessions can be deleted here."""

    def open_session(self, plan: ConversationPlan, timeout: float, *, maybe_open: bool) -> Attempt:
        """Create the session.  `maybe_open`: an earlier attempt may have created it already."""

    def run_turn(
        self,
        plan: ConversationPlan,
        message: str,
        turn_id: str,
        timeout: float,
        confirms: tuple[str, ...] = (),
    ) -> Attempt:
        """Send one message and wait for the whole reply.

        With `confirms` (ids of calls) the message confirms the agent's requests.
        """

    def read_session(self, plan: ConversationPlan, timeout: float) -> Attempt:
        """Read the session back; a missing one is a FAIL without retry.

        The answer's body is the session as ADK's API server writes it.
        """

    def read_artifact(self, plan: ConversationPlan, artifact: Saved, timeout: float) -> Attempt:
        """Read one version of an artifact; a missing one is a FAIL that is `missing`."""

    def delete_session(self, plan: ConversationPlan, timeout: float) -> Attempt:
        """Delete the session."""


def judged(answer: Answer) -> Attempt:
    """The outcome of any request, by its status and errors."""
    status = answer.status
    if not answer.sent:
        return Attempt(Outcome.FAIL, answer, f"not sent: {answer.error}")
    if status is None:
        return Attempt(Outcome.INFO, answer, answer.error)
    if 200 <= status < 300:
        if answer.complete:
            return Attempt(Outcome.OK, answer)
        return Attempt(Outcome.INFO, answer, answer.error or "the response is cut off")
    if answer.redirect is not None:
        return Attempt(Outcome.FAIL, answer, f"HTTP {status}: {answer.redirect}", retry=False)
    error = f"HTTP {status}: {_excerpt(answer.body)}".rstrip(": ")
    missing = misses_session(answer)
    if status >= 500 and not answer.not_run:
        return Attempt(Outcome.INFO, answer, error, missing=missing)
    again = status >= 500 or status in AGAIN or is_of_a_gateway(answer)
    return Attempt(Outcome.FAIL, answer, error, retry=again, missing=missing)


def with_reply(answer: Answer, read: Callable[[], Reply], first_token: float | None) -> Attempt:
    """The attempt whose reply `read` returns, or whose failure it raises as BadReply."""
    try:
        return Attempt(Outcome.OK, answer, reply=read(), first_token=first_token)
    except AgentFailed as error:
        # The turn ran to its end: a retry would put the message in the history twice.
        return Attempt(Outcome.INFO, answer, str(error), retry=False, first_token=first_token)
    except BadReply as error:
        return Attempt(Outcome.INFO, answer, str(error))


def _excerpt(body: bytes) -> str:
    return " ".join(body[:200].decode("utf-8", "replace").split())
