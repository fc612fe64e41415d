"""From verbs in a test to an experiment that the harness accepts."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.experiment import reader
from chaos.experiment.model import Experiment
from chaos.faults.catalogue import FAULTS
from harness.pytest_plugin import faults
from harness.pytest_plugin.errors import PlanError
from harness.pytest_plugin.run import Run


def planned(tmp_path: Path, run: Run) -> Experiment:
    path = tmp_path / "experiment.json"
    faults.write_experiment(path, "a test", run.planned)
    return reader.load(path)


def test_faults_become_an_experiment_in_order_of_time(tmp_path: Path) -> None:
    run = Run(faults=True)
    run.kill("replica", at="15s")
    run.restart("redis", at="10s", downtime=1)
    run.kill("r02", at=20)
    run.limit_memory("r01", at=21)
    read = planned(tmp_path, run)
    assert read.planned == ["restart-redis-1", "kill-replica-1", "kill-replica-2", "limit-memory-1"]
    assert repr(read.faults[2].make()).count("r02") == 1
    assert repr(read.faults[3].make()).count("r01") == 1


def test_a_fault_begins_at_its_own_moment_however_long_the_one_before_took(tmp_path: Path) -> None:
    run = Run(faults=True)
    run.kill("replica", at="4.5s")
    run.restart("redis", at="2s")
    steps = planned(tmp_path, run).faults
    assert [str(step.at) for step in steps] == ["start+2s", "start+4.5s"]
    assert {step.before for step in steps} == {0.0}


def test_a_fault_goes_by_its_own_name_too(tmp_path: Path) -> None:
    run = Run(faults=True)
    run.rolling_restart(at="500ms", count=2)
    run.noop(at="2 s")
    assert planned(tmp_path, run).planned == ["rolling-restart-1", "noop-1"]


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_of_the_catalogue_is_a_verb(name: str) -> None:
    run = Run(faults=True)
    getattr(run, name)(at="1s")
    assert run.planned[0].func == name


def test_an_unknown_fault_is_an_error_that_names_the_nearest() -> None:
    run = Run(faults=True)
    with pytest.raises(PlanError, match="did you mean kill_redis"):
        run.kill("rediss", at="10s")
    with pytest.raises(PlanError, match=r"did you mean .*restart_redis"):
        run.restrat("redis", at="10s")
    with pytest.raises(PlanError, match=r"'downtme'.*did you mean downtime"):
        run.kill("redis", at="10s", downtme=1)
    with pytest.raises(PlanError, match="downtime"):
        run.kill("redis", at="10s", downtime=-1)
    with pytest.raises(PlanError, match=r"at=.*'soon'"):
        run.kill("redis", at="soon")
    with pytest.raises(PlanError, match=r"at=.*-3"):
        run.kill("redis", at=-3)


def test_a_fault_without_its_moment_or_with_an_odd_target_is_an_error_in_one_sentence() -> None:
    run = Run(faults=True)
    with pytest.raises(PlanError, match=r"run\.kill\(at=…\): must be a time .* as '10s', got None"):
        run.kill("replica")
    with pytest.raises(
        PlanError, match=r"run\.kill\('replica', '10s'\): must have names .* as at='10s'"
    ):
        run.kill("replica", "10s")
    with pytest.raises(PlanError, match=r"run\.kill\(2\): must be a name"):
        run.kill(2, at="10s")
    assert run.planned == []


def test_a_target_gets_no_faults() -> None:
    with pytest.raises(
        PlanError, match=r"a fleet that diya starts.*--diya-env process or containers"
    ):
        Run(faults=False).kill("redis", at="1s")


def test_nothing_can_be_expected_inside_the_block() -> None:
    with pytest.raises(PlanError, match="after"):
        Run(faults=True).expect("continuity == 100%")
