"""Assigns stored events to turns, for services that do not store the turn's id (old ADK servers).

The messages are matched to the sent turns by their texts and in their order.  A message stored once
more than it was sent belongs to the last turn with its text, which happened twice.  A message with
a text that was never sent belongs to the turn at its place, if that turn's reply follows.  Texts of
the agent after the acknowledged reply and before the next message belong to no turn.  This cannot
detect a leaked turn of another conversation with the same text.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reports.records import AuditRecord, HistoryItem, Outcome, TurnRecord


def attribute(audit: AuditRecord, turns: Sequence[TurnRecord]) -> AuditRecord:
    """The audit with a turn id on every item that can be assigned."""
    waiting = [turn for turn in turns if turn.outcome is not Outcome.FAIL]
    in_place = _in_place(audit, waiting)
    last_by_message: dict[str, TurnRecord] = {}
    items: list[HistoryItem] = []
    current: TurnRecord | None = None
    answered = False
    for number, item in enumerate(audit.history):
        if item.kind == "message":
            found = in_place.get(number) or next(
                (turn for turn in waiting if turn.message == item.digest), None
            )
            if found is not None:
                waiting.remove(found)
                last_by_message[item.digest] = found
            current, answered = last_by_message.get(item.digest), False
        owner = current
        if current is not None and item.kind == "reply":
            if answered and item.digest != current.reply:
                owner = None
            answered |= item.digest == current.reply
        items.append(HistoryItem(owner.turn_id if owner else None, item.kind, item.digest))
    return msgspec.structs.replace(audit, history=tuple(items))


def _in_place(audit: AuditRecord, sent: Sequence[TurnRecord]) -> dict[int, TurnRecord]:
    """Place of a message with a text that was never sent → its turn.  Only if as many messages are
    there as were sent, and the acknowledged reply follows."""
    places = [n for n, item in enumerate(audit.history) if item.kind == "message"]
    if len(places) != len(sent):
        return {}
    texts = {turn.message for turn in sent}
    found: dict[int, TurnRecord] = {}
    for place, after, turn in zip(places, [*places[1:], None], sent, strict=True):
        answers = {item.digest for item in audit.history[place:after] if item.kind == "reply"}
        if audit.history[place].digest not in texts and turn.reply in answers:
            found[place] = turn
    return found
