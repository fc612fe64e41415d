"""The record of an arrival that nobody played."""

from __future__ import annotations

from loadtests import conversation
from loadtests.profile import Profile
from reports.records import Arrival, ConversationRecord, Fate


def not_played(
    profile: Profile, arrival: Arrival, run_id: str, start: float, fate: Fate
) -> ConversationRecord:
    """What became of `arrival`, of a load that began at run time `start`."""
    plan = conversation.plan(profile, arrival, run_id)
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
