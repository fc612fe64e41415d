"""The experiments for chaostoolkit-kubernetes: valid for it and for diya, and done for real."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import chaoslib.activity
import chaoslib.experiment
import pytest
import yaml
from chaoslib.configuration import load_configuration
from chaoslib.exceptions import ActivityFailed

from chaos.errors import ChaosConfigError
from chaos.experiment import reader
from chaos.experiment.outside_action import OutsideAction
from chaos.faults.base import perform
from chaos.fleet.load_switch import LoadSwitchFile
from chaos.fleet.target_system import TargetSystem
from reports.records import RunClock
from tests.chaos.kubernetes.conftest import Kept, ready, uids
from tests.harness import command
from tests.kubernetes_api import objects
from tests.kubernetes_api.kubelet import Pretended
from tests.kubernetes_api.server import TOKEN, ApiServer
from tests.target_service.processes import wait_until

FOLDER = command.ROOT / "deploy" / "k8s" / "experiments"
FILES = sorted(FOLDER.glob("*.yaml"))
DONE = ["kill-pod", "terminate-pod", "rollout", "scale-down"]
"""A drain needs evictions, which the tests' API server does not serve."""


def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return found


KUBECTL = f"""#!{sys.executable}
import json, os, sys, urllib.parse, urllib.request

assert sys.argv[3:5] == ["get", "pods"] and sys.argv[8] == "jsonpath={{.items[*].metadata.uid}}"
url = os.environ["TEST_API"] + "/api/v1/namespaces/" + sys.argv[2] + "/pods?labelSelector="
request = urllib.request.Request(url + urllib.parse.quote(sys.argv[6]))
request.add_header("Authorization", "Bearer {TOKEN}")
items = json.load(urllib.request.urlopen(request))["items"]
print(*(pod["metadata"]["uid"] for pod in items), end="")
"""


@pytest.fixture(autouse=True)
def _kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `kubectl` on PATH that knows what the files ask, the UIDs of pods."""
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(KUBECTL)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.fixture(autouse=True)
def _size(monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of the Deployment, and a smaller one."""
    monkeypatch.setenv("REPLICAS", "3")
    monkeypatch.setenv("FEWER", "1")


def test_there_is_a_file_for_each_fault() -> None:
    assert {path.stem for path in FILES} == {*DONE, "drain-zone"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_chaos_toolkit_finds_a_file_valid(path: Path) -> None:
    chaoslib.experiment.ensure_experiment_is_valid(document(path.stem))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_diya_reads_a_file_and_knows_what_shows_and_heals_it(path: Path) -> None:
    experiment = reader.load(str(path))
    (step,) = experiment.faults
    fault = step.make()
    assert isinstance(fault, OutsideAction)
    assert fault.terms.took_hold is not None
    assert fault.terms.took_hold.changes
    assert fault.terms.ready is not None
    # Only what does not heal by itself has an undo.
    assert (fault.terms.undo is not None) == (path.stem in ("scale-down", "drain-zone"))


@pytest.mark.parametrize("variable", ["REPLICAS", "FEWER"])
def test_a_deployment_is_scaled_to_no_size_that_nobody_gave(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable)
    with pytest.raises(ChaosConfigError, match=variable):
        reader.load(str(FOLDER / "scale-down.yaml"))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    with ApiServer(lambda pod: Pretended()) as found:
        config = str(found.kubeconfig(tmp_path / "config"))
        monkeypatch.setenv("KUBECONFIG", config)
        # The official client has read the variable when it was imported.
        monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", config)
        monkeypatch.setenv("TEST_API", found.url)
        objects.deployment(found.store)
        wait_until(lambda: ready(found) == 3, 20, "three pods are ready")
        yield found


@pytest.mark.parametrize("name", DONE)
def test_an_action_really_happens_to_pods(name: str, server: ApiServer) -> None:
    before = uids(server)
    experiment = document(name)
    configuration = load_configuration(experiment["configuration"])
    (action,) = experiment["method"]
    run = chaoslib.activity.run_activity
    run(action, configuration, {})
    wait_until(lambda: not before <= uids(server), 20, "a pod is gone")
    if name == "scale-down":
        wait_until(lambda: len(uids(server)) == 1, 20, "one pod is left")
        run({"type": "action", "name": "undo", **action["x-diya"]["undo"]}, configuration, {})
    wait_until(lambda: ready(server) == 3, 20, "three pods are ready again")
    if name != "rollout":  # its probe is kubectl's
        probe = {"type": "probe", "name": "ready", **action["x-diya"]["ready"]}

        def is_ready() -> bool:
            with contextlib.suppress(ActivityFailed):
                return bool(run(probe, configuration, {}))
            return False

        wait_until(is_ready, 10, "the probe says so")


@pytest.mark.service
@pytest.mark.slow
@pytest.mark.parametrize("name", ["kill-pod", "scale-down"])
def test_diya_does_an_action_and_sees_that_it_took_hold(
    name: str, server: ApiServer, tmp_path: Path
) -> None:
    before, kept = uids(server), Kept()
    (step,) = reader.load(str(FOLDER / f"{name}.yaml"), ask=True).faults
    fault = step.make()
    target = TargetSystem("shopmax", None, LoadSwitchFile(tmp_path), dict(os.environ), kept)
    window = perform(step.id, fault, target, RunClock(time.time()), Random(1))
    assert (window.took_hold, window.error) == (True, None)
    assert window.recovered_at is not None
    assert (ready(server), before == uids(server)) == (3, False)
    assert len(kept.seen) == (name == "scale-down")
    assert kept.undoings == {}
