"""Whose turn is it?  For services that drop the turn's id from what they store (old ADK servers).

The messages are matched to the turns that were sent, by their texts and in their order.  A message
seen once more than it was sent belongs to the last turn that said it: it happened twice.  One of a
text that nobody sent is the message of the turn in its place, if that turn's reply follows.  What
the agent says after the reply that was acknowledged, and before the next message, belongs to no
turn.  What this cannot see is a leak of another conversation's turn with the same text.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reports.records import AuditRecord, HistoryItem, Outcome, TurnRecord


def attribute(audit: AuditRecord, turns: Sequence[TurnRecord]) -> AuditRecord:
    """The audit with a turn id on every item that can be given one."""
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
    """The turns of messages with a text that nobody sent, by the messages' places: as many messages
    are there as were sent, and the reply that was acknowledged follows."""
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
