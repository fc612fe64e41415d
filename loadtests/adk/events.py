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

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from loadtests.adk.agent_event import AgentEvent, read, read_whole
from reports.records import HistoryItem, Seen, digest

CONFIRMATION = "adk_request_confirmation"
"""The call with which ADK asks the customer to confirm a tool's call."""


class BadReply(ValueError):
    """A response that is not a complete reply."""


class AgentFailed(BadReply):
    """The agent reported an error and ended the turn."""


class Reply(Struct, frozen=True, gc=False):
    """The agent's final word in a turn."""

    digest: str | None
    """None: no reply."""
    seen: Seen | None
    asks: tuple[str, ...] = ()
    """The ids of the calls that the customer has to confirm."""
    text: str = ""
    """What the customer reads; empty for a reply of another kind."""


def final_reply(
    events: Any, *, whole: bool = True, told: Sequence[AgentEvent] | None = None
) -> Reply:
    """The reply in the events of one turn.  Raises BadReply when there is none.

    `whole`: the events are known to be complete.  `told`: the same events, if they have been read
    by `read_whole`.
    """
    if not isinstance(events, list):
        raise BadReply("the reply holds no list of events")
    told = read_whole(events) if told is None else told
    by_agent = [event for event in told if not event.by_user]
    if events and not by_agent:
        raise BadReply("the reply holds no whole event of the agent")
    telling = [event for event in by_agent if event.parts or event.error]
    if not telling:
        return Reply(None, None)
    last = telling[-1]
    if last.error:
        raise AgentFailed(f"the agent reported {last.error}")
    asks = _asks(telling)
    called = last.uses_tool and not last.ends_with_tool and not asks
    # ADK runs every called tool, so a call without a result does not end a turn.
    if called and (not whole or not last.holds_result):
        raise BadReply("the reply ends without the agent's text")
    if called or last.word is None:
        ends = [event for event in telling if _kind(event)[0] in ("word", "end")]
        if not ends:
            return Reply(None, None)
        last = ends[-1]
    return Reply(last.word, _seen(last.fields), asks, last.text)


def _asks(events: Iterable[AgentEvent]) -> tuple[str, ...]:
    """The ids of the calls in these events that ask for a confirmation."""
    calls = [
        part["functionCall"]
        for event in events
        if event.uses_tool
        for part in event.parts
        if "functionCall" in part
    ]
    asked = [
        call["id"]
        for call in calls
        if isinstance(call, dict) and call.get("name") == CONFIRMATION and call.get("id")
    ]
    return tuple([str(each) for each in asked])


def _seen(event: dict[str, Any]) -> Seen | None:
    metadata = event.get("customMetadata")
    match metadata.get("diya_seen") if isinstance(metadata, dict) else None:
        case [int(turns), str(rolled)]:
            return Seen(turns, rolled)
        case _:
            return None


class _Entry(Struct, gc=False):
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
    told = [read(event) for event in events if isinstance(event, dict)]
    return tuple([HistoryItem(e.turn_id, e.kind, e.digest) for e in _entries(told)])


def steps(told: Iterable[AgentEvent]) -> tuple[str, ...]:
    """The digests of the steps among these events, as in `history`."""
    return tuple([entry.digest for entry in _entries(told) if entry.kind == "step"])


def _entries(told: Iterable[AgentEvent]) -> list[_Entry]:
    entries = _unsettled_entries(told)
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
    return entries


def _is_another(entry: _Entry, last: _Entry) -> bool:
    """Whether it is another text of the same execution, not the last event stored twice.

    An agent may give the same text in two events; an event stored twice has the same id.  Where
    events have no ids, two texts that differ are two.
    """
    if None in (entry.event_id, last.event_id):
        return entry.digest != last.digest
    return entry.event_id != last.event_id


def _unsettled_entries(told: Iterable[AgentEvent]) -> list[_Entry]:
    """The entries in their order; a `word` or an `end` may still be a step or the reply."""
    entries: list[_Entry] = []
    runs: dict[str, int] = {}
    messages: dict[str | None, int] = {}
    for event in told:
        if not event.parts and not event.error:
            continue
        turn_id = event.turn_id
        invocation = event.fields.get("invocationId")
        answers = event.by_user and event.uses_tool
        run = None
        if not isinstance(invocation, str):
            # Where executions have no ids, each begins with the customer's message.
            count = messages.get(turn_id, 0) + (event.by_user and not answers)
            messages[turn_id] = count
            run = -count or None
        else:
            if answers and invocation not in runs:
                # The customer's answer to the agent's request: the turn continues.
                before = [e.run for e in entries if e.turn_id == turn_id and e.run is not None]
                runs[invocation] = before[-1] if before else len(runs)
            run = runs.setdefault(invocation, len(runs))
        event_id = event.fields.get("id")
        kind, said = _kind(event)
        entries.append(
            _Entry(turn_id, run, event_id if isinstance(event_id, str) else None, kind, said)
        )
    return entries


def _kind(event: AgentEvent) -> tuple[str, str]:
    """The kind of an entry and its digest."""
    if event.uses_tool:
        ends = not event.by_user and event.ends_with_tool
        return "end" if ends else "step", event.word or ""
    if event.by_user:
        return "message", event.word if event.text.strip() and event.word else digest(event.text)
    if event.word is not None:
        return "word", event.word
    return ("word", digest(event.error)) if event.error else ("step", "")
