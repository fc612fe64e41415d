"""The message of a failed test: the verdict's screen, the evidence, and the path of the report."""

from __future__ import annotations

from pathlib import Path

from harness.pytest_plugin.expectation import Answer
from reports.render import terminal, view
from reports.render.view import Result

_WIDTH = 100
_EVIDENCE = 6


def failed(answer: Answer, result: Result, path: Path) -> str:
    """The message of an expectation that does not hold."""
    word = "not known" if answer.unknown else "was"
    head = f"expected {answer.expected}: {word} {'; '.join(answer.measured)}"
    return "\n".join([head, "", *_evidence(answer, result), screen(result, path)])


def screen(result: Result, path: Path) -> str:
    """The verdict as `diya report` shows it: gates, faults, latency, memory, the report's path."""
    report = str(path / "report.html")
    return terminal.render(result, color=False, width=_WIDTH, report=report)


def unsound(result: Result, path: Path) -> str:
    """Why a run proves nothing."""
    reasons = "; ".join(view.reasons(result)[:3]) or "no reason was recorded"
    return f"the run is INCONCLUSIVE: {reasons}\n\n{screen(result, path)}"


def _evidence(answer: Answer, result: Result) -> list[str]:
    lines = []
    for gate in view.gates(result):
        if gate.status != "pass" and gate.evidence and gate.name in answer.gates:
            lines.append(f"{gate.summary}:")
            lines += [f"  {line}" for line in gate.evidence[:_EVIDENCE]]
            if len(gate.evidence) > _EVIDENCE:
                lines.append(f"  and {len(gate.evidence) - _EVIDENCE} more in the report")
    return [*lines, ""] if lines else []
