"""Contents: do sessions hold the answers' tool steps and state, and do replies match the model's?

A user's own agent may rewrite stored or shown texts.  If it does so in most of its turns, that is
intended and counted separately; so is a reply in fewer turns, if it is stored as it was given and
turns without a fault nearby show it often enough.  The reference agent's tools and state have no
such excuse.
"""

from __future__ import annotations

from reports.gates import GATES
from reports.measures.continuity.contents import Compared, Contents, replies_of_others
from reports.measures.continuity.rewritten import is_a_habit
from reports.records import Finding, Status
from reports.records.history import History

HABIT_SHARE = 0.5
"""A difference in a larger share of an agent's turns is by design."""


def findings(contents: Contents, history: History) -> list[Finding]:
    """One finding for each question with recorded data."""
    asked = {
        "continuity.steps": contents.steps,
        "continuity.state": contents.state,
        "continuity.reply": contents.reply,
    }
    found = [
        _finding(gate, compared, contents, history)
        for gate, compared in asked.items()
        if compared.turns
    ]
    if contents.stateless and not contents.state.wrong and not history.run.foreign:
        # A target may keep its state to itself; the service under test shows it in every read.
        found = [finding for finding in found if finding.check != "continuity.state"]
        found.append(_state_unknown(contents.stateless))
    return found


def _state_unknown(conversations: int) -> Finding:
    gate = "continuity.state"
    summary = f"{GATES[gate].title}: not known of {conversations} conversations, whose sessions "
    summary += "were read back without a state"
    return Finding(gate, "run", Status.UNKNOWN, None, 0, "turns", summary)


def _finding(gate: str, compared: Compared, contents: Contents, history: History) -> Finding:
    told = f"all of {compared.turns} turns"
    status: Status = Status.PASS
    limit: float | None = 0.0
    if compared.wrong:
        told = f"{compared.wrong} of {compared.turns} turns are different"
        status, why = _of_differences(gate, compared, contents, history)
        told += why
        limit = None if status is Status.PASS else 0.0
    return Finding(
        check=gate,
        phase="run",
        status=status,
        value=compared.wrong,
        limit=limit,
        unit="turns",
        summary=f"{GATES[gate].title}: {told}",
        evidence=tuple(compared.first),
    )


def _of_differences(
    gate: str, compared: Compared, contents: Contents, history: History
) -> tuple[Status, str]:
    """The status of a gate whose turns differ, and why."""
    wrong = f", in {compared.conversations} conversations"
    if gate == "continuity.reply":
        others = replies_of_others(history.turns, contents.wrong_replies)
        if others:
            (turn, other), *_ = others.items()
            wrong += f"; {len(others)} of them got the reply to another turn, the first in turn "
            return Status.FAIL, f"{wrong}{turn} that to {other}"
    if compared.wrong > HABIT_SHARE * compared.turns and _may_rewrite(gate, history):
        return Status.PASS, "; most turns of this agent do so, by design"
    own_agent = history.run.agent is not None or history.run.foreign
    if gate == "continuity.reply" and own_agent and contents.stored_as_given == compared.wrong:
        wrong_turns = (turn for turn in history.turns if turn.turn_id in contents.wrong_replies)
        if is_a_habit(history, wrong_turns):
            return Status.PASS, f"{wrong}; this agent rewrites them without a fault near, too"
        return (
            Status.UNKNOWN,
            f"{wrong}; their sessions hold what the customers got, so this agent may rewrite "
            "some of its replies",
        )
    return Status.FAIL, wrong


def _may_rewrite(gate: str, history: History) -> bool:
    """Whether the application may intend the difference."""
    return gate == "continuity.reply" or not history.run.model_is_ours
