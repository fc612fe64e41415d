"""The answer of a capacity run: on the screen, and in the files beside `capacity.json`."""

from __future__ import annotations

from pathlib import Path

from reports.basics.exit_codes import ExitCode
from reports.capacity.figure import Figure
from reports.capacity.findings import CapacityFindings


def answer_and_show(root: Path, findings: CapacityFindings, *, quiet: bool = False) -> int:
    """Print the answer; returns the exit code."""
    found = findings.sustainable
    if found is None or found.rate.value is None:
        print(f"capacity unknown  {root}")
        return ExitCode.INCONCLUSIVE
    print(f"sustainable {_shown(found.rate)}  {root}")
    if not quiet:
        print(f"limited by {found.limited_by}; predicted {_shown(found.predicted)}")
    return ExitCode.GO


def _shown(figure: Figure) -> str:
    if figure.value is None:
        return "unknown"
    ends = (
        ""
        if figure.low is None or figure.high is None
        else f" [{figure.low:.1f} – {figure.high:.1f}]"
    )
    return f"{figure.value:.1f} {figure.unit}{ends}"
