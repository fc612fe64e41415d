"""The same files under Chaos Toolkit's own `chaos run`, against the fleet of `diya up`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chaos.experiment.model import DIRECTORY, names
from chaos.experiment.random_experiment import draw, local_fleet
from chaos.experiment.reader import load
from chaos.faults.base import parameters
from chaos.faults.catalogue import FAULTS
from chaos.fleet.topology import Topology
from tests.harness import command

pytestmark = [pytest.mark.service, pytest.mark.slow]

CHAOS = Path(sys.executable).with_name("chaos")

VALIDATE = """
import sys
from chaoslib.experiment import ensure_experiment_is_valid
from chaoslib.loader import load_experiment
for path in sys.argv[1:]:
    ensure_experiment_is_valid(load_experiment(path))
    print(path)
"""


DISCOVER = """
import json
from chaoslib.discovery.discover import discover_actions
print(json.dumps(discover_actions("chaos.actions")))
"""


def run(path: Path, place: Path, *options: str) -> tuple[int, dict[str, Any], str]:
    """`chaos run`: its exit code, its journal, and its output."""
    journal = place / "journal.json"
    finished = subprocess.run(
        [
            *(str(CHAOS), "--no-version-check", "--no-log-file"),
            *("run", "--journal-path", str(journal), *options, str(path)),
        ],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    said = finished.stdout + finished.stderr
    assert journal.exists(), said
    return finished.returncode, json.loads(journal.read_text()), said


@contextmanager
def up(place: Path, *options: str) -> Iterator[None]:
    """A fleet that is up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(place))
        fleet = command.start("up", "--redis", "bundled", *options)
        assert fleet.stdout is not None
        assert any(line.startswith("Ctrl-C") for line in fleet.stdout), "it did not come up"
        yield
        fleet.terminate()
        fleet.communicate(timeout=30)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A fleet of three that is up."""
    with up(tmp_path_factory.mktemp("up"), "--replicas", "3"):
        yield


def plays(name: str, place: Path, *options: str) -> None:
    """`chaos run` does every fault of an experiment of ours."""
    code, journal, said = run(DIRECTORY / f"{name}.yaml", place, *options)
    assert (code, journal["status"]) == (0, "completed"), said
    windows = [each["output"] for each in journal["run"]]
    planned = [step.make().kind for step in load(name).faults]
    assert [window["fault"] for window in windows] == planned
    assert all(window["took_hold"] and window["error"] is None for window in windows)


@pytest.mark.parametrize("name", ["smoke", "redis-restart", "rolling-deploy", "model-brownout"])
def test_chaos_toolkit_runs_an_experiment_of_diya(tmp_path: Path, fleet: None, name: str) -> None:
    # Chaos Toolkit's switch skips the pauses, which are for customers: there are none here.
    hurry = () if name == "redis-restart" else ("--dry", "pause")
    plays(name, tmp_path, *hurry)


def test_chaos_toolkit_runs_a_failover(tmp_path: Path) -> None:
    with up(tmp_path, "--replicas", "1", "--topology", "sentinel"):
        plays("redis-failover", tmp_path, "--dry", "pause")


def test_faults_of_the_load_are_refused_where_there_is_none(tmp_path: Path, fleet: None) -> None:
    code, journal, _ = run(DIRECTORY / "customer-storm.yaml", tmp_path, "--dry", "pause")
    # Chaos Toolkit calls a run `completed` when it reached the end of the file, even with failures.
    assert (code, journal["status"], journal["deviated"]) == (0, "completed", False)
    assert [each["status"] for each in journal["run"]] == ["failed", "failed"]
    for each, kind in zip(journal["run"], ("load-spike", "reconnect-storm"), strict=True):
        why = (
            f"{kind} needs capabilities that this environment lacks: load (make more customers come"
        )
        assert why in " ".join(map(str, each["exception"]))


def test_an_impossible_fault_is_a_failed_activity(tmp_path: Path, fleet: None) -> None:
    provider = {"type": "python", "module": "chaos.actions", "func": "failover"}
    action = {"type": "action", "name": "fail over", "provider": provider}
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"title": "t", "description": "d", "method": [action]}))
    _, journal, _ = run(path, tmp_path)
    (done,) = journal["run"]
    assert done["status"] == "failed"
    assert "sentinel" in " ".join(map(str, done["exception"]))


def test_diyas_probes_answer_chaos_toolkit(tmp_path: Path, fleet: None) -> None:
    probes = [
        {
            "type": "probe",
            "name": func,
            "tolerance": answer,
            "provider": {"type": "python", "module": "chaos.probes", "func": func},
        }
        for func, answer in (("redis_answers", True), ("replicas_ready", 3))
    ]
    path = tmp_path / "ask.json"
    hypothesis = {"title": "all is well", "probes": probes}
    document = {"title": "t", "description": "d", "steady-state-hypothesis": hypothesis}
    path.write_text(json.dumps({**document, "method": []}))
    code, journal, said = run(path, tmp_path)
    assert (code, journal["deviated"]) == (0, False), said
    assert journal["steady_states"]["before"]["steady_state_met"]


def test_chaos_toolkit_accepts_all_experiments_and_a_drawn_one(
    tmp_path: Path,
) -> None:
    drawn = tmp_path / "drawn.yaml"
    drawn.write_text(draw(11, 93.0, local_fleet(Topology(), 12)))
    paths = [str(DIRECTORY / f"{name}.yaml") for name in names()] + [str(drawn)]
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE, *paths],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == paths, done.stderr


def test_every_fault_is_an_action_that_chaos_toolkit_discovers(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DISCOVER], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = {each["name"]: each for each in json.loads(done.stdout)}
    assert set(found) == set(FAULTS)
    for name, kind in FAULTS.items():
        taken = [each["name"] for each in found[name]["arguments"]]
        assert [each for each in taken if each != "configuration"] == list(parameters(kind)), name
        assert found[name]["doc"], name
