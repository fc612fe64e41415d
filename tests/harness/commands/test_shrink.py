"""`diya shrink`: of four faults the one that it takes, on a system that is bad for real."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chaos.experiment.reader import load
from tests.bench.judge import write_run
from tests.harness import command

FOUR = ("--experiment", str(command.HERE / "four_faults.yaml"))


@pytest.mark.run
@pytest.mark.timeout(450)
def test_a_failed_schedule_shrinks_to_the_one_fault_that_fails_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Turns of half a second: several conversations are open at every moment.
    monkeypatch.setenv("DIYA_MODEL_TTFT_MS", "350")
    # Half of the seconds, of load and of TTL, for a few runs are made; and more customers.
    profile = tmp_path / "tinier.toml"
    text = (command.HERE / "tiny.toml").read_text()
    text = text.replace("compression = 1440", "compression = 2880")
    profile.write_text(text.replace("base_rate = 4", "base_rate = 8"))
    small = ("--profile", str(profile), "--replicas", "2", "--seed", "4", "--redis", "bundled")
    out = tmp_path / "runs"
    failed = command.run("readiness", *small, "--aof", "off", *FOUR, "--out", str(out))
    profile.unlink()
    assert failed.returncode == 99, failed.stdout + failed.stderr
    run_dir = command.only_run(out)
    monkeypatch.delenv("DIYA_MODEL_TTFT_MS")  # the run knows it
    shrunk = command.run("shrink", str(run_dir), "--redis", "bundled", timeout=330)
    assert shrunk.returncode == 0, shrunk.stdout + shrunk.stderr
    experiment = load(run_dir / "shrunk.yaml")
    assert experiment.planned == ["kill-redis-1"]
    assert "continuity.lost failed with 4 faults" in shrunk.stderr
    assert "fails with 1 of 4 faults, and no fewer: kill-redis-1" in shrunk.stderr
    assert shrunk.stdout == (
        f"diya readiness --replay {run_dir} --experiment {run_dir / 'shrunk.yaml'}\n"
    )
    runs = sorted((run_dir / "shrink").glob("??"))
    assert len(runs) <= 6
    # The one is at the moment at which it was among the others.
    (step,) = experiment.faults
    window = json.loads((run_dir / "faults.jsonl").read_text().splitlines()[0])
    assert step.at is not None
    begun = json.loads((run_dir / "load.jsonl").read_text().splitlines()[0])["t"]
    assert step.at.offset == pytest.approx(window["start"] - begun, abs=0.01)


@pytest.mark.service
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "must be a run that was NO-GO, but no gate failed"),
        (("--most-runs", "0"), "--most-runs 0: must be at least 1"),
    ],
)
def test_a_run_or_gate_that_did_not_fail_cannot_be_shrunk(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    write_run(tmp_path / "good", 4_000)
    refused = command.run_here("shrink", str(tmp_path / "good"), *arguments)
    assert refused.returncode == 104
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
