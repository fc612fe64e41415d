"""From a run directory to result.json."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from harness.reference import result as reference
from reports.gates import GATES
from reports.measures.redis_memory import fleet_rss
from reports.records import FILES, Outcome, Sample
from reports.records.history import HistoryError, read
from reports.verdict.judge import SCHEMA_FILE, judge, validate, write
from tests.reports.a_run import Run, redis_samples, whole


def a_run() -> Run:
    """Forty conversations, two faults, samples of everything: GO."""
    run = Run()
    for number in range(40):
        run.sound(start=6.0 + number)
    run.fault("kill-redis", 20.0, 22.0)
    run.fault("kill-replica", 40.0, 41.0, target="r03")
    run.steady_state = ["redis answers"]
    run.asked("redis answers", "before")
    run.asked("redis answers", "after")
    samples = redis_samples(run)
    for t in range(-3, 94):
        samples.append(Sample(t + 0.1, "host", {"cpu_percent": 50.0, "available": 1e9}))
        samples += [Sample(t + 0.2, f"replica:r{n:02}", {"rss": 1e6}) for n in range(12)]
        samples.append(Sample(t + 0.3, "generator", {"cpu_percent": 9.0, "open_conversations": 2}))
    run.samples = samples
    return run


@pytest.fixture
def go(tmp_path: Path) -> dict[str, Any]:
    return judge(a_run().write(tmp_path / "run"))


def test_the_schema_is_that_of_the_types(golden: Callable[[str, str], None]) -> None:
    golden(str(SCHEMA_FILE), reference.schema())


def test_the_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(json.loads(SCHEMA_FILE.read_text()))


def test_a_rollback_is_not_counted_as_a_fault_that_was_survived(tmp_path: Path) -> None:
    run = a_run()
    run.planned_faults = [fault.id for fault in run.faults]
    run.fault("process", 42.0, 42.1, id="rollback-process-1", target="true")
    result = judge(run.write(tmp_path / "run"))
    assert result["verdict"] == "GO"
    assert "survived 2 faults" in result["headline"]


def test_a_call_without_evidence_makes_a_run_inconclusive_and_says_why(tmp_path: Path) -> None:
    run = a_run()
    why = "nothing shows that it took hold: add x-diya: took_hold to the action"
    run.fault("process", 60.0, 60.1, id="process-1", target="true", took_hold=False, error=why)
    result = judge(run.write(tmp_path / "run"))
    assert result["verdict"] == "INCONCLUSIVE"
    assert f"process-1 did not take hold: {why}" in result["headline"]
    (gate,) = [each for each in result["gates"] if each["name"] == "validity.faults"]
    assert f"process-1: {why}" in json.dumps(gate)


def test_a_sound_run_is_go(go: dict[str, Any]) -> None:
    assert (go["verdict"], go["exit_code"], go["reasons"]) == ("GO", 0, [])
    assert go["headline"] == (
        "Every one of 40 conversations survived 2 faults; "
        "slowest of 80 turns in steady state 0.20 s"
    )
    assert (go["name"], go["started"]) == ("run", "2026-11-01T02:26:40Z")


def test_the_turns_add_up(go: dict[str, Any]) -> None:
    turns = go["turns"]
    assert turns["offered"] == turns["ok"] == turns["planned"] == 120
    assert turns["failed"] == turns["indeterminate"] == turns["retried"] == 0
    assert turns["conversations_planned"] == turns["conversations_offered"] == 40
    assert turns["replicas_seen"] == 12
    assert turns["moved"] == 80
    phases = {name: row["count"] for name, row in go["latency"].items()}
    assert phases.pop("all") == sum(phases.values()) == 120
    assert {"steady", "fault:kill-redis-1", "recovery:kill-redis-1"} <= phases.keys()


def test_the_timeline_is_aligned_and_complete(go: dict[str, Any]) -> None:
    timeline = go["timeline"]
    steps = len(timeline["t"])
    arrays = {
        name: values for name, values in timeline.items() if name.endswith("s") or name[0] == "p"
    }
    for name in ("phases", "faults", "step_s"):
        arrays.pop(name, None)
    assert {len(values) for values in arrays.values()} == {steps}
    assert timeline["t"][0] == -3
    assert sum(timeline["turns_ok"]) == 120
    assert timeline["fleet_rss_bytes"][5] == 12e6
    assert timeline["host_cpu_percent"][5] == 50
    assert timeline["p99"][timeline["t"].index(6)] == pytest.approx(0.2)
    assert timeline["p99"][0] is None


def test_every_gate_has_a_title_of_its_own(go: dict[str, Any]) -> None:
    assert {gate["name"] for gate in go["gates"]} == set(GATES) - {
        "continuity.within_durability",
        "continuity.repeated",
        "continuity.steps",
        "continuity.state",
        "continuity.reply",
        "continuity.artifacts",
        "continuity.stored_otherwise",
        "continuity.unprompted",
        "continuity.tool_results",
        "continuity.signatures",
        "model.quota",
        "memory.database",
        "latency.customers",
        "latency.replica",
        "latency.uneven",
        "latency.warmup_p99",
        "latency.cost",
        "errors.deletes",
        "errors.swallowed",
        "validity.foreign_cpu",
        "validity.workers",
        "validity.records",
        "validity.phase_lag",
    }


def test_gates_on_shares_and_percentiles_state_their_evidence(go: dict[str, Any]) -> None:
    samples = {gate["name"]: gate["sample"] for gate in go["gates"] if "sample" in gate}
    assert samples["errors.rate"] == {
        "n": 120,
        "low": 0.0,
        "high": pytest.approx(0.0303, abs=1e-4),
        "confidence": 0.95,
        "judged_as": "none",
    }
    assert samples["latency.steady_p99"] == {
        "n": 80,
        "low": pytest.approx(0.2),
        "high": None,
        "confidence": 0.95,
        "judged_as": "slowest",
    }
    assert {"latency.fault_p99", "latency.recovery_p99", "validity.generator"} <= samples.keys()


def test_judging_writes_nothing_and_writing_writes_the_result_whole(tmp_path: Path) -> None:
    run_dir = a_run().write(tmp_path / "run")
    before = sorted(path.name for path in run_dir.iterdir())
    result = judge(run_dir)
    assert sorted(path.name for path in run_dir.iterdir()) == before
    path = write(run_dir, result)
    assert json.loads(path.read_text()) == result
    assert sorted(path.name for path in run_dir.iterdir()) == sorted([*before, "result.json"])


def test_judging_again_gives_the_same_result(tmp_path: Path) -> None:
    run_dir = a_run().write(tmp_path / "run")
    result = judge(run_dir)
    write(run_dir, result)
    assert judge(run_dir) == result


def test_a_lost_turn_is_no_go_and_says_so_first(tmp_path: Path) -> None:
    run = a_run()
    run.conversation(start=50.0).turn().turn().turn().audit(whole("c40t0", "c40t2"))
    result = judge(run.write(tmp_path / "run"))
    assert (result["verdict"], result["exit_code"]) == ("NO-GO", 99)
    assert result["continuity"]["lost"] == 1
    assert result["headline"] == "Conversation context lost: 1 turns in 1 of 41 conversations"


def test_a_run_killed_at_any_moment_is_inconclusive(tmp_path: Path) -> None:
    run_dir = a_run().write(tmp_path / "run")
    written = [name for name in FILES.values() if (run_dir / name).exists()]
    whole_files = {name: (run_dir / name).read_bytes() for name in written}
    for share in (0.0, 0.1, 0.35, 0.5, 0.8, 0.99):
        for name, content in whole_files.items():
            (run_dir / name).write_bytes(content[: int(len(content) * share)])
        result = judge(run_dir)
        assert result["verdict"] == "INCONCLUSIVE", (share, result["reasons"])
        assert result["headline"].startswith("This run proves nothing either way: ")


def test_a_run_killed_before_it_began_is_inconclusive(tmp_path: Path) -> None:
    run_dir = Run().write(tmp_path / "run")
    for name in FILES.values():
        (run_dir / name).unlink(missing_ok=True)
    result = judge(run_dir)
    assert result["verdict"] == "INCONCLUSIVE"
    assert result["timeline"]["t"] == []


def test_a_run_cut_short_with_a_lost_turn_is_no_go(tmp_path: Path) -> None:
    run = a_run()
    run.marks = ["start", "phase:warmup", "phase:hold"]
    run.conversations[0].turn(outcome=Outcome.FAIL, status=404)
    assert judge(run.write(tmp_path / "run"))["verdict"] == "NO-GO"


def slow_run(lag: float) -> Run:
    """A run in which every customer waited five seconds."""
    run = Run()
    for number in range(40):
        conversation = run.conversation(start=6.0 + number, lag=lag)
        conversation.turn(took=5.0).turn(took=5.0).audit()
        conversation.audit(status="gone", at=conversation.ended + 32.0, when="expired")
    return run


def test_a_slow_service_is_no_go_but_not_when_the_generator_was_late_too(tmp_path: Path) -> None:
    assert judge(slow_run(lag=0.01).write(tmp_path / "prompt"))["verdict"] == "NO-GO"
    assert judge(slow_run(lag=3.0).write(tmp_path / "late"))["verdict"] == "INCONCLUSIVE"


def test_a_directory_that_is_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HistoryError):
        judge(tmp_path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict",), "MAYBE"),
        (("exit_code",), 99),
        (("surprise",), 1),
        (("continuity", "lost"), -1),
        (("turns", "ok"), 1.5),
        (("gates", 0, "status"), "fail"),
        (("gates", 0, "phase"), "lunch"),
        (("latency", "lunch"), {}),
        (("timeline", "step_s"), 0),
        (("started",), "yesterday"),
        (("reasons",), ["but"]),
    ],
)
def test_the_schema_refuses_other_objects(
    go: dict[str, Any], path: tuple[str | int, ...], value: object
) -> None:
    place: Any = go
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ValidationError):
        validate(go)


def test_the_fleet_is_summed_over_the_replicas_that_are_up(tmp_path: Path) -> None:
    run = Run(samples=[Sample(1.0, "replica:r01", {"rss": 10.0})])
    assert run.samples is not None
    run.samples += [
        Sample(1.5, "replica:r02", {"rss": 5.0}),
        Sample(2.1, "replica:r01", {"rss": 7}),
    ]
    assert fleet_rss(read(run.write(tmp_path / "run"))) == [(1.0, 15.0), (2.0, 7)]


def test_a_phase_whose_only_turn_was_late_before_the_next_fault_is_in_the_table(
    tmp_path: Path,
) -> None:
    run = Run()
    run.sound()
    run.fault("kill-replica", 15.0, 16.0)
    run.fault("kill-redis", 40.0, 41.0)
    run.conversation(17.0).turn(took=24.0).audit()
    latency = judge(run.write(tmp_path / "run"))["latency"]
    assert latency["recovery:kill-replica-1"]["count"] == 1
    assert "first_token_p50" not in latency["recovery:kill-replica-1"]
