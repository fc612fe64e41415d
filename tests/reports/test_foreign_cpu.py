"""A busy machine excuses a slow service, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.checks import run_checks
from reports.records import Finding, Sample, Status
from reports.records.history import History
from reports.verdict.verdict import Verdict, judge_findings
from tests.reports.a_run import Run, redis_samples, whole


def run(*, took: float = 0.2, fault_took: float = 0.2) -> Run:
    """Forty conversations and a fault from 20 to 22 s, during which turns take `fault_took`."""
    made = Run()
    for number in range(40):
        start = 6.0 + number
        hit = 19.0 <= start <= 21.0
        conversation = made.conversation(start=start)
        conversation.turn(took=fault_took if hit else took).turn(took=took).audit()
        conversation.audit(status="gone", at=conversation.ended + 40.0, when="expired")
    made.fault("kill-redis", 20.0, 22.0)
    return made


def on_a_machine(made: Run, foreign: dict[tuple[int, int], float], own: float = 45.0) -> Run:
    """Others use so many percent in [from, until) seconds, and 2 % else."""
    samples = redis_samples(made)
    for t in range(-3, int(made.load_end) + 33):
        used = next((share for (a, b), share in foreign.items() if a <= t < b), 2.0)
        values = {"cpu_percent": own + used, "own_percent": own}
        samples.append(Sample(t + 0.1, "host", values))
    made.samples = samples
    return made


def verdict(history: History) -> tuple[Verdict, Finding | None]:
    findings = run_checks(history)
    machine = [f for f in findings if f.check == "validity.foreign_cpu"]
    return judge_findings(findings), machine[0] if machine else None


def test_a_quiet_machine_passes_with_its_measurement(tmp_path: Path) -> None:
    said, finding = verdict(on_a_machine(run(), {}).history(tmp_path))
    assert said is Verdict.GO
    assert finding is not None
    assert (finding.status, finding.limit) == (Status.PASS, 20.0)
    assert finding.value == pytest.approx(2.0)


def test_a_slow_service_on_a_quiet_machine_is_no_go(tmp_path: Path) -> None:
    said, finding = verdict(on_a_machine(run(took=5.0), {}).history(tmp_path))
    assert said is Verdict.NO_GO
    assert finding is not None
    assert finding.status is Status.PASS


def test_a_slow_service_beside_a_busy_neighbour_proves_nothing(tmp_path: Path) -> None:
    said, finding = verdict(on_a_machine(run(took=5.0), {(30, 40): 50.0}).history(tmp_path))
    assert said is Verdict.INCONCLUSIVE
    assert finding is not None
    assert finding.status is Status.FAIL
    assert finding.value == pytest.approx(50.0)
    assert "Latency in the steady state failed while other processes used 50 %" in finding.summary
    assert finding.summary.endswith("limit 20 %: run it again while they are quiet")
    assert "from 30.1 s" in finding.evidence[0]


def test_a_neighbour_does_not_matter_where_every_gate_passed(tmp_path: Path) -> None:
    said, finding = verdict(on_a_machine(run(), {(30, 40): 50.0}).history(tmp_path))
    assert said is Verdict.GO
    assert finding is not None
    assert "no latency gate failed" in finding.summary


def test_a_neighbour_long_after_the_fault_does_not_excuse_the_fault(tmp_path: Path) -> None:
    slow = {"took": 0.2, "fault_took": 14.0}
    early = on_a_machine(run(**slow), {(20, 26): 50.0}).history(tmp_path)
    assert verdict(early)[0] is Verdict.INCONCLUSIVE
    late = on_a_machine(run(**slow), {(45, 55): 50.0}).history(tmp_path)
    said, finding = verdict(late)
    assert said is Verdict.NO_GO
    assert finding is not None
    assert "no latency gate failed beside it" in finding.summary


def test_a_neighbour_on_a_machine_with_room_for_both_excuses_nothing(tmp_path: Path) -> None:
    roomy = on_a_machine(run(took=5.0), {(30, 40): 50.0}, own=10.0)
    said, finding = verdict(roomy.history(tmp_path))
    assert said is Verdict.NO_GO
    assert finding is not None
    assert "Other processes used up to 50 %" in finding.summary
    assert "failed beside 50 %, on a machine that was only 60 % busy" in finding.summary


def test_a_burst_of_a_second_excuses_nothing(tmp_path: Path) -> None:
    blip = on_a_machine(run(took=5.0), {(30, 31): 55.0})
    assert verdict(blip.history(tmp_path))[0] is Verdict.NO_GO


def test_a_busy_machine_does_not_excuse_a_lost_turn(tmp_path: Path) -> None:
    made = run(took=5.0)
    made.conversation(start=30.0).turn().turn().turn().audit(whole("c40t0", "c40t2"))
    said, finding = verdict(on_a_machine(made, {(30, 40): 50.0}).history(tmp_path))
    assert said is Verdict.NO_GO
    assert finding is not None
    assert finding.status is Status.FAIL


def test_load_of_unknown_origin_excuses_nothing(
    tmp_path: Path,
) -> None:
    made = on_a_machine(run(took=5.0), {(30, 40): 50.0})
    assert made.samples is not None
    for sample in made.samples:
        sample.values.pop("own_percent", None)
    said, finding = verdict(made.history(tmp_path))
    assert said is Verdict.NO_GO
    assert finding is None
