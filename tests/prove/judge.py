"""The violations in a history, given the turns that were sent and answered.  Pure functions."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.records import chain, digest

Events = Sequence[Mapping[str, Any]]

SERVERS_LOSS = "server's loss"
"""A conversation lost data that Redis itself had acknowledged and lost: not the service's fault."""

KINDS = (
    "lost",
    "duplicated",
    "half-turn",
    "forked",
    "reordered",
    "phantom",
    "other reply",
    "lost update",
    "stuck",
    SERVERS_LOSS,
)


@dataclass(frozen=True)
class Violation:
    """One thing that must not be."""

    kind: str
    """One of KINDS."""
    evidence: str


@dataclass(frozen=True)
class Sent:
    """A turn that a customer sent."""

    id: str
    text: str
    replies: tuple[Events, ...]
    """Every reply that came back; none for a turn that was never answered."""


def judge(history: Events, sent: Sequence[Sent], *, ordered: bool = True) -> list[Violation]:
    """The violations in one session's history.

    `ordered`: each turn was sent only after the one before it was answered.
    """
    blocks = [(turn, list(events)) for turn, events in itertools.groupby(history, key=turn_of)]
    rows = Counter(turn for turn, _ in blocks)
    known = {turn.id for turn in sent}
    found = [Violation("phantom", f"{turn} was never sent") for turn in rows if turn not in known]
    for turn in sent:
        mine = [event for event in history if turn_of(event) == turn.id]
        found += _one_turn(turn, mine, rows[turn.id])
    found += _witnessed(history)
    place = {turn.id: number for number, turn in enumerate(sent)}
    row = [turn for turn, _ in blocks if turn in place]
    if ordered and row != sorted(row, key=place.__getitem__):
        found.append(Violation("reordered", f"history has {row}"))
    return found


def differences(history: Events, reference: Events) -> list[Violation]:
    """Where a history says something else than an undisturbed run of the same script."""
    found = []
    for number, (event, wanted) in enumerate(zip(history, reference, strict=False)):
        if essence(event) != essence(wanted):
            found.append(
                Violation(
                    "other reply",
                    f"event {number} of {turn_of(event)}: {essence(event)}, "
                    f"undisturbed: {essence(wanted)}",
                )
            )
    return found


def essence(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event without the parts that differ in every run: random ids, times, the turn's name."""
    kept = {
        key: value
        for key, value in event.items()
        if key not in ("id", "timestamp", "invocationId", "customMetadata")
    }
    metadata = dict(event.get("customMetadata") or {})
    metadata.pop("turn_id", None)
    parts = [_part(part) for part in event["content"]["parts"]]
    return {**kept, "customMetadata": metadata, "content": {**event["content"], "parts": parts}}


def turn_of(event: Mapping[str, Any]) -> str:
    """The id of the turn to which an event belongs."""
    return str((event.get("customMetadata") or {}).get("turn_id", ""))


def tally(violations: Iterable[Violation]) -> Counter[str]:
    """How many of each kind."""
    return Counter(violation.kind for violation in violations)


def _one_turn(turn: Sent, mine: Events, rows: int) -> list[Violation]:
    if not mine:
        gone = f"{turn.id} was answered and is not in the history"
        return [Violation("lost", gone)] if turn.replies else []
    found = []
    messages = [event for event in mine if event["author"] == "user"]
    replies = [event for event in mine if event["author"] != "user"]
    finals = [event for event in replies if _final(event)]
    if len(messages) > 1 or len(finals) > 1:
        found.append(
            Violation("duplicated", f"{turn.id}: {len(messages)} messages, {len(finals)} replies")
        )
    elif not _complete(mine):
        found.append(
            Violation("half-turn", f"{turn.id}: only {[event['author'] for event in mine]}")
        )
    elif rows > 1:
        found.append(Violation("forked", f"{turn.id} stands in {rows} places"))
    if any(_text(message) != turn.text for message in messages):
        found.append(Violation("other reply", f"{turn.id}: another message is stored"))
    if any(list(reply) != list(replies) for reply in turn.replies):
        found.append(Violation("other reply", f"{turn.id}: the answer is not the stored one"))
    return found


def _complete(mine: Events) -> bool:
    calls = [part for event in mine for part in _parts(event) if "functionCall" in part]
    answers = [part for event in mine for part in _parts(event) if "functionResponse" in part]
    return mine[0]["author"] == "user" and _final(mine[-1]) and len(calls) == len(answers)


def _witnessed(history: Events) -> list[Violation]:
    """Each reply must have been made in sight of all customer messages that stand before it."""
    found, digests = [], list[str]()
    for event in history:
        if event["author"] == "user":
            digests.append(digest(_text(event)))
            continue
        seen = (event.get("customMetadata") or {}).get("diya_seen")
        if _final(event) and seen != [len(digests), chain(digests)]:
            found.append(
                Violation(
                    "forked",
                    f"{turn_of(event)} was answered in sight of {seen and seen[0]} messages, "
                    f"{len(digests)} stand before it",
                )
            )
    return found


def _final(event: Mapping[str, Any]) -> bool:
    parts = _parts(event)
    return event["author"] != "user" and bool(parts) and "text" in parts[-1]


def _parts(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list((event.get("content") or {}).get("parts") or [])


def _text(event: Mapping[str, Any]) -> str:
    return "".join(part.get("text", "") for part in _parts(event))


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    """A part without the id that pairs a call with its response."""
    return {
        key: {k: v for k, v in value.items() if k != "id"} if isinstance(value, dict) else value
        for key, value in part.items()
    }
