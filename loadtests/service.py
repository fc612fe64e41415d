"""The calls of ADK's API server that customers cause, one request each, and what each one means."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from loadtests.client import Answer, Client
from loadtests.conversation import ConversationPlan
from loadtests.events import (
    CONFIRMATION,
    AgentFailed,
    BadReply,
    EventStream,
    Reply,
    final_reply,
)
from loadtests.shown import Shown, shown
from loadtests.wire import parsed, to_bytes
from reports.records import Outcome, RunClock

AGAIN = frozenset({408, 409, 425, 429})
"""Refusals that pass by themselves; any other 4xx would be the same the next time."""
_SESSION_ID = re.compile(rb"session[\s_-]?id", re.IGNORECASE)


class Observer(Protocol):
    """Told of every request: Locust's statistics."""

    def __call__(self, name: str, seconds: float, size: int, error: str | None) -> None:
        """`name` groups requests of a kind; `error` is None for a success."""


class Attempt(Struct, frozen=True):
    """One request and what it says about the thing asked for."""

    outcome: Outcome
    answer: Answer
    error: str | None = None
    retry: bool = True
    """Whether asking again can help."""
    reply: Reply | None = None
    first_token: float | None = None
    """Run time when the first text of a streamed reply arrived."""
    session: str | None = None
    """The id of the session that was created."""
    shown: Shown | None = None
    """What the answer to a turn showed beside its reply."""


class Service:
    """An ADK agent app behind one address."""

    def __init__(self, client: Client, app: str, clock: RunClock, observe: Observer) -> None:
        self._client, self._app, self._clock, self._observe = client, app, clock, observe
        self._ids_are_ours: bool | None = None
        """Whether the service lets us choose the ids of sessions; None: nobody knows yet."""
        self._in_doubt = False
        """An error that spoke of a session's id: the next session is opened without one."""

    def open_session(self, plan: ConversationPlan, timeout: float, *, maybe_open: bool) -> Attempt:
        """Create the session.  `maybe_open`: an earlier attempt may have created it already.

        The id is ours to choose, unless the service refuses that, as some do: then, from now on,
        the service chooses, and the attempt's `session` says what.  An error of the service may
        have another reason: whether it is a refusal shows when a session without an id of ours is
        opened after it.
        """
        ours = self._ids_are_ours is not False and not self._in_doubt
        self._in_doubt = False
        path = f"/apps/{self._app}/users/{plan.user}/sessions"
        body = to_bytes({"sessionId": plan.session} if ours else {})
        answer, seconds = self._timed("POST", path, body, timeout)
        attempt = _judge(answer)
        if attempt.outcome is Outcome.OK:
            if ours or self._ids_are_ours is None:
                self._ids_are_ours = ours
            attempt = replace(attempt, session=_session_id(answer) or plan.session)
        elif answer.status == 409:
            # The id is ours alone: whoever created it was our own lost attempt.
            attempt = (
                Attempt(Outcome.OK, answer, session=plan.session)
                if maybe_open
                else Attempt(Outcome.FAIL, answer, "HTTP 409: the session exists", retry=False)
            )
        elif ours and self._ids_are_ours is None and _speaks_of_ids(answer):
            if answer.status in (400, 422):
                self._ids_are_ours = False
                attempt = replace(attempt, retry=True)
            else:
                self._in_doubt = True
        self._report("open session", seconds, attempt)
        return attempt

    def run_turn(
        self,
        plan: ConversationPlan,
        message: str,
        turn_id: str,
        timeout: float,
        confirms: tuple[str, ...] = (),
    ) -> Attempt:
        """Send one message and wait for the whole reply.

        With `confirms` (ids of calls) the message is the customer's yes to what the agent asked.
        """
        parts: list[dict[str, Any]] = [{"text": message}]
        if confirms:
            yes = {"name": CONFIRMATION, "response": {"confirmed": True}}
            parts = [{"functionResponse": {"id": call, **yes}} for call in confirms]
        request: dict[str, Any] = {
            "appName": self._app,
            "userId": plan.user,
            "sessionId": plan.session,
            "newMessage": {"role": "user", "parts": parts},
            "customMetadata": {"turn_id": turn_id},
        }
        run = self._streamed if plan.streaming else self._plain
        return run(plan.journey, request, timeout)

    def _plain(self, journey: str, request: dict[str, Any], timeout: float) -> Attempt:
        answer, seconds = self._timed("POST", "/run", to_bytes(request), timeout)
        attempt = _judge(answer)
        if attempt.outcome is Outcome.OK:
            attempt = _with_events(answer)
        self._report(f"{journey} /run", seconds, attempt)
        return attempt

    def _streamed(self, journey: str, request: dict[str, Any], timeout: float) -> Attempt:
        stream = EventStream()
        first_token: float | None = None

        def on_line(line: bytes) -> None:
            nonlocal first_token
            stream.feed(line)
            if first_token is None and stream.has_text:
                first_token = self._clock.now()

        body = to_bytes({**request, "streaming": True})
        answer, seconds = self._timed("POST", "/run_sse", body, timeout, on_line)
        attempt = _judge(answer)
        if attempt.outcome is Outcome.OK:
            attempt = _with_reply(answer, lambda: stream.reply(whole=answer.framed), first_token)
            attempt = replace(attempt, shown=shown(stream.events))
        self._report(f"{journey} /run_sse", seconds, attempt)
        return attempt

    def read_session(self, plan: ConversationPlan, timeout: float) -> Attempt:
        """Read the session back; a 404 is a FAIL that asking again will not change."""
        answer, seconds = self._timed("GET", self._session_path(plan), None, timeout)
        attempt = _judge(answer)
        gone = answer.status == 404
        self._report("audit", seconds, Attempt(Outcome.OK, answer) if gone else attempt)
        return attempt

    def delete_session(self, plan: ConversationPlan, timeout: float) -> Attempt:
        """Delete the session."""
        answer, seconds = self._timed("DELETE", self._session_path(plan), None, timeout)
        attempt = _judge(answer)
        self._report("delete session", seconds, attempt)
        return attempt

    def _session_path(self, plan: ConversationPlan) -> str:
        # An id that the service chose may hold anything.
        session = quote(plan.session, safe="")
        return f"/apps/{self._app}/users/{plan.user}/sessions/{session}"

    def _timed(
        self,
        method: str,
        path: str,
        body: bytes | None,
        timeout: float,
        on_line: Callable[[bytes], None] | None = None,
    ) -> tuple[Answer, float]:
        begun = self._clock.now()
        answer = self._client.send(method, path, body, timeout, on_line)
        return answer, self._clock.now() - begun

    def _report(self, name: str, seconds: float, attempt: Attempt) -> None:
        self._observe(name, seconds, len(attempt.answer.body), attempt.error)


def _parsed(body: bytes) -> Any:
    try:
        return parsed(body)
    except ValueError:
        raise BadReply("the reply is not JSON") from None


def _judge(answer: Answer) -> Attempt:
    """The outcome of a request by what is known of it, whatever it asked for."""
    status = answer.status
    if not answer.sent:
        return Attempt(Outcome.FAIL, answer, f"not sent: {answer.error}")
    if status is None:
        return Attempt(Outcome.INFO, answer, answer.error)
    if 200 <= status < 300:
        if answer.complete:
            return Attempt(Outcome.OK, answer)
        return Attempt(Outcome.INFO, answer, answer.error or "the response is cut off")
    error = f"HTTP {status}: {_excerpt(answer.body)}".rstrip(": ")
    if status >= 500 and not answer.not_run:
        return Attempt(Outcome.INFO, answer, error)
    return Attempt(Outcome.FAIL, answer, error, retry=status >= 500 or status in AGAIN)


def _with_events(answer: Answer) -> Attempt:
    """The reply in the events of an answer that came whole, and what else they show."""
    try:
        events = _parsed(answer.body)
    except BadReply as error:
        return Attempt(Outcome.INFO, answer, str(error))
    attempt = _with_reply(answer, lambda: final_reply(events), None)
    return replace(attempt, shown=shown(events))


def _with_reply(answer: Answer, read: Callable[[], Reply], first_token: float | None) -> Attempt:
    try:
        return Attempt(Outcome.OK, answer, reply=read(), first_token=first_token)
    except AgentFailed as error:
        # It ran to its end: asked again, the message would be in the history twice.
        return Attempt(Outcome.INFO, answer, str(error), retry=False, first_token=first_token)
    except BadReply as error:
        return Attempt(Outcome.INFO, answer, str(error))


def _session_id(answer: Answer) -> str | None:
    try:
        session = parsed(answer.body)
    except ValueError:
        return None
    named = session.get("id") if isinstance(session, dict) else None
    return named if isinstance(named, str) and named else None


def _speaks_of_ids(answer: Answer) -> bool:
    """Whether this may be the refusal of a session id that the client chose."""
    refused = answer.status in (400, 422, 500, 501)
    return refused and _SESSION_ID.search(answer.body[:2000]) is not None


def _excerpt(body: bytes) -> str:
    return " ".join(body[:200].decode("utf-8", "replace").split())
