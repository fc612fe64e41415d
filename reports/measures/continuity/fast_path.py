"""A fast path for conversations without anything to explain.

Every turn was acknowledged at the first attempt and within the TTL of the previous one, every reply
has the right witness, and every read showed exactly the acknowledged turns or a session that had to
be gone.  All other conversations take the slow path (`reports.checks.continuity`), which has the
same results for these.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from msgspec import Struct

from reports.measures.continuity.session_model import CLOCK_S, was_asked_again
from reports.records import AuditRecord, ConversationRecord, Outcome, TurnRecord

_OK = Outcome.OK
"""A local alias, since looking an enum member up takes as long as ten comparisons."""


class Blameless(Struct, frozen=True, gc=False):
    """The contribution of such a conversation to the tallies."""

    audited: bool
    """Whether it was read back and found."""
    read_late: int
    """Reads at a time when the session must be gone."""


def turns_are(
    record: ConversationRecord,
    turns: Sequence[TurnRecord],
    audits: Sequence[AuditRecord],
    ttl: float,
    witnessed: bool = False,
) -> bool:
    """Whether the turns need no explanation, and the session was read and deleted after them.

    There is at least one turn, and the session was opened.  `witnessed`: the log of the calls of
    the model shows that each turn had its whole context, and replies need no witness.
    """
    last_sent = _last_sent(record, turns, ttl, witnessed)
    if last_sent is None:
        return False
    if record.deleted is not None and record.deleted < last_sent:
        return False
    return not audits or audits[0].at >= last_sent


def _last_sent(
    record: ConversationRecord, turns: Sequence[TurnRecord], ttl: float, witnessed: bool
) -> float | None:
    """When the last turn was sent; None if a turn needs the slow path."""
    kept = record.due if record.started is None else record.started
    rolled, longest = "", ttl - CLOCK_S
    for number, turn in enumerate(turns, 1):
        seen = turn.seen
        if turn.outcome is not _OK or turn.attempts != 1:
            return None
        if turn.unsure or turn.reopened is not None or turn.done - kept >= longest:
            return None
        if witnessed:
            kept = turn.sent
            continue
        if seen is None or seen.turns != number:
            return None
        # `chain`, one step at a time; the digests hold no white space.
        rolled = sha256((rolled + turn.message).encode()).hexdigest()[:16]
        if seen.chain != rolled:
            return None
        kept = turn.sent
    return kept


def audits_are(
    record: ConversationRecord,
    turns: Sequence[TurnRecord],
    audits: Sequence[AuditRecord],
    ttl: float,
) -> Blameless | None:
    """The contribution of a session's reads after plain turns; None: one needs the slow path."""
    kept, latest = turns[-1].sent, max([turn.done for turn in turns])
    late, audited, gone, again = 0, False, False, False
    for audit in audits:
        if gone:
            return None
        deleted = record.deleted is not None and audit.at >= record.deleted
        must_be_gone = deleted or audit.at - latest > ttl + CLOCK_S
        again = again or was_asked_again(audit, latest)
        if again and must_be_gone:
            return None
        latest = max(latest, audit.done)
        if audit.status == "gone":
            gone = True
            if must_be_gone:
                late += 1
            elif audit.done - kept < ttl - CLOCK_S:
                return None
        elif audit.status != "found" or must_be_gone or not _shows(audit, record.user, turns):
            return None
        else:
            audited = True
    return Blameless(audited=audited, read_late=late)


def _shows(audit: AuditRecord, user: str, turns: Sequence[TurnRecord]) -> bool:
    """Whether the read shows exactly these turns."""
    if audit.user != user or not audit.history:
        return False
    if audit.history[-1].turn_id != turns[-1].turn_id:
        return False  # most losses are at the end
    due = iter(turns)
    turn: TurnRecord | None = None
    turn_id = ""
    for item in audit.history:
        kind = item.kind
        if turn is None:
            turn = next(due, None)
            if turn is None or kind != "message" or item.digest != turn.message:
                return False
            turn_id = turn.turn_id
        elif kind == "reply":
            if item.digest != turn.reply:
                return False
            turn = None
        elif kind != "step":
            return False
        if item.turn_id != turn_id:
            return False
    return turn is None and next(due, None) is None
