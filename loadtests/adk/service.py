"""The customers' calls to ADK's API server, one request each, and their outcomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from loadtests.adk.client import Answer, Client
from loadtests.adk.event_names import in_camel_case
from loadtests.adk.events import (
    CONFIRMATION,
    AgentFailed,
    BadReply,
    EventStream,
    Reply,
    final_reply,
)
from loadtests.adk.json_codec import parsed, to_bytes
from loadtests.adk.manners import (
    TurnForm,
    is_listed,
    misses_session,
    refuses_fields,
)
from loadtests.adk.manners import body as turn_body
from loadtests.adk.session_ids import SessionIds, in_form
from loadtests.adk.shown import Shown, shown
from loadtests.arrivals.conversation import ConversationPlan
from reports.records import Outcome, RunClock

AGAIN = frozenset({408, 409, 425, 429})
"""Temporary refusals; any other 4xx would be repeated at the next attempt."""

_LEAST_S = 0.1
"""Time limit of a request that is repeated with another token at the end of its time."""


class Observer(Protocol):
    """Called with every request, for Locust's statistics."""

    def __call__(self, name: str, seconds: float, size: int, error: str | None) -> None:
        """`name` groups requests of a kind; `error` is None for a success."""


class Attempt(Struct, frozen=True):
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


class Service:
    """An ADK agent app behind one address."""

    def __init__(self, client: Client, app: str, clock: RunClock, observe: Observer) -> None:
        self._client, self._app, self._clock, self._observe = client, app, clock, observe
        self._ids = SessionIds()
        self._lists_are_true: bool | None = None
        """Whether the service listed a session that it had just shown; None: not checked yet."""
        self._asks_for_lists = False
        """A read has failed without a reason, so the list of sessions is needed."""
        self._turn_form = TurnForm()

    def open_session(self, plan: ConversationPlan, timeout: float, *, maybe_open: bool) -> Attempt:
        """Create the session.  `maybe_open`: an earlier attempt may have created it already.

        The client chooses the id if the service accepts it (`loadtests.adk.session_ids`); the
        attempt's `session` is the id in use.
        """
        form = self._ids.form()
        asked = in_form(form, plan.session)
        path = f"/apps/{self._app}/users/{plan.user}/sessions"
        body = to_bytes({} if asked is None else {"sessionId": asked})
        answer, seconds = self._timed("POST", path, body, timeout)
        attempt = _judge(answer)
        if attempt.outcome is Outcome.OK:
            self._ids.opened(form)
            attempt = replace(attempt, session=_session_id(answer) or asked or plan.session)
        elif answer.status == 409:
            # The id is unique, so an earlier lost attempt of this client created it.
            attempt = (
                Attempt(Outcome.OK, answer, session=asked)
                if maybe_open and asked is not None
                else Attempt(Outcome.FAIL, answer, "HTTP 409: the session exists", retry=False)
            )
        elif self._ids.refused(form, answer, attempt.error):
            attempt = replace(attempt, retry=True)
        elif attempt.error is not None:
            attempt = replace(attempt, error=self._ids.given_up(form, attempt.error))
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

        With `confirms` (ids of calls) the message confirms the agent's requests.
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
        first: Attempt | None = None
        for form in self._turn_form.forms():
            attempt = run(plan.journey, turn_body(request, form), timeout)
            if attempt.outcome is Outcome.OK:
                self._turn_form.accepted(form)
            if not refuses_fields(attempt.answer):
                break
            first = first or attempt
        else:
            # Refused in every form, so the first answer is about the message itself.
            attempt = first or attempt
        status = attempt.answer.status or 0
        if (attempt.missing and status >= 500) or status == 403:
            # The error may be about something else: the turn may have begun in an existing session.
            # Some servers answer 403 for a missing session.
            attempt = replace(attempt, missing=self.read_session(plan, timeout).missing)
        return attempt

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
        """Read the session back; a missing one is a FAIL without retry."""
        answer, seconds = self._timed("GET", self._session_path(plan), None, timeout)
        attempt = _judge(answer)
        if attempt.outcome is Outcome.OK and answer.body.strip() == b"null":
            attempt = Attempt(Outcome.FAIL, answer, "the session is null", False, missing=True)
        elif attempt.outcome is Outcome.OK and self._asks_for_lists:
            if self._lists_are_true is None:
                self._lists_are_true = self._listed(plan, timeout) is True
        elif attempt.missing or (
            answer.status in (403, 500) and self._is_not_listed(plan, timeout)
        ):
            attempt = replace(attempt, outcome=Outcome.FAIL, retry=False, missing=True)
        self._report("audit", seconds, Attempt(Outcome.OK, answer) if attempt.missing else attempt)
        return attempt

    def read_artifact(self, plan: ConversationPlan, path: str, timeout: float) -> Attempt:
        """Read one version of an artifact at a path below the session's; without it a FAIL."""
        answer, seconds = self._timed("GET", f"{self._session_path(plan)}{path}", None, timeout)
        attempt = _judge(answer)
        empty = attempt.outcome is Outcome.OK and answer.body.strip() in (b"", b"null")
        if answer.status == 404 or empty:
            attempt = Attempt(Outcome.FAIL, answer, "no such artifact", False, missing=True)
        self._report(
            "artifact", seconds, Attempt(Outcome.OK, answer) if attempt.missing else attempt
        )
        return attempt

    def delete_session(self, plan: ConversationPlan, timeout: float) -> Attempt:
        """Delete the session."""
        answer, seconds = self._timed("DELETE", self._session_path(plan), None, timeout)
        attempt = _judge(answer)
        if attempt.missing:
            attempt = replace(attempt, outcome=Outcome.FAIL, retry=False)
        self._report("delete session", seconds, attempt)
        return attempt

    def _is_not_listed(self, plan: ConversationPlan, timeout: float) -> bool:
        """Whether the service's list of sessions, known to be reliable, lacks this one.

        Some services answer 500, or 403, both for a missing session and for one that they cannot
        read.
        """
        self._asks_for_lists = True
        return bool(self._lists_are_true) and self._listed(plan, timeout) is False

    def _listed(self, plan: ConversationPlan, timeout: float) -> bool | None:
        """Whether the service lists this session among its user's; None: unknown."""
        path = f"/apps/{self._app}/users/{plan.user}/sessions"
        answer, seconds = self._timed("GET", path, None, timeout)
        attempt = _judge(answer)
        self._report("list sessions", seconds, attempt)
        try:
            listed = parsed(answer.body) if attempt.outcome is Outcome.OK else None
        except ValueError:
            return None
        return is_listed(listed, plan.session)

    def _session_path(self, plan: ConversationPlan) -> str:
        # An id chosen by the service may contain any character.
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
        """Send one request, and once more with another token if the target refuses this one.

        A request that was refused with 401 was not executed.
        """
        begun, token = self._clock.now(), self._client.token_serial
        answer = self._client.send(method, path, body, timeout, on_line)
        if answer.status == 401:
            refused_after, until = self._clock.now() - begun, begun + timeout
            if self._client.renewed(token, timeout - refused_after):
                self._observe("refused token", refused_after, len(answer.body), "HTTP 401")
                left = max(_LEAST_S, until - self._clock.now())
                answer = self._client.send(method, path, body, left, on_line)
        return answer, self._clock.now() - begun

    def _report(self, name: str, seconds: float, attempt: Attempt) -> None:
        self._observe(name, seconds, len(attempt.answer.body), attempt.error)


def _parsed(body: bytes) -> Any:
    try:
        return parsed(body)
    except ValueError:
        raise BadReply("the reply is not JSON") from None


def _judge(answer: Answer) -> Attempt:
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
    again = status >= 500 or status in AGAIN
    return Attempt(Outcome.FAIL, answer, error, retry=again, missing=missing)


def _with_events(answer: Answer) -> Attempt:
    """The reply in the events of a complete answer, and their further content."""
    try:
        events = _parsed(answer.body)
    except BadReply as error:
        return Attempt(Outcome.INFO, answer, str(error))
    if isinstance(events, list):
        events = [in_camel_case(event) for event in events]
    attempt = _with_reply(answer, lambda: final_reply(events), None)
    return replace(attempt, shown=shown(events))


def _with_reply(answer: Answer, read: Callable[[], Reply], first_token: float | None) -> Attempt:
    try:
        return Attempt(Outcome.OK, answer, reply=read(), first_token=first_token)
    except AgentFailed as error:
        # The turn ran to its end: a retry would put the message in the history twice.
        return Attempt(Outcome.INFO, answer, str(error), retry=False, first_token=first_token)
    except BadReply as error:
        return Attempt(Outcome.INFO, answer, str(error))


def _session_id(answer: Answer) -> str | None:
    try:
        session = parsed(answer.body)
    except ValueError:
        return None
    return _named(session) if isinstance(session, dict) else None


def _named(session: dict[str, Any]) -> str | None:
    """The id of a session, under any of the servers' names for it."""
    for key in ("id", "sessionId", "session_id"):
        named = session.get(key)
        if isinstance(named, str | int) and not isinstance(named, bool) and named != "":
            return str(named)
    inner = session.get("session")
    return _named(inner) if isinstance(inner, dict) else None


def _excerpt(body: bytes) -> str:
    return " ".join(body[:200].decode("utf-8", "replace").split())
