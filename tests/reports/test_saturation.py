"""A full machine makes latency unknown, except where the service itself became dearer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reports.checks import run_checks
from reports.records import Finding, Outcome, Sample, Status
from reports.records.history import History
from reports.verdict.verdict import Verdict, by_weight, judge_findings
from tests.reports.a_run import Run, redis_samples, whole

CORES = 2.0
SIZING: dict[str, float | str] = {
    "mode": "auto",
    "factor": 1.0,
    "cores": CORES,
    "planned_peak_turns_per_s": 3.0,
    "peak_turns_per_s": 3.0,
    "turns": 60,
    "seconds": 4.0,
}


def run(*, slow: tuple[int, int] = (20, 45), took: float = 6.0) -> Run:
    """Fifty conversations of two turns, one a second from 6 s; those due in `slow` take long."""
    made = Run()
    for number in range(50):
        start = 6.0 + number
        seconds = took if slow[0] <= start < slow[1] else 0.2
        conversation = made.conversation(start=start)
        conversation.turn(took=seconds).turn(took=seconds).audit()
        conversation.audit(status="gone", at=conversation.ended + 40.0, when="expired")
    made.load_end = 70.0
    return made


def on_a_machine(
    made: Run,
    own: Callable[[int], float],
    *,
    others: float = 1.0,
    sizing: dict[str, float] | None = None,
) -> Run:
    """The run's own processes use so many percent at each second, others the same at all."""
    samples = redis_samples(made)
    for t in range(-3, int(made.load_end) + 33):
        used = own(t)
        values = {"cpu_percent": min(100.0, used + others), "own_percent": used, "cores": CORES}
        samples.append(Sample(t + 0.1, "host", values))
    made.samples = samples
    if sizing is not None:
        made.sizing = {**SIZING, **sizing}
    return made


def full(start: int, end: int, calm: float = 8.0) -> Callable[[int], float]:
    """The machine is full in [start, end) seconds."""
    return lambda t: 98.5 if start <= t < end else calm


def verdict(history: History) -> tuple[Verdict, Finding | None]:
    findings = run_checks(history)
    found = [f for f in findings if f.check == "validity.saturation"]
    return judge_findings(findings), found[0] if found else None


def dearer(history: History) -> list[Finding]:
    return [f for f in run_checks(history) if f.check == "latency.cost"]


def test_a_machine_with_free_cpu_is_reported_as_such(tmp_path: Path) -> None:
    said, finding = verdict(on_a_machine(run(took=0.2), full(0, 0)).history(tmp_path))
    assert said is Verdict.GO
    assert finding is not None
    assert (finding.status, finding.limit) == (Status.PASS, 95.0)
    assert finding.value == pytest.approx(9.0)


def test_a_slow_service_on_a_full_machine_proves_nothing(tmp_path: Path) -> None:
    sizing = {"cpu_s_per_turn": 1.0, "peak_turns_per_s": 55.0}
    history = on_a_machine(run(), full(19, 60), sizing=sizing).history(tmp_path)
    said, finding = verdict(history)
    assert said is Verdict.INCONCLUSIVE
    assert finding is not None
    assert finding.summary.startswith("This machine carries 2 turns/s, 55 were asked")
    assert finding.summary.endswith("nothing is known about the latency of 12 machines")
    assert by_weight(run_checks(history))[0] is not None
    assert by_weight(run_checks(history))[0].check == "validity.saturation"


def grown(made: Run, since: int) -> Run:
    """Redis holds 60 MiB more than the turns of the last TTL explain, but only under load."""
    for sample in made.samples or ():
        if sample.source == "redis" and since <= sample.t < made.load_end:
            sample.values["used_memory"] += 60 * 2**20
    return made


def test_memory_above_its_bound_on_a_full_machine_proves_nothing(tmp_path: Path) -> None:
    made = on_a_machine(run(), full(19, 60), sizing={"cpu_s_per_turn": 1.0})
    history = grown(made, 45).history(tmp_path)
    failed = [f.check for f in run_checks(history) if f.status is Status.FAIL]
    assert "memory.bounded" in failed
    assert verdict(history)[0] is Verdict.INCONCLUSIVE


def test_memory_above_its_bound_with_cpu_to_spare_is_no_go(tmp_path: Path) -> None:
    history = grown(on_a_machine(run(took=0.2), full(0, 0)), 45).history(tmp_path)
    assert verdict(history)[0] is Verdict.NO_GO


def test_keys_left_after_the_ttl_count_on_a_full_machine_too(tmp_path: Path) -> None:
    made = on_a_machine(run(), full(19, 60), sizing={"cpu_s_per_turn": 1.0})
    for sample in made.samples or ():
        if sample.source == "redis" and sample.t > made.load_end:
            sample.values["keys"] += 5000.0
    history = made.history(tmp_path)
    said, finding = verdict(history)
    assert said is Verdict.NO_GO
    assert finding is not None
    assert "does not explain all that failed" in finding.summary


def test_the_same_service_with_cpu_to_spare_is_no_go(tmp_path: Path) -> None:
    assert verdict(on_a_machine(run(), full(0, 0)).history(tmp_path))[0] is Verdict.NO_GO


def test_a_full_machine_at_another_time_excuses_nothing(tmp_path: Path) -> None:
    said, finding = verdict(on_a_machine(run(slow=(20, 30)), full(50, 60)).history(tmp_path))
    assert said is Verdict.NO_GO
    assert finding is not None
    assert "no gate failed because of it" in finding.summary


def test_a_burst_of_three_seconds_excuses_nothing(tmp_path: Path) -> None:
    history = on_a_machine(run(slow=(20, 22), took=9.0), full(21, 24)).history(tmp_path)
    assert verdict(history)[0] is Verdict.NO_GO


def test_a_machine_that_others_filled_is_left_to_the_gate_of_others(tmp_path: Path) -> None:
    history = on_a_machine(run(), lambda _: 60.0, others=39.0).history(tmp_path)
    said, finding = verdict(history)
    assert said is Verdict.INCONCLUSIVE
    assert finding is not None
    assert finding.status is Status.PASS


def test_a_few_percent_of_others_do_not_make_the_machine_any_emptier(tmp_path: Path) -> None:
    history = on_a_machine(run(), lambda _: 88.0, others=11.0).history(tmp_path)
    assert verdict(history)[0] is Verdict.INCONCLUSIVE


def test_a_service_that_became_dearer_than_at_the_rehearsal_is_no_go(tmp_path: Path) -> None:
    sizing = {"cpu_s_per_turn": 0.045}
    history = on_a_machine(run(), full(19, 60), sizing=sizing).history(tmp_path)
    said, finding = verdict(history)
    assert said is Verdict.NO_GO
    assert finding is not None
    assert finding.status is Status.PASS
    (cost,) = dearer(history)
    assert cost.summary.startswith("The service itself became dearer: a turn cost ")
    assert "the rehearsal's 45 ms" in cost.summary
    assert by_weight(run_checks(history))[0] == cost


def test_a_rehearsal_that_knows_the_first_turns_finds_a_service_that_grows_dear(
    tmp_path: Path,
) -> None:
    sizing = {"cpu_s_per_turn": 1.0, "cpu_s_per_first_turn": 0.045}
    history = on_a_machine(run(), full(19, 60), sizing=sizing).history(tmp_path)
    assert verdict(history)[0] is Verdict.NO_GO


def test_a_service_that_was_dear_in_the_rehearsal_is_no_go_where_the_run_cannot_tell(
    tmp_path: Path,
) -> None:
    # On a full machine attempts that came to nothing count as work: a turn cost 1.06 s there.
    sizing = {"cpu_s_per_turn": 1.5, "cpu_s_per_first_turn": 0.4}
    history = on_a_machine(run(), full(19, 60), sizing=sizing).history(tmp_path)
    assert verdict(history)[0] is Verdict.NO_GO
    (cost,) = dearer(history)
    assert cost.summary == (
        "The service itself became dearer: a turn cost 1500 ms of CPU in the rehearsal, "
        "3.8 × the rehearsal's first turns' 400 ms, limit 3 ×"
    )


def test_a_turn_somewhat_dearer_than_the_first_is_no_defect(tmp_path: Path) -> None:
    sizing = {"cpu_s_per_turn": 1.0, "cpu_s_per_first_turn": 0.6}
    history = on_a_machine(run(), full(19, 60), sizing=sizing).history(tmp_path)
    assert verdict(history)[0] is Verdict.INCONCLUSIVE
    assert not dearer(history)


def test_a_turn_as_dear_as_in_the_calm_part_did_not_become_dearer(tmp_path: Path) -> None:
    made = on_a_machine(run(), full(19, 60, calm=60.0), sizing={"cpu_s_per_turn": 0.045})
    history = made.history(tmp_path)
    assert verdict(history)[0] is Verdict.INCONCLUSIVE
    assert not dearer(history)


def test_without_a_rehearsal_the_calm_part_of_the_run_is_the_reference(tmp_path: Path) -> None:
    # 8 % of two cores for two turns a second: 80 ms; then 2 cores for as many.
    history = on_a_machine(run(), full(19, 60)).history(tmp_path)
    assert verdict(history)[0] is Verdict.NO_GO
    assert "the calm part's of this run" in dearer(history)[0].summary


def test_without_a_reference_a_turn_is_not_called_more_expensive(tmp_path: Path) -> None:
    said, finding = verdict(on_a_machine(run(), full(-5, 90)).history(tmp_path))
    assert said is Verdict.INCONCLUSIVE
    assert finding is not None
    assert "nothing tells whether a turn became dearer" in finding.summary


def test_turns_still_under_way_are_work_too(tmp_path: Path) -> None:
    """Nothing ends in the first ten full seconds, because everything is under way at once."""
    made = Run()
    for number in range(40):
        start = 20.0 + number / 40
        conversation = made.conversation(start=start)
        conversation.turn(took=40.0 - number / 40).audit()
        conversation.audit(status="gone", at=conversation.ended + 40.0, when="expired")
    made.load_end = 70.0
    # 40 turns in 40 s of two cores: 2 s a turn.
    sizing = {"cpu_s_per_turn": 1.6}
    history = on_a_machine(made, full(20, 30), sizing=sizing).history(tmp_path)
    assert not dearer(history)


def test_attempts_that_timed_out_are_work_too(tmp_path: Path) -> None:
    made = run()
    for number in range(200):
        lost = made.conversation(start=20.0 + number / 5, is_opened=False)
        error = "opening the session: no complete response within 8 s"
        lost.turn(took=18.0, outcome=Outcome.FAIL, error=error, attempts=3)
    sizing = {"cpu_s_per_turn": 0.2}
    history = on_a_machine(made, full(19, 60), sizing=sizing).history(tmp_path)
    assert not dearer(history)


def test_a_replica_that_starts_again_is_not_a_dearer_turn(tmp_path: Path) -> None:
    made = run()
    made.fault("kill-replica", 18.0, 58.0)
    sizing = {"cpu_s_per_turn": 0.045}
    history = on_a_machine(made, full(19, 60), sizing=sizing).history(tmp_path)
    assert not dearer(history)


def test_time_outs_of_a_full_machine_are_excused_and_other_errors_count(tmp_path: Path) -> None:
    def judged(error: str, status: int | None, where: Path) -> Verdict:
        made = run()
        for number in range(5):
            hit = made.conversation(start=25.0 + number)
            hit.turn(took=20.0, outcome=Outcome.INFO, error=error, status=status).audit()
            hit.audit(status="gone", at=hit.ended + 40.0, when="expired")
        sizing = {"cpu_s_per_turn": 1.0}
        return verdict(on_a_machine(made, full(19, 60), sizing=sizing).history(where))[0]

    late = "no complete response within 8 s"
    assert judged(late, None, tmp_path / "a") is Verdict.INCONCLUSIVE
    full_up = "HTTP 503: 64 turns are running here; try again"
    assert judged(full_up, 503, tmp_path / "b") is Verdict.INCONCLUSIVE
    assert judged("HTTP 500: KeyError: 'order'", 500, tmp_path / "c") is Verdict.NO_GO


def test_a_full_machine_does_not_excuse_a_lost_turn(tmp_path: Path) -> None:
    made = run()
    made.conversation(start=30.0).turn().turn().turn().audit(whole("c50t0", "c50t2"))
    sizing = {"cpu_s_per_turn": 1.0}
    said, finding = verdict(on_a_machine(made, full(19, 60), sizing=sizing).history(tmp_path))
    assert said is Verdict.NO_GO
    assert finding is not None
    assert finding.status is Status.FAIL


def test_memory_that_did_not_come_back_counts_however_full_the_machine_was(tmp_path: Path) -> None:
    made = on_a_machine(run(), full(19, 60), sizing={"cpu_s_per_turn": 1.0})
    assert made.samples is not None
    for sample in made.samples or ():
        if sample.source == "redis" and sample.t > 90:
            sample.values["used_memory"] += 200e6
    said, finding = verdict(made.history(tmp_path))
    assert said is Verdict.NO_GO
    assert finding is not None
    assert "does not explain all that failed: Memory" in finding.summary


def test_a_run_without_cpu_samples_is_not_gated(tmp_path: Path) -> None:
    said, finding = verdict(run().history(tmp_path))
    assert said is Verdict.NO_GO
    assert finding is None


@pytest.mark.parametrize(
    ("source", "name"),
    [("redis", "Redis"), ("envoy", "Envoy"), ("generator:0", "The load generator")],
)
def test_a_part_with_a_full_core_is_named(tmp_path: Path, source: str, name: str) -> None:
    made = run()
    made.samples = redis_samples(made)
    if source != "redis":
        made.samples += [Sample(float(t), source, {}) for t in range(-3, 100)]
    for sample in made.samples or ():
        if sample.source == source:
            sample.values["cpu_percent"] = 99.0 if sample.t < 60 else 5.0
    said, finding = verdict(made.history(tmp_path))
    assert said is Verdict.INCONCLUSIVE
    assert finding is not None
    assert finding.summary.startswith(f"{name} used all of its one core at ")


def test_a_redis_that_became_dearer_is_no_go(tmp_path: Path) -> None:
    made = run()
    made.samples = redis_samples(made)
    for sample in made.samples:
        sample.values["cpu_percent"] = 99.0 if 19 <= sample.t < 60 else 5.0
    history = made.history(tmp_path)
    assert verdict(history)[0] is Verdict.NO_GO
    assert dearer(history)
