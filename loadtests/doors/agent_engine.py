"""Agent Engine's door: one call for sessions and one for streams, as ADK's `AdkApp` names them.

Both take `{"class_method": …, "input": {…}}`.  The first answers `{"output": …}`, the second one
event a line.  A container has them at `/api/reasoning_engine` and `/api/stream_reasoning_engine`;
an address that ends with `/reasoningEngines/ID` has them at `:query` and `:streamQuery?alt=sse`.

`AdkApp` has no call that answers a turn as a whole, so every turn is a stream.  Its methods have
two names, `async_…` and an older one without; the name that the server accepts is kept.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from loadtests.adk.artifacts import Saved
from loadtests.adk.attempt import Attempt, Observer, judged, with_reply
from loadtests.adk.client import Answer, Client
from loadtests.adk.json_codec import parsed, to_bytes
from loadtests.adk.manners import TurnForm, speaks_of_missing_session
from loadtests.adk.service import Service
from loadtests.adk.session_ids import in_form
from loadtests.adk.shown import shown
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.doors.engine_events import in_adks_form
from loadtests.doors.lines import Lines
from reports.records import Outcome, RunClock

CONTAINER = ("/api/reasoning_engine", "/api/stream_reasoning_engine")
CLOUD = (":query", ":streamQuery?alt=sse")
_RESOURCE = re.compile(r"/reasoningEngines/[^/]+/?$")
_NO_METHOD = (
    r"(method|function|operation|attribute)\W{1,3}NAME\W{1,3}"
    r"(is|was|are)?\s?(not (allowed|found|supported|implemented|available|exposed|callable)"
    r"|unknown|unsupported|unavailable)"
    r"|(unknown|unsupported|invalid|no such|no) (class[\s_]?)?(method|operation|function)"
    r":?\W{1,3}NAME\b"
)
"""Messages about a method that does not exist; NAME is its name."""
_NO_ATTRIBUTE = r"has no attribute\W{1,3}NAME\b"
"""How Python says it, in an error of any status."""


class AgentEngine(Service):
    """An agent behind Agent Engine's API: the door `agent-engine`."""

    def __init__(
        self, client: Client, app: str, clock: RunClock, observe: Observer, target: str
    ) -> None:
        super().__init__(client, app, clock, observe)
        in_cloud = _RESOURCE.search(urlsplit(target).path) is not None
        self._query_path, self._stream_path = CLOUD if in_cloud else CONTAINER
        # A missing session is an error without a reason here.
        self._asks_for_lists = True
        self._turn_form = TurnForm(spellings=1)
        self._prefixes = ["async_", ""]
        """The beginnings of the methods' names to try, in order; one after the first success."""

    def open_session(self, plan: ConversationPlan, timeout: float, *, maybe_open: bool) -> Attempt:
        """As `Door.open_session`; a session that exists is an error without a status of its own."""
        attempt = super().open_session(plan, timeout, maybe_open=maybe_open)
        session = in_form(self._ids.settled, plan.session)
        if not maybe_open or attempt.outcome is Outcome.OK or session is None:
            return attempt
        if attempt.answer.status is None:
            return attempt
        read = self.read_session(dataclasses.replace(plan, session=session), timeout)
        if read.outcome is not Outcome.OK:
            return attempt
        return Attempt(Outcome.OK, read.answer, session=session)

    def _create(
        self, plan: ConversationPlan, session: str | None, timeout: float
    ) -> tuple[Answer, float]:
        named = {} if session is None else {"session_id": session}
        return self._query("create_session", {"user_id": plan.user, **named}, timeout)

    def _get(self, plan: ConversationPlan, timeout: float) -> tuple[Answer, float]:
        return self._query("get_session", _of(plan), timeout)

    def _delete(self, plan: ConversationPlan, timeout: float) -> tuple[Answer, float]:
        return self._query("delete_session", _of(plan), timeout)

    def _list(self, plan: ConversationPlan, timeout: float) -> tuple[Answer, float]:
        return self._query("list_sessions", {"user_id": plan.user}, timeout)

    def _load(
        self, plan: ConversationPlan, artifact: Saved, timeout: float
    ) -> tuple[Answer, float]:
        given = {**_of(plan), "filename": artifact.name, "version": artifact.version}
        return self._query("load_artifact", given, timeout)

    def _query(self, method: str, given: Mapping[str, Any], timeout: float) -> tuple[Answer, float]:
        """The answer whose body is the call's output alone."""
        answer, seconds = self._call(self._query_path, method, given, timeout)
        if judged(answer).outcome is Outcome.OK:
            answer.body = _output(answer.body)
        return answer, seconds

    def _call(
        self,
        path: str,
        method: str,
        given: Mapping[str, Any],
        timeout: float,
        on_line: Callable[[bytes], None] | None = None,
    ) -> tuple[Answer, float]:
        """Call a method by the name that the server knows."""
        spent = 0.0
        for prefix in list(self._prefixes):
            name = f"{prefix}{method}"
            body = to_bytes({"class_method": name, "input": given})
            answer, seconds = self._timed("POST", path, body, timeout, on_line)
            spent += seconds
            if answer.status is not None and 200 <= answer.status < 300:
                self._prefixes = [prefix]
            if not lacks_method(answer, name):
                break
        return answer, spent

    def _plain(self, journey: str, request: dict[str, Any], timeout: float) -> Attempt:
        return self._stream(journey, request, timeout, streaming=False)

    def _streamed(self, journey: str, request: dict[str, Any], timeout: float) -> Attempt:
        return self._stream(journey, request, timeout, streaming=True)

    def _stream(
        self, journey: str, request: dict[str, Any], timeout: float, *, streaming: bool
    ) -> Attempt:
        stream = EngineStream()
        first_token: float | None = None

        def on_line(line: bytes) -> None:
            nonlocal first_token
            stream.feed(line)
            if streaming and first_token is None and stream.has_text:
                first_token = self._clock.now()

        given = {
            "user_id": request["userId"],
            "session_id": request["sessionId"],
            "message": request["newMessage"],
        }
        if (config := _run_config(request, streaming=streaming)) is not None:
            given["run_config"] = config
        answer, seconds = self._call(self._stream_path, "stream_query", given, timeout, on_line)
        attempt = judged(answer)
        if attempt.outcome is Outcome.OK:
            attempt = with_reply(answer, lambda: stream.reply(whole=answer.framed), first_token)
            attempt = replace(attempt, shown=shown(stream.told))
        if answer.status == 200 and not stream.events and not stream.tells_other_trouble:
            # The server begins a stream before it looks for the session, and some end it in order.
            attempt = replace(attempt, missing=True)
        self._report(f"{journey} stream_query", seconds, attempt)
        return attempt

    def run_turn(
        self,
        plan: ConversationPlan,
        message: str,
        turn_id: str,
        timeout: float,
        confirms: tuple[str, ...] = (),
    ) -> Attempt:
        """As `Door.run_turn`; a stream that ends before its first event may lack its session."""
        attempt = super().run_turn(plan, message, turn_id, timeout, confirms)
        if attempt.missing and attempt.answer.status == 200:
            if self.read_session(plan, timeout).missing:
                error = "the session does not exist"
                return replace(attempt, outcome=Outcome.FAIL, retry=False, error=error)
            return replace(attempt, missing=False)
        return attempt


class EngineStream(Lines):
    """Collects the events of a stream of Agent Engine."""

    tells_other_trouble = False
    """Whether it reported an error that does not speak of a missing session."""

    def _take(self, event: Any) -> None:
        if isinstance(event, dict) and "message" in event and "code" in event:
            event = {"error": f"{event['code']} {event['message']}"}
        if isinstance(event, dict) and event.get("error"):
            said = str(event["error"])[:2000].encode()
            self.tells_other_trouble |= not speaks_of_missing_session(said)
        super()._take(in_adks_form(event))


def _run_config(request: Mapping[str, Any], *, streaming: bool) -> dict[str, Any] | None:
    """The settings of a turn; None in the plain form, for servers that refuse them."""
    metadata = request.get("customMetadata")
    if metadata is None:
        return None
    mode = {"streaming_mode": "sse"} if streaming else {}
    return {"custom_metadata": metadata, **mode}


def _of(plan: ConversationPlan) -> dict[str, str]:
    return {"user_id": plan.user, "session_id": plan.session}


def _output(body: bytes) -> bytes:
    """The output in an answer; the answer itself when it has none."""
    try:
        answer = parsed(body)
    except ValueError:
        return body
    if not isinstance(answer, dict) or "output" not in answer:
        return body
    return to_bytes(in_adks_form(answer["output"]))


def lacks_method(answer: Answer, name: str) -> bool:
    """Whether the server says that it has no method of this name, which then was not called.

    Any other error may come from the method itself: called by another name, it would run twice.
    """
    status = answer.status
    if status not in (400, 404, 405, 422, 500, 501):
        return False
    known = _NO_ATTRIBUTE if status == 500 else f"{_NO_METHOD}|{_NO_ATTRIBUTE}"
    said = answer.body[:2000].decode("utf-8", "replace").replace('\\"', '"')
    return re.search(known.replace("NAME", re.escape(name)), said, re.IGNORECASE) is not None
