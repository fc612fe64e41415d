"""The gate on the model's context, where no violation was found: how much is known?"""

from __future__ import annotations

from typing import NamedTuple

from reports.gates import VIOLATIONS
from reports.measures.continuity.learned import Learned, learn
from reports.measures.continuity.tallies import Tallies
from reports.records import Status
from reports.records.history import History

SILENT_SHARE = 0.01
"""With a larger share of acknowledged turns without a witness, the context is not known."""
_HABIT = 0.5
"""Turns without a call of the model are by design if their share in calm is at least this part of
their share in the run."""
_CALM_TURNS = 10
"""Fewer turns in calm show no habit."""
_MOST_JUDGED = 0.5
"""The gate passes only if so large a share of the turns was judged."""


class Known(NamedTuple):
    """The status of the gate, and whether the verdict leaves it out."""

    status: Status
    summary: str
    out_of_sight: bool = False


def known(history: History, tallies: Tallies) -> Known:
    """The known facts about the context of the replies."""
    if len(history.calls):
        return _by_the_log(history, tallies)
    silent = tallies.acknowledged - tallies.witnessed
    if history.run.model_is_ours:
        if not tallies.witnessed or silent > SILENT_SHARE * tallies.acknowledged:
            of = f"{silent} of {tallies.acknowledged} replies"
            return _unknown(f"not known, {of} had no witness")
    elif history.run.model_is_stand_in:
        return _unknown("not known, the stand-in's log holds no call of the model")
    elif not tallies.witnessed:
        if not history.run.shows_sessions:
            return _unknown(
                "not known: A2A shows tasks, not the agent's session, which may be lost and begun "
                "anew in silence; a stand-in for the model shows it (--model-url)"
            )
        by_histories = "none by the histories that were read back"
        if history.run.foreign:
            return _unknown(f"{by_histories}; the history that the model was shown is not known")
        why = f"{by_histories}; not known of what the model was shown, since the agent's own model "
        why += "gives no witness (not counted; --model stand-in gives one)"
        return _unknown(why, out_of_sight=True)
    return _passed(f"none in {tallies.audited} conversations")


def _by_the_log(history: History, tallies: Tallies) -> Known:
    """By the calls of the model in the stand-in's log."""
    learned = history.once(learn)
    agents = ", ".join(name or "without a name" for name in learned.unjudged())
    turns, judged = tallies.acknowledged, tallies.witnessed
    silent = turns - judged - tallies.by_design
    told = ""
    if silent > SILENT_SHARE * turns:
        of = f"{silent} of {turns} turns"
        if not _is_habit(learned, silent / turns):
            return _unknown(f"not known, no call of the model shows the message of {of}")
        told = f"; no call shows the message of {of}, as in calm"
    if agents:
        told += f"; agent {agents} shows its model less by design, in calm too, and is not judged"
    if judged and judged >= _MOST_JUDGED * turns:
        return _passed(
            f"none in {judged} turns, of which every call of the model was checked{told}"
        )
    return _unknown(f"not known, {judged} of {turns} turns were judged{told} (not counted)", True)


def _is_habit(learned: Learned, share: float) -> bool:
    """Whether turns without a call are about as frequent in calm: the agent answers without its
    model, or rewrites the messages."""
    if learned.calm_turns < _CALM_TURNS or not learned.calm_calls:
        return False
    return learned.calm_silent >= _HABIT * share * learned.calm_turns


def _unknown(why: str, out_of_sight: bool = False) -> Known:
    return Known(Status.UNKNOWN, _titled(why), out_of_sight)


def _passed(why: str) -> Known:
    return Known(Status.PASS, _titled(why))


def _titled(why: str) -> str:
    return f"{VIOLATIONS['context_missed'].title}: {why}"
