"""The customers' calls to ADK's API server, one request each, and their outcomes."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from loadtests.adk.agent_event import read_whole
from loadtests.adk.artifacts import Saved
from loadtests.adk.attempt import Attempt, Observer, judged, with_reply
from loadtests.adk.client import Answer, Client
from loadtests.adk.event_names import in_camel_case
from loadtests.adk.event_stream import EventStream
from loadtests.adk.events import CONFIRMATION, BadReply, final_reply
from loadtests.adk.json_codec import not_json, parsed, to_bytes
from loadtests.adk.manners import (
    TurnForm,
    hides_its_reason,
    is_listed,
    is_of_a_gateway,
    refuses_fields,
    session_exists,
    session_name,
)
from loadtests.adk.manners import body as turn_body
from loadtests.adk.requests import Requests
from loadtests.adk.session_ids import SessionIds, in_form
from loadtests.adk.shown import shown
from loadtests.arrivals.conversation import ConversationPlan
from reports.records import Outcome, RunClock

_LIST_CHECKS = 5
"""This many lists may have no answer, as of a server that is away, before they are no evidence."""


class Service(Requests):
    """An ADK agent app behind one address: the door `adk`."""

    deletes = True

    def __init__(self, client: Client, app: str, clock: RunClock, observe: Observer) -> None:
        super().__init__(client, clock, observe)
        self._app = app
        self._ids = SessionIds()
        self._lists_are_true: bool | None = None
        """Whether the service listed a session that it had just shown; None: not checked yet."""
        self._list_checks = 0
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
        answer, seconds = self._create(plan, asked, timeout)
        attempt = judged(answer)
        if attempt.outcome is Outcome.OK:
            self._ids.opened(form)
            attempt = replace(attempt, session=_session_id(answer) or asked or plan.session)
        elif session_exists(answer):
            # The id is unique, so an earlier lost attempt of this client created it.
            attempt = (
                Attempt(Outcome.OK, answer, session=asked)
                if maybe_open and asked is not None
                else Attempt(
                    Outcome.FAIL, answer, f"HTTP {answer.status}: the session exists", retry=False
                )
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
        unclear = status == 403 or hides_its_reason(attempt.answer)
        if (attempt.missing and status >= 500) or unclear:
            # The error may be about something else: the turn may have begun in an existing session.
            # Some servers answer 403 for a missing session, or 500 without a reason.
            missing = self.read_session(plan, timeout).missing
            attempt = replace(attempt, missing=missing, retry=attempt.retry and not missing)
        return attempt

    def _plain(self, journey: str, request: dict[str, Any], timeout: float) -> Attempt:
        answer, seconds = self._timed("POST", "/run", to_bytes(request), timeout)
        attempt = judged(answer)
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
        attempt = judged(answer)
        if attempt.outcome is Outcome.OK:
            attempt = with_reply(answer, lambda: stream.reply(whole=answer.framed), first_token)
            attempt = replace(attempt, shown=shown(stream.told))
        self._report(f"{journey} /run_sse", seconds, attempt)
        return attempt

    def read_session(self, plan: ConversationPlan, timeout: float) -> Attempt:
        """Read the session back; a missing one is a FAIL without retry."""
        answer, seconds = self._get(plan, timeout)
        attempt = judged(answer)
        if attempt.outcome is Outcome.OK and answer.body.strip() == b"null":
            attempt = Attempt(Outcome.FAIL, answer, "the session is null", False, missing=True)
        elif attempt.outcome is Outcome.OK and self._asks_for_lists:
            if self._lists_are_true is None:
                self._lists_are_true = self._listed(plan, timeout)
                self._list_checks += 1
                if self._lists_are_true is None and self._list_checks >= _LIST_CHECKS:
                    self._lists_are_true = False
        elif attempt.missing or (
            (answer.status in (403, 500) or is_of_a_gateway(answer))
            and self._is_not_listed(plan, timeout)
        ):
            attempt = replace(attempt, outcome=Outcome.FAIL, retry=False, missing=True)
        self._report("audit", seconds, Attempt(Outcome.OK, answer) if attempt.missing else attempt)
        return attempt

    def read_artifact(self, plan: ConversationPlan, artifact: Saved, timeout: float) -> Attempt:
        """Read one version of an artifact; without it a FAIL."""
        answer, seconds = self._load(plan, artifact, timeout)
        attempt = judged(answer)
        empty = attempt.outcome is Outcome.OK and answer.body.strip() in (b"", b"null")
        if answer.status == 404 or empty:
            attempt = Attempt(Outcome.FAIL, answer, "no such artifact", False, missing=True)
        self._report(
            "artifact", seconds, Attempt(Outcome.OK, answer) if attempt.missing else attempt
        )
        return attempt

    def delete_session(self, plan: ConversationPlan, timeout: float) -> Attempt:
        """Delete the session."""
        answer, seconds = self._delete(plan, timeout)
        attempt = judged(answer)
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
        answer, seconds = self._list(plan, timeout)
        attempt = judged(answer)
        self._report("list sessions", seconds, attempt)
        try:
            listed = parsed(answer.body) if attempt.outcome is Outcome.OK else None
        except ValueError:
            return None
        return is_listed(listed, plan.session)

    def _create(
        self, plan: ConversationPlan, session: str | None, timeout: float
    ) -> tuple[Answer, float]:
        body = to_bytes({} if session is None else {"sessionId": session})
        return self._timed("POST", self._sessions_path(plan), body, timeout)

    def _get(self, plan: ConversationPlan, timeout: float) -> tuple[Answer, float]:
        return self._timed("GET", self._session_path(plan), None, timeout)

    def _delete(self, plan: ConversationPlan, timeout: float) -> tuple[Answer, float]:
        return self._timed("DELETE", self._session_path(plan), None, timeout)

    def _list(self, plan: ConversationPlan, timeout: float) -> tuple[Answer, float]:
        return self._timed("GET", self._sessions_path(plan), None, timeout)

    def _load(
        self, plan: ConversationPlan, artifact: Saved, timeout: float
    ) -> tuple[Answer, float]:
        return self._timed("GET", f"{self._session_path(plan)}{artifact.path}", None, timeout)

    def _sessions_path(self, plan: ConversationPlan) -> str:
        return f"/apps/{self._app}/users/{plan.user}/sessions"

    def _session_path(self, plan: ConversationPlan) -> str:
        # An id chosen by the service may contain any character.
        session = quote(plan.session, safe="")
        return f"{self._sessions_path(plan)}/{session}"


def _parsed(body: bytes) -> Any:
    try:
        return parsed(body)
    except ValueError:
        raise BadReply(not_json("the reply", body)) from None


def _with_events(answer: Answer) -> Attempt:
    """The reply in the events of a complete answer, and their further content."""
    try:
        events = _parsed(answer.body)
    except BadReply as error:
        return Attempt(Outcome.INFO, answer, str(error))
    if events is None:
        events = []  # Go's empty list
    if not isinstance(events, list):
        return with_reply(answer, lambda: final_reply(events), None)
    events = [in_camel_case(event) for event in events]
    told = read_whole(events)
    attempt = with_reply(answer, lambda: final_reply(events, told=told), None)
    return replace(attempt, shown=shown(told))


def _session_id(answer: Answer) -> str | None:
    try:
        session = parsed(answer.body)
    except ValueError:
        return None
    return session_name(session) if isinstance(session, dict) else None
