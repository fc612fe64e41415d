"""A generator that stalls in one fault excuses the failures of that fault, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.checks import run_checks
from reports.records import Finding
from reports.verdict.verdict import Verdict, judge_findings
from tests.reports.a_run import Run


def judged(directory: Path, *, late_at: float, slow_at: float) -> tuple[Verdict, list[Finding]]:
    """A long run with one fault from 300 to 302 s; customers who were due within a second of
    `late_at` came 2 s late, those of `slow_at` waited 20 s."""
    run = Run(load_end=700.0)
    for number in range(680):
        start = 6.0 + number
        talk = run.conversation(start=start)
        slow, late = abs(start - slow_at) <= 1, abs(start - late_at) <= 1
        talk.turn(took=20.0 if slow else 0.2).turn().audit()
        talk.audit(status="gone", at=talk.ended + 40.0, when="expired")
        if late:
            talk.lag = 2.0
    run.fault("kill-redis", 300.0, 302.0)
    findings = run_checks(run.history(directory))
    return judge_findings(findings), [f for f in findings if f.check == "validity.phase_lag"]


@pytest.mark.parametrize(
    ("late_at", "slow_at", "verdict", "said"),
    [
        (0.0, 0.0, Verdict.GO, False),
        (300.0, 0.0, Verdict.GO, False),  # the late customers were answered in time
        (0.0, 300.0, Verdict.NO_GO, False),
        (500.0, 300.0, Verdict.NO_GO, False),
        (300.0, 300.0, Verdict.INCONCLUSIVE, True),
    ],
)
def test_a_stall_of_the_generator_excuses_the_fault_in_which_it_fell(
    tmp_path: Path, late_at: float, slow_at: float, verdict: Verdict, said: bool
) -> None:
    found, findings = judged(tmp_path, late_at=late_at, slow_at=slow_at)
    assert (found, bool(findings)) == (verdict, said)
    if said:
        assert findings[0].value == pytest.approx(2.0)
        assert "(during kill-redis-1) failed while the generator itself was" in findings[0].summary
