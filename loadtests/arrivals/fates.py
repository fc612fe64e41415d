"""The record of an arrival that was not played."""

from __future__ import annotations

from loadtests.arrivals import conversation
from loadtests.generator.settings import RunSettings
from reports.records import Arrival, ConversationRecord, Fate


def not_played(run: RunSettings, arrival: Arrival, start: float, fate: Fate) -> ConversationRecord:
    """The record of `arrival` with this fate, for a load that began at run time `start`."""
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
