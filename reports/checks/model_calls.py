"""Checks of the model's calls besides the context: results of tools, and signatures."""

from __future__ import annotations

from reports.gates import GATES
from reports.measures.continuity.joined_calls import join
from reports.measures.continuity.learned import calm_until
from reports.measures.continuity.missing_records import lacks_calls
from reports.measures.continuity.tool_results import evidence, tool_results
from reports.records import Finding, Status
from reports.records.history import History

_EVIDENCE_LINES = 20
_HABIT_SHARE = 0.5
"""An agent that changes so large a share of its signatures in calm does so by design."""
_RESULTS, _SIGNATURES = "continuity.tool_results", "continuity.signatures"


def check_model_calls(history: History) -> list[Finding]:
    """Gate the calls in the log of a stand-in; no finding about what they do not show."""
    return [*_tool_results(history), *_signatures(history)] if len(history.calls) else []


def _tool_results(history: History) -> list[Finding]:
    found = history.once(tool_results)
    if not found.turns:
        return []
    told = f"{len(found.lost)} of {found.turns} turns with a tool lack a result, limit 0"
    if found.not_judged:
        tools = ", ".join(sorted(found.not_judged))
        told += f"; not judged: {tools}, whose results do not always reach the model in calm"
    joined = history.once(join)
    # A call whose line is damaged may have shown the result.
    lost = Status.UNKNOWN if lacks_calls(history) else Status.FAIL
    return [
        Finding(
            check=_RESULTS,
            phase="run",
            status=lost if found.lost else Status.PASS,
            value=len(found.lost),
            limit=0,
            unit="turns",
            summary=f"{GATES[_RESULTS].title}: {told}",
            evidence=tuple(
                evidence(history, joined, row, call)
                for row, call in sorted(found.lost)[:_EVIDENCE_LINES]
            ),
        )
    ]


def _signatures(history: History) -> list[Finding]:
    calls, until = history.calls, calm_until(history)
    returned, changed = sum(calls.returned), sum(calls.changed)
    if not returned and not changed:
        return []
    altered = [call for call, number in enumerate(calls.changed) if number]
    calm = [call for call, t in enumerate(calls.t) if t < until and altered]
    issued = sum(calls.returned[call] + calls.changed[call] for call in calm)
    changed_in_calm = sum(calls.changed[call] for call in calm)
    by_design = changed_in_calm > 0 and changed_in_calm >= _HABIT_SHARE * issued
    told = f"{changed} of {returned + changed} came back with another value"
    if by_design:
        told += ", in calm as well: this agent does so by design"
    return [
        Finding(
            check=_SIGNATURES,
            phase="run",
            status=Status.FAIL if changed and not by_design else Status.PASS,
            value=len(altered),
            limit=None if by_design else 0,
            unit="calls",
            summary=f"{GATES[_SIGNATURES].title}: {told}",
            evidence=tuple(
                f"a call of the model by {calls.agents[calls.agent[call]] or 'the agent'} on "
                f"{calls.callers[calls.caller[call]] or 'a replica without a name'} at "
                f"{calls.t[call]:.3f} s: {calls.changed[call]} signatures have another value"
                for call in altered[:_EVIDENCE_LINES]
            ),
        )
    ]
