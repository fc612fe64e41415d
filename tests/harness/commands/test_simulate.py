"""`diya simulate`: records that are judged, figures without records, calibrations, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness import cli
from loadtests.profiles import profile as profiles
from loadtests.simulation import calibration as calibrations
from loadtests.simulation import from_capacity, plans, steady
from loadtests.simulation.calibration import DEFAULT
from loadtests.simulation.engine import SetUp
from reports.basics.exit_codes import ExitCode
from reports.capacity.findings import Answer, BusyDemand, CapacityFindings, Demand, Probe, ProbeKind
from reports.figures.figure import Figure, Label, unknown


def simulate(out: Path, *words: str) -> tuple[int, dict[str, Any], Path]:
    """Run the command; returns the exit code, the result and the run directory."""
    code = cli.main(["simulate", "--profile", "smoke", "--out", str(out), *words])
    (run_dir,) = out.iterdir()
    return code, json.loads((run_dir / "result.json").read_text()), run_dir


def test_a_sound_service_is_go_and_marked_as_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, result, run_dir = simulate(tmp_path, "--seed", "3")
    assert (code, result["verdict"]) == (ExitCode.GO, "GO")
    continuity = [gate for gate in result["gates"] if gate["name"].startswith("continuity.")]
    assert len(continuity) > 5
    assert {gate["status"] for gate in continuity} == {"pass"}
    assert result["simulated"] == DEFAULT.source
    assert json.loads((run_dir / "run.json").read_text())["simulated"] == DEFAULT.source
    shown = capsys.readouterr().out
    for text in (
        shown,
        (run_dir / "report.html").read_text(),
        (run_dir / "summary.md").read_text(),
        (run_dir / "junit.xml").read_text(),
    ):
        assert "Simulated: no service was running" in text
    assert "p99" in shown.partition("built in")[2]


def test_a_simulated_run_is_judged_again_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, result, run_dir = simulate(tmp_path, "--kill", "8", "--restart-redis", "12:0.5")
    assert [fault["id"] for fault in result["faults"]] == ["kill-replica-1", "restart-redis-1"]
    assert cli.main(["report", str(run_dir)]) == result["exit_code"] == ExitCode.GO
    assert json.loads((run_dir / "result.json").read_text()) == result
    assert "Simulated" in capsys.readouterr().out


def test_an_overloaded_service_is_no_go_or_unknown(tmp_path: Path) -> None:
    code, result, _ = simulate(tmp_path, "--scale", "60", "--replicas", "1", "--quiet")
    assert code in (ExitCode.NO_GO, ExitCode.INCONCLUSIVE)
    assert result["turns"]["ok"] < result["turns"]["offered"]


def test_a_simulation_in_shared_cores_samples_the_machine(tmp_path: Path) -> None:
    code, _, run_dir = simulate(tmp_path, "--cores", "2", "--replicas", "3", "--quiet")
    assert code == ExitCode.GO
    samples = (run_dir / "samples.jsonl").read_text()
    assert '"source":"host"' in samples


def test_without_records_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["simulate", "--profile", "smoke", "--out", str(tmp_path), "--seeds", "2", "--quiet"]
    assert cli.main([*words, "--shards", "2", "--scale", "2"]) == ExitCode.GO
    assert list(tmp_path.iterdir()) == []
    shown = capsys.readouterr().out
    assert "seed 1:" in shown
    assert "seed 2:" in shown


BAD = {
    "--replicas 0": "--replicas 0: must be a whole number from 1",
    "--seeds 0": "--seeds 0: must be",
    "--replicas 3 --shards 2": "must be a multiple of --shards",
    "--scale 0": "--scale 0: must be above 0",
    "--kill soon": "--kill soon: must be AT[:N]",
    "--kill 5:13": "--kill 5:13: N must be a replica from 1 to 12",
    "--kill 500": "--kill at 500 s: must begin before the end of the load",
    "--slow-model 5:2": "--slow-model 5:2: must be AT:SECONDS:FACTOR",
    "--profile nonsense": "unknown profile 'nonsense'",
    "--calibration nowhere.json": "nowhere.json: cannot be read",
    "--calibrate nowhere": "--calibrate nowhere",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_input_is_one_sentence(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["simulate", "--profile", "smoke", *words.split()]) == 104
    told = capsys.readouterr().err
    assert BAD[words] in told
    assert told.count("\n") == 1


def wrong(**values: Any) -> dict[str, Any]:
    found: dict[str, Any] = {**msgspec.to_builtins(DEFAULT), **values}
    return found


DAMAGED = [
    ([], "must be a JSON object"),
    (wrong(schema_version=2), "schema_version must be 1, got 2"),
    (wrong(turn_cpu_s="long"), "turn_cpu_s must be seconds, at least 0, got 'long'"),
    (wrong(turn_cpu_s=-1.0), "turn_cpu_s must be seconds, at least 0, got -1.0"),
    (wrong(turn_cpu_s=0.0), "turn_cpu_s must be above 0"),
    (wrong(in_flight_limit=0), "in_flight_limit must be a whole number from 1, got 0"),
    (wrong(text_shares=[0.5, 0.5, 0.5, 0.5]), "text_shares must add up to 1, got 2"),
    (wrong(turn_cpu=1.0), "turn_cpu is no key of a calibration (did you mean turn_cpu_s?)"),
]


@pytest.mark.parametrize(("values", "told"), DAMAGED)
def test_a_calibration_that_cannot_be_used_is_refused(
    values: Any, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "calibration.json"
    file.write_text(json.dumps(values))
    assert cli.main(["simulate", "--profile", "smoke", "--calibration", str(file)]) == 104
    assert f"{file}: {told}" in capsys.readouterr().err


def test_a_calibration_is_read_as_it_was_written(tmp_path: Path) -> None:
    calibrations.write(tmp_path / calibrations.FILE, DEFAULT)
    assert calibrations.read(tmp_path) == DEFAULT


def measured(value: float, unit: str = "s") -> Figure:
    return Figure(value=value, unit=unit, label=Label.MEASURED)


def findings(**values: Any) -> CapacityFindings:
    """The findings of a run of `diwali` at 15 turns/s whose turns cost 25 ms."""
    demand = Demand(
        turns=1500,
        turns_per_conversation=2.6,
        replica_cpu_s=measured(0.025),
        replica_cpu_base_s=unknown("s", "too short"),
        replica_cpu_per_earlier_turn_s=unknown("s", "too short"),
        by_kind_cpu_s={},
        others_cpu_s=measured(0.004),
        redis_s=measured(0.0003),
        redis_bytes=measured(1200.0, "bytes"),
        redis_session_bytes=measured(900.0, "bytes"),
        model_calls=measured(1.86, "calls"),
        model_s=measured(0.15),
        latency_s=measured(0.19),
        in_flight_limit=32,
    )
    probe = Probe(
        name="demand",
        kind=ProbeKind.DEMAND,
        rate=15.0,
        seconds=100.0,
        seed=4,
        answer=Answer.PASS,
        cpu_share=0.37,
    )
    known: dict[str, Any] = {"profile": "diwali", "sessions": "redis", "seed": 4}
    return CapacityFindings(**{**known, "demand": demand, "probes": (probe,), **values})


def test_a_calibration_has_the_measured_demand() -> None:
    profile = profiles.load("diwali")
    made = from_capacity.calibrate(findings(), profile)
    talks = plans.library(profile, 1, made)
    assert steady.cpu_per_turn(talks, made) == pytest.approx(0.025, rel=0.01)
    assert (made.in_flight_limit, made.validated_share) == (32, 0.37)
    set_up = SetUp(load_s=200.0, ttl_s=7200.0, calibration=made, warm_up_s=20.0)
    outcomes = steady.steady(set_up, talks, 15.0, 9)
    assert outcomes.p50_s == pytest.approx(0.19, rel=0.03)
    assert outcomes.replica_share == pytest.approx(15.0 * 0.025, rel=0.05)
    assert outcomes.redis_share == pytest.approx(15.0 * 0.0003, rel=0.1)


@pytest.mark.parametrize("busy_s", [0.020, pytest.param(0.024, marks=pytest.mark.slow)])
def test_a_turn_takes_what_was_measured_at_the_low_load_and_at_the_highest(busy_s: float) -> None:
    profile = profiles.load("diwali")
    rate = 0.8 / busy_s
    highest = Probe(
        name="probe-3",
        kind=ProbeKind.SEARCH,
        rate=rate,
        seconds=30.0,
        seed=5,
        answer=Answer.PASS,
        offered=rate,
        cpu_share=0.8,
    )
    found = findings()
    made = from_capacity.calibrate(findings(probes=(*found.probes, highest)), profile)
    talks = plans.library(profile, 1, made)
    set_up = SetUp(load_s=200.0, ttl_s=7200.0, calibration=made, warm_up_s=20.0)
    for at, cpu_s in ((15.0, 0.025), (rate, busy_s)):
        outcomes = steady.steady(set_up, talks, at, 9)
        assert outcomes.replica_share * 180.0 / outcomes.turns == pytest.approx(cpu_s, rel=0.07)


def test_the_two_loads_of_the_demand_are_enough_for_the_calibration() -> None:
    profile = profiles.load("diwali")
    busy = BusyDemand(low_turns_per_s=15.0, turns_per_s=28.0, share=0.63, cpu_s=measured(0.63 / 28))
    known = findings().demand
    assert known is not None
    demand = msgspec.structs.replace(known, busy=busy)
    made = from_capacity.calibrate(findings(demand=demand, probes=()), profile)
    assert made.validated_share == 0.63
    talks = plans.library(profile, 1, made)
    set_up = SetUp(load_s=200.0, ttl_s=7200.0, calibration=made, warm_up_s=20.0)
    for at, cpu_s in ((15.0, 0.025), (28.0, 0.63 / 28)):
        outcomes = steady.steady(set_up, talks, at, 9)
        assert outcomes.replica_share * 180.0 / outcomes.turns == pytest.approx(cpu_s, rel=0.07)


def test_a_turn_that_takes_more_of_a_busy_core_wakes_for_nothing() -> None:
    highest = msgspec.structs.replace(
        findings().probes[0], kind=ProbeKind.SEARCH, offered=30.0, cpu_share=0.78
    )
    made = from_capacity.calibrate(
        findings(probes=(*findings().probes, highest)), profiles.load("diwali")
    )
    assert made.wake_cpu_s == 0.0


def test_bytes_below_nothing_are_not_taken_over(tmp_path: Path) -> None:
    known = findings().demand
    assert known is not None
    less = msgspec.structs.replace(known, redis_session_bytes=measured(-1861.0, "bytes"))
    made = from_capacity.calibrate(findings(demand=less), profiles.load("diwali"))
    calibrations.write(tmp_path / calibrations.FILE, made)
    assert calibrations.read(tmp_path).redis_session_bytes == DEFAULT.redis_session_bytes
    assert made.redis_turn_bytes == 1200.0


def test_the_demand_is_measured_at_a_third_of_the_core_unless_a_probe_says_otherwise() -> None:
    profile = profiles.load("smoke")
    made = from_capacity.calibrate(findings(probes=()), profile)
    assert made.validated_share == 0.3
    assert made.balancer_s > 0


def test_one_command_calibrates_from_a_capacity_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "capacity.json").write_bytes(msgspec.json.encode(findings()))
    assert cli.main(["simulate", "--calibrate", str(tmp_path)]) == ExitCode.GO
    assert "calibration.json written" in capsys.readouterr().out
    made = calibrations.read(tmp_path)
    assert made.source == "a capacity run of diwali with seed 4"


def test_a_capacity_run_without_its_demand_calibrates_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "capacity.json").write_bytes(msgspec.json.encode(findings(demand=None)))
    assert cli.main(["simulate", "--calibrate", str(tmp_path)]) == 104
    assert "demand must be measured" in capsys.readouterr().err
