"""`diya chaos` and the probes reach the fleet of `diya up` from another process."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos import probes
from tests.harness import command


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a fleet of two that is up: its control file is there."""
    place = tmp_path_factory.mktemp("up")
    before, tempfile.tempdir = tempfile.tempdir, str(place)
    old = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(place)
    fleet = command.start("up", "--replicas", "2", "--redis", "bundled", "--proxy")
    try:
        assert fleet.stdout is not None
        assert fleet.stdout.readline().startswith("balancer")
        (own,) = place.iterdir()
        yield own
    finally:
        fleet.terminate()
        fleet.communicate(timeout=30)
        tempfile.tempdir = before
        os.environ.pop("TMPDIR")
        if old is not None:
            os.environ["TMPDIR"] = old
    assert list(place.iterdir()) == [], "the fleet's folder went with it"


def test_one_fault_is_done_from_another_process(folder: Path) -> None:
    done = command.run("chaos", "kill-replica", "r01", "--param", "downtime=0.1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("kill-replica  r01  took hold and was healed")
    assert probes.replicas_ready() == 2


def test_the_network_of_a_fleet_with_proxies_is_disturbed_by_hand(folder: Path) -> None:
    for side in ("redis", "balancer"):
        more = ("--param", "duration=0.1", "--param", f"side={side}")
        done = command.run("chaos", "network-latency", "r01", *more)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"network-latency  r01-{side}  took hold and was healed")


def test_the_token_is_for_this_user_alone(folder: Path) -> None:
    assert stat.S_IMODE((folder / "control.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("kill-replicas",), "FAULT kill-replicas: one of"),
        (("kill-replica", "--param", "downtme=1"), "--param downtme=1"),
        (("kill-replica", "--param", "downtime=-1"), "downtime = -1: expected seconds"),
        (("load-spike",), "load-spike needs what this environment cannot do: load (make more"),
        (("kill-redis", "r01"), "TARGET r01: none was expected"),
    ],
)
def test_what_cannot_be_done_is_refused(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = command.run("chaos", *arguments)
    assert done.returncode == 104, done.stderr
    assert said in done.stderr


def test_a_fleet_of_an_agent_of_ones_own_is_brought_up() -> None:
    agent = command.ROOT / "tests" / "sample_repo" / "concierge"
    fleet = command.start("up", "--replicas", "1", "--redis", "bundled", "--agent", str(agent))
    try:
        assert fleet.stdout is not None
        url = fleet.stdout.readline().split()[1]
        with urllib.request.urlopen(f"{url}/list-apps", timeout=10) as answer:
            assert json.loads(answer.read()) == ["concierge"]
    finally:
        fleet.terminate()
        fleet.communicate(timeout=30)


def test_a_folder_that_is_no_agent_is_refused_before_anything_starts(tmp_path: Path) -> None:
    refused = command.run("up", "--agent", str(tmp_path))
    assert refused.returncode == 104
    assert f"--agent {tmp_path}: a folder with agent.py or root_agent.yaml" in refused.stderr
