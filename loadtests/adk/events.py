"""Reading ADK's events: the reply in a response, the messages in a session.  Pure functions.

A turn may end in several legal ways:

    text, or content of another kind (an image)        the reply
    a call of a long-running tool, a tool's result     the reply: the agent has nothing to add
        that is not to be summarised
    any other tool's result, and nothing after it      the reply is what it said before, if anything
    a request to confirm a tool's call                 the customer confirms, the turn goes on
    nothing said (empty text, thoughts, no events)     a silent turn: it happened, unanswered
    an error event                                     AgentFailed

Events without content (state deltas, artifacts) may come anywhere, and mean nothing to a customer.

BadReply (a ValueError)
    A response that is not a complete reply; the text says why.
└── AgentFailed
    Complete, but the agent's last event is an error: asking again would be another turn.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reports.records import HistoryItem, Seen, digest

CONFIRMATION = "adk_request_confirmation"
"""The call with which ADK asks the customer to confirm a tool's call."""
LATER = "+"
"""Separates a turn id from the number of a later request of the same turn."""


class BadReply(ValueError):
    """A response that is not a complete reply."""


class AgentFailed(BadReply):
    """The agent reported an error and ended the turn."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The agent's final word in a turn."""

    digest: str | None
    """None: no reply."""
    seen: Seen | None
    asks: tuple[str, ...] = ()
    """The ids of the calls that the customer has to confirm."""
    text: str = ""
    """What the customer reads; empty for a reply of another kind."""


def parts_of(event: Any) -> list[dict[str, Any]]:
    """The parts of an event's content; empty for an event without any."""
    content = event.get("content") if isinstance(event, dict) else None
    parts = content.get("parts") if isinstance(content, dict) else None
    return [_without_nulls(part) for part in parts or [] if isinstance(part, dict)]


def _without_nulls(part: dict[str, Any]) -> dict[str, Any]:
    """The part without its fields that are null, in which some servers write what is not there."""
    if None in part.values():
        part = {name: value for name, value in part.items() if value is not None}
    for name in ("functionCall", "functionResponse"):
        inner = part.get(name)
        if isinstance(inner, dict) and None in inner.values():
            part = {**part, name: {n: value for n, value in inner.items() if value is not None}}
    return part


def text_of(parts: list[dict[str, Any]]) -> str:
    """All text in the parts of an event, thoughts left out."""
    texts = [part.get("text") for part in parts if not part.get("thought")]
    return "".join([text for text in texts if isinstance(text, str)])


def shows_text(event: Any) -> bool:
    """Whether the customer sees a text in it."""
    return event.get("author") != "user" and bool(text_of(parts_of(event)))


def _calls_a_tool(parts: list[dict[str, Any]]) -> bool:
    return any("functionCall" in part or "functionResponse" in part for part in parts)


def _is_a_result(parts: list[dict[str, Any]]) -> bool:
    return any("functionResponse" in part for part in parts)


def _ends_with_a_tool(event: dict[str, Any]) -> bool:
    """Whether a tool's call or result is meant to be the end of the turn."""
    actions = event.get("actions")
    skips = isinstance(actions, dict) and bool(actions.get("skipSummarization"))
    return skips or bool(event.get("longRunningToolIds"))


_ENDS = frozenset(
    [
        *("MAX_TOKENS", "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "SPII", "OTHER"),
        *("PROHIBITED_CONTENT", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "NO_IMAGE"),
        *("IMAGE_RECITATION", "IMAGE_OTHER"),
    ]
)
"""Normal reasons for a model's stop that ADK also puts in `errorCode` when it streams."""


def _error(event: dict[str, Any], parts: list[dict[str, Any]]) -> str | None:
    """The error of an event; None when the model gave a text before it stopped, for any reason."""
    code, message = event.get("errorCode"), event.get("errorMessage")
    if not code and not message:
        return None
    if code and (code == event.get("finishReason") or code in _ENDS) and word(parts) is not None:
        return None
    return " ".join(str(each) for each in (code, message) if each)


_NOTHING_SAID = frozenset({"text", "thought", "thoughtSignature"})
"""The fields of a part that say nothing, beside a text: a model signs its thoughts."""


def word(parts: list[dict[str, Any]]) -> str | None:
    """The digest of the text that these parts show to the customer; None without a text."""
    text = text_of(parts)
    if text.strip() and not _calls_a_tool(parts):
        return digest(text)
    said = [part for part in parts if not part.get("thought") and set(part) - _NOTHING_SAID]
    if not said:
        return None
    return digest(json.dumps(said, sort_keys=True, ensure_ascii=False))


def final_reply(events: Any, *, whole: bool = True) -> Reply:
    """The reply in the events of one turn.  Raises BadReply when there is none.

    `whole`: the events are known to be complete.
    """
    if not isinstance(events, list):
        raise BadReply("the reply holds no list of events")
    final = [
        event
        for event in events
        if isinstance(event, dict) and event.get("author") != "user" and not event.get("partial")
    ]
    if events and not final:
        raise BadReply("the reply holds no whole event of the agent")
    # This runs for every turn, so the parts of an event are extracted once.
    told = [(event, parts_of(event)) for event in final]
    telling = [(event, parts) for event, parts in told if parts or _error(event, parts)]
    if not telling:
        return Reply(None, None)
    last, parts = telling[-1]
    if error := _error(last, parts):
        raise AgentFailed(f"the agent reported {error}")
    asks = _asks([part for _, parts in telling for part in parts])
    called = _calls_a_tool(parts) and not _ends_with_a_tool(last) and not asks
    # ADK runs every called tool, so a call without a result does not end a turn.
    if called and (not whole or not _is_a_result(parts)):
        raise BadReply("the reply ends without the agent's text")
    said = None if called else word(parts)
    if said is None:
        ends = [each for each in telling if _kind(*each, _error(*each))[0] in ("word", "end")]
        if not ends:
            return Reply(None, None)
        last, parts = ends[-1]
        said = word(parts)
    return Reply(said, _seen(last), asks, text_of(parts))


def _asks(parts: list[dict[str, Any]]) -> tuple[str, ...]:
    """The ids of the calls, among these parts of events, that ask for a confirmation."""
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    asked = [
        call["id"]
        for call in calls
        if isinstance(call, dict) and call.get("name") == CONFIRMATION and call.get("id")
    ]
    return tuple(str(each) for each in asked)


def _seen(event: dict[str, Any]) -> Seen | None:
    metadata = event.get("customMetadata")
    match metadata.get("diya_seen") if isinstance(metadata, dict) else None:
        case [int(turns), str(rolled)]:
            return Seen(turns, rolled)
        case _:
            return None


@dataclass(slots=True)
class _Entry:
    """One event of a session, before it becomes a HistoryItem."""

    turn_id: str | None
    run: int | None
    """The execution of the agent that it belongs to; None: not known."""
    event_id: str | None
    kind: str
    """`message`, `step`, `word` (said to the customer) or `end` (a tool's, perhaps the last)."""
    digest: str


def history(events: Iterable[Any]) -> tuple[HistoryItem, ...]:
    """The messages, steps and replies of a session; events without content are left out.

    Of several texts in one execution of the agent (one `invocationId`) the last is the reply, since
    an agent may announce its actions first.  Two executions have two replies.
    """
    entries = _entries(events)
    later: dict[tuple[str | None, int | None], _Entry] = {}
    last_of_turn: dict[str | None, _Entry] = {}
    for entry in reversed(entries):
        if entry.kind in ("message", "step"):
            continue
        after = later.get((entry.turn_id, entry.run))
        if entry.kind == "end":
            entry.kind = "step" if entry.turn_id in last_of_turn else "reply"
        elif after is not None and entry.run is not None and _is_another(entry, after):
            entry.kind = "step"
        else:
            entry.kind = "reply"
        later.setdefault((entry.turn_id, entry.run), entry)
        last_of_turn.setdefault(entry.turn_id, entry)
    return tuple(HistoryItem(e.turn_id, e.kind, e.digest) for e in entries)


def _is_another(entry: _Entry, last: _Entry) -> bool:
    """Whether it is another text of the same execution, not the last event stored twice.

    An agent may give the same text in two events; an event stored twice has the same id.  Where
    events have no ids, two texts that differ are two.
    """
    if None in (entry.event_id, last.event_id):
        return entry.digest != last.digest
    return entry.event_id != last.event_id


def _entries(events: Iterable[Any]) -> list[_Entry]:
    entries: list[_Entry] = []
    runs: dict[str, int] = {}
    messages = Counter[str | None]()
    for event in events:
        if not isinstance(event, dict):
            continue
        parts = parts_of(event)
        error = _error(event, parts)
        if not parts and not error:
            continue
        turn_id = turn_of(event)
        invocation = event.get("invocationId")
        answers = event.get("author") == "user" and _calls_a_tool(parts)
        run = None
        if not isinstance(invocation, str):
            # Where executions have no ids, each begins with the customer's message.
            messages[turn_id] += event.get("author") == "user" and not answers
            run = -messages[turn_id] or None
        else:
            if answers and invocation not in runs:
                # The customer's answer to the agent's request: the turn continues.
                before = [e.run for e in entries if e.turn_id == turn_id and e.run is not None]
                runs[invocation] = before[-1] if before else len(runs)
            run = runs.setdefault(invocation, len(runs))
        event_id = event.get("id")
        kind, said = _kind(event, parts, error)
        entries.append(
            _Entry(turn_id, run, event_id if isinstance(event_id, str) else None, kind, said)
        )
    return entries


def _kind(event: dict[str, Any], parts: list[dict[str, Any]], error: str | None) -> tuple[str, str]:
    """The kind of an entry and its digest."""
    said = word(parts)
    if event.get("author") == "user" and not _calls_a_tool(parts):
        return "message", digest(text_of(parts))
    if _calls_a_tool(parts):
        ends = event.get("author") != "user" and _ends_with_a_tool(event)
        return "end" if ends else "step", said or ""
    if said is not None:
        return "word", said
    return ("word", digest(error)) if error else ("step", "")


def turn_of(event: dict[str, Any]) -> str | None:
    """The id of the turn that an event belongs to; None when it carries none."""
    metadata = event.get("customMetadata")
    turn_id = metadata.get("turn_id") if isinstance(metadata, dict) else None
    return turn_id.partition(LATER)[0] if isinstance(turn_id, str) else None
