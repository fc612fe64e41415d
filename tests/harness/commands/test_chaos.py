"""`diya chaos` and the probes reach the fleet of `diya up` from another process."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chaos import probes
from chaos.experiment.control import FOLDER_PREFIX
from tests.harness import command

pytestmark = pytest.mark.service


@contextmanager
def up(place: Path, *options: str) -> Iterator[Path]:
    """A fleet with proxies that is up, whose folder is in `place`."""
    before, tempfile.tempdir = tempfile.tempdir, str(place)
    old = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(place)
    fleet = command.start("up", "--redis", "bundled", "--proxy", *options)
    try:
        assert fleet.stdout is not None
        assert fleet.stdout.readline().startswith("balancer")
        (own,) = place.glob(f"{FOLDER_PREFIX}*")
        yield own
    finally:
        fleet.terminate()
        fleet.communicate(timeout=30)
        tempfile.tempdir = before
        os.environ.pop("TMPDIR")
        if old is not None:
            os.environ["TMPDIR"] = old
    assert not own.exists(), "the fleet's folder went with it"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a fleet of two that is up: its control file is there."""
    with up(tmp_path_factory.mktemp("up"), "--replicas", "2") as own:
        yield own


def test_one_fault_is_done_from_another_process(folder: Path) -> None:
    done = command.run("chaos", "kill-replica", "r01", "--param", "downtime=0.1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("kill-replica  r01  took hold and was healed")
    assert probes.replicas_ready() == 2


def test_the_network_of_a_fleet_with_proxies_is_disturbed_by_hand(folder: Path) -> None:
    for side in ("redis", "balancer"):
        more = ("--param", "duration=0.1", "--param", f"side={side}")
        done = command.run_here("chaos", "network-latency", "r01", *more)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"network-latency  r01-{side}  took hold and was healed")


@pytest.mark.parametrize(
    ("fault", "target", "hit"),
    [
        ("kill-redis", "redis", "redis"),
        ("freeze-redis", "primary", "redis"),
        ("network-reset", "r02", "r02-redis"),
    ],
)
def test_a_target_is_set_in_the_faults_own_parameter(
    folder: Path, fault: str, target: str, hit: str
) -> None:
    short = "downtime=0.1" if fault.startswith("kill") else "duration=0.1"
    done = command.run_here("chaos", fault, target, "--param", short)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{fault}  {hit}  took hold and was healed")


def test_the_token_is_for_this_user_alone(folder: Path) -> None:
    assert stat.S_IMODE((folder / "control.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("kill-replicas",), "FAULT kill-replicas: must be one of"),
        (("kill-replica", "--param", "downtme=1"), "--param downtme=1"),
        (("kill-replica", "--param", "downtime=-1"), "downtime must be at least 0 seconds, got -1"),
        (
            ("load-spike",),
            "load-spike needs capabilities that this environment lacks: load (make more",
        ),
        (("kill-half", "r01"), "TARGET r01: must not be given, kill-half chooses its own"),
        (("kill-replica", "r09"), "replica must be random or r01 to r02, got 'r09'"),
        (("kill-redis", "r01"), "server must be primary or one of redis, got 'r01'"),
        (("network-reset", "r09"), "replica must be all, random or r01 to r02, got 'r09'"),
        (("network-reset", "redis-1"), "the links belong to the replicas, r01 to r02"),
    ],
)
def test_an_impossible_fault_is_refused(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = command.run_here("chaos", *arguments)
    assert done.returncode == 104, done.stderr
    assert said in done.stderr


@pytest.mark.slow
def test_in_a_set_of_servers_a_target_is_one_of_them(tmp_path: Path) -> None:
    with up(tmp_path, "--replicas", "1", "--topology", "sentinel"):
        for fault, target, hit in (
            ("network-reset", "redis-2", "redis-2"),
            ("freeze-redis", "replica", "redis-"),
            ("kill-redis", "redis-3", "redis-3"),
        ):
            short = "downtime=0.1" if fault.startswith("kill") else "duration=0.1"
            done = command.run_here("chaos", fault, target, "--param", short)
            assert done.returncode == 0, done.stderr
            assert done.stdout.startswith(f"{fault}  {hit}")
            assert "took hold and was healed" in done.stdout
        refused = command.run_here("chaos", "network-reset", "r01")
        assert refused.returncode == 104
        names = "primary, replica or one of redis-1, redis-2, redis-3"
        assert f"replica must be all, and server must be {names}" in refused.stderr
        refused = command.run_here("chaos", "kill-redis", "redis-9")
        assert refused.returncode == 104
        assert f"server must be {names}, got 'redis-9'" in refused.stderr


@pytest.mark.slow
def test_a_fleet_of_an_agent_of_ones_own_is_brought_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where its fleet is the only one
    agent = command.ROOT / "tests" / "sample_repo" / "concierge"
    words = ("--replicas", "1", "--redis", "bundled", "--agent", str(agent), "--model", "own")
    fleet = command.start("up", *words)
    try:
        assert fleet.stdout is not None
        url = fleet.stdout.readline().split()[1]
        with urllib.request.urlopen(f"{url}/list-apps", timeout=10) as answer:
            assert json.loads(answer.read()) == ["concierge"]
        refused = command.run("chaos", "slow-model")
        assert refused.returncode == 104
        assert "slow-model needs capabilities that this environment lacks: model" in refused.stderr
    finally:
        fleet.terminate()
        fleet.communicate(timeout=30)


def test_a_folder_that_is_no_agent_is_refused_before_anything_starts(tmp_path: Path) -> None:
    refused = command.run_here("up", "--agent", str(tmp_path))
    assert refused.returncode == 104
    assert (
        f"--agent {tmp_path}: must be a folder with agent.py or root_agent.yaml" in refused.stderr
    )
