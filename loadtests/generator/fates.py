"""The record of an arrival that nobody played."""

from __future__ import annotations

from loadtests.arrivals import conversation
from loadtests.generator.settings import RunSettings
from reports.records import Arrival, ConversationRecord, Fate


def not_played(run: RunSettings, arrival: Arrival, start: float, fate: Fate) -> ConversationRecord:
    """What became of `arrival`, of a load that began at run time `start`."""
    plan = conversation.plan(run.profile, arrival, run.run_id, run.journeys)
    return ConversationRecord(
        conversation=plan.index,
        journey=plan.journey,
        user=plan.user,
        session=plan.session,
        due=start + arrival.due,
        started=None,
        opened=None,
        ended=None,
        fate=fate,
        turns_planned=len(plan.messages),
    )
