"""The record of an arrival that was not played."""

from __future__ import annotations

from loadtests.arrivals.conversation import ConversationPlan
from reports.records import ConversationRecord, Fate


def not_played(plan: ConversationPlan, due: float, fate: Fate) -> ConversationRecord:
    """The record of the conversation of an arrival that was due at run time `due`."""
    return ConversationRecord(
        conversation=plan.index,
        journey=plan.journey,
        user=plan.user,
        session=plan.session,
        due=due,
        started=None,
        opened=None,
        ended=None,
        fate=fate,
        turns_planned=len(plan.messages),
    )
