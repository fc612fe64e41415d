"""Turns in which a tool's result did not reach the model that had called the tool.

Some tools end a turn by design: a loop's exit, a result that needs no summary, one that waits for
a confirmation.  Only tools whose results always reached the model in calm are judged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from reports.measures.continuity.joined_calls import SEVERAL, Joined, join
from reports.measures.continuity.learned import calm_until
from reports.records.history import History
from reports.records.model_calls import CALL, ModelCalls

_CALM_TURNS = 3
"""A tool's results must have reached the model in this many turns in calm."""


@dataclass(slots=True)
class ToolResults:
    """The turns of the load in which the model called a tool."""

    turns: int = 0
    """Those that could be compared."""
    lost: list[tuple[int, int]] = field(default_factory=list)
    """Row of a turn without a result that was due, and the call that asked for it."""
    not_judged: set[str] = field(default_factory=set)
    """Tools with missing results that did not reach the model in calm either, or were not seen
    there."""


def tool_results(history: History) -> ToolResults:
    """Compare the turns whose answers show steps of tools."""
    joined, until = history.once(join), calm_until(history)
    calls, rows = joined.calls, joined.rows
    found = ToolResults()
    suspects: list[tuple[int, int]] = []
    asked_in_calm: Counter[int] = Counter()
    missing_in_calm: Counter[int] = Counter()
    for row, mine in joined.of.items():
        if not (rows.ok[row] and rows.once[row] and rows.stepped[row]):
            continue
        if any(joined.owner[call] == SEVERAL for call in mine):
            continue
        asked = [call for call in mine if calls.answer[call] == CALL]
        if not asked:
            continue
        missing = _missing(calls, mine)
        found.turns += row < rows.loaded
        if rows.until[row] < until:
            asked_in_calm.update({calls.names[call] for call in asked})
            missing_in_calm.update(() if missing is None else (calls.names[missing],))
        if missing is not None and row < rows.loaded:
            suspects.append((row, missing))
    known = {
        tools
        for tools, n in asked_in_calm.items()
        if n >= _CALM_TURNS and not missing_in_calm[tools]
    }
    for row, call in suspects:
        if calls.names[call] in known:
            found.lost.append((row, call))
        else:
            found.not_judged.update(calls.tools[calls.names[call]])
    return found


def _missing(calls: ModelCalls, mine: Sequence[int]) -> int | None:
    """The first call of a turn that asked for a tool whose result no later call shows."""
    if calls.answer[mine[-1]] == CALL:
        return mine[-1]
    by_agent: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for call in mine:
        by_agent[calls.agent[call], calls.caller[call]].append(call)
    for own in by_agent.values():
        for asked, after in pairwise(own):
            if calls.answer[asked] == CALL and calls.results[after] <= calls.results[asked]:
                return asked
    return None


def evidence(history: History, joined: Joined, row: int, call: int) -> str:
    """One line about a turn whose model was not shown a result."""
    calls, rows = joined.calls, joined.rows
    conversation = rows.conversation[row]
    turn = history.turns.of(conversation)[row - rows.first[row]]
    caller = calls.callers[calls.caller[call]] or "a replica without a name"
    tools = ", ".join(calls.tools[calls.names[call]]) or "a tool"
    return (
        f"conversation {conversation}, turn {turn.turn_id}: sent {turn.sent:.3f} s, answered by "
        f"{turn.replica or 'nobody'}; the model called {tools} at {calls.t[call]:.3f} s, asked by "
        f"{caller}, and no later call shows the result"
    )
