"""Contents: is what the answers showed stored once, and did the customer get what was said?

An agent of the user's own may rewrite what it stores or says.  Where that is so in most of its
turns, it is how the agent works: it is counted apart.  The tools and the state of the reference
agent have no such excuse.
"""

from __future__ import annotations

from reports.gates import GATES
from reports.measures.continuity.contents import Compared, Contents
from reports.records import Finding, Status
from reports.records.history import History

HABIT_SHARE = 0.5
"""An agent that differs in more of its turns than this does so by design."""


def findings(contents: Contents, history: History) -> list[Finding]:
    """One finding for each question of which something was recorded."""
    asked = {
        "continuity.steps": contents.steps,
        "continuity.state": contents.state,
        "continuity.reply": contents.reply,
    }
    return [_finding(gate, compared, history) for gate, compared in asked.items() if compared.turns]


def _finding(gate: str, compared: Compared, history: History) -> Finding:
    title, told = GATES[gate].title, f"{compared.wrong} of {compared.turns} turns are different"
    status = Status.PASS
    limit: float | None = 0.0
    if not compared.wrong:
        told = f"all of {compared.turns} turns"
    elif compared.wrong > HABIT_SHARE * compared.turns and _may_rewrite(gate, history):
        told = f"{told}; an agent that does so in most turns means to"
        limit = None
    else:
        status, told = Status.FAIL, f"{told}, in {compared.conversations} conversations"
    return Finding(
        check=gate,
        phase="run",
        status=status,
        value=compared.wrong,
        limit=limit,
        unit="turns",
        summary=f"{title}: {told}",
        evidence=tuple(compared.first),
    )


def _may_rewrite(gate: str, history: History) -> bool:
    """Whether an application may have meant the difference."""
    return gate == "continuity.reply" or not history.run.model_is_ours
