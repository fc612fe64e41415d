from __future__ import annotations

import inspect
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from chaos import actions, probes
from chaos.errors import ChaosConfigError, ChaosError
from chaos.experiment.control import FOLDER_PREFIX, Control, call
from chaos.experiment.control_functions import functions
from chaos.experiment.fleet_probes import PROBES
from chaos.faults.base import Fault, perform
from chaos.faults.catalogue import CATALOGUE
from chaos.faults.kill_replica import KillReplica
from chaos.faults.noop import Noop
from chaos.faults.redis_outage import KillRedis, RestartRedis
from chaos.faults.rolling_restart import RollingRestart
from chaos.fleet.active_faults import ActiveFaults
from chaos.fleet.environment import CAPABILITIES, SystemUnderTest
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.redis_client import connect
from chaos.fleet.redis_server import RedisServer
from reports.records import FaultWindow, RunClock
from tests.chaos.conftest import MakeFleet


def do(fault: Fault, fleet: ProcessFleet, seed: int = 7) -> FaultWindow:
    clock = RunClock(time.time())
    return perform(f"{fault.kind}-1", fault, fleet, clock, random.Random(seed))


def pids(fleet: ProcessFleet) -> dict[str, int | None]:
    return {name: replica.pid for name, replica in fleet.replicas.items()}


def assert_healed(window: FaultWindow, fleet: ProcessFleet) -> None:
    assert window.recovered_at is not None
    assert window.start < window.recovered_at <= window.end
    assert fleet.redis.answers()
    assert all(replica.ready() for replica in fleet.replicas.values())
    assert fleet.balancer.in_rotation() == set(fleet.replicas)


def test_nothing_happens_and_takes_hold(fleet: ProcessFleet) -> None:
    before = pids(fleet)
    window = do(Noop(duration=0.2), fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, "none")
    assert window.end - window.start >= 0.2
    assert pids(fleet) == before


def test_a_replica_is_killed_stays_away_and_comes_back(fleet: ProcessFleet) -> None:
    before = pids(fleet)
    window = do(KillReplica("r02", downtime=0.5), fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, "r02")
    assert window.end - window.start >= 0.5
    assert [name for name, pid in pids(fleet).items() if pid != before[name]] == ["r02"]
    assert_healed(window, fleet)


def test_a_rolling_restart_replaces_replicas_one_after_the_other(fleet: ProcessFleet) -> None:
    before = pids(fleet)
    window = do(RollingRestart(count=2), fleet)
    assert (window.took_hold, window.error) == (True, None)
    changed = [name for name, pid in pids(fleet).items() if pid != before[name]]
    assert sorted(window.target.split(",")) == changed
    assert len(changed) == 2
    assert window.end - window.start >= 2.4  # each drains for 1.2 s
    assert_healed(window, fleet)


@pytest.mark.parametrize(("fault", "code"), [(KillRedis(), -9), (RestartRedis(), 0)])
def test_redis_goes_and_comes_back_with_its_data(
    fleet: ProcessFleet, fault: Fault, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(fleet.redis, RedisServer)
    ends: list[int | None] = []
    server, start = fleet.redis, fleet.redis.start

    def note_the_end_and_start() -> None:
        ends.append(server.exit_code)
        start()

    monkeypatch.setattr(server, "start", note_the_end_and_start)
    with connect(fleet.redis.url) as client:
        client.set("order", "ORD-58291")
    before = fleet.redis.run_id
    window = do(fault, fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, "redis")
    assert ends == [code]
    assert fleet.redis.run_id != before
    with connect(fleet.redis.url) as client:
        assert client.get("order") == "ORD-58291"
    assert_healed(window, fleet)


def test_the_victim_is_chosen_by_the_seed(make_fleet: MakeFleet, fleet: ProcessFleet) -> None:
    def aims(seed: int) -> list[str]:
        rng = random.Random(seed)
        return [KillReplica().aim(fleet, rng) for _ in range(12)]

    assert aims(7) == aims(7)
    assert len(set(aims(7))) == 3


def test_a_replica_that_is_dead_already_cannot_be_killed_and_the_window_says_so(
    fleet: ProcessFleet,
) -> None:
    fleet.replicas["r01"].kill()
    window = do(KillReplica("r01", downtime=0.0), fleet)
    assert not window.took_hold
    assert window.error == "r01 does not run: kill-replica cannot be done to it"
    assert not fleet.replicas["r01"].running, "the fault that killed it must bring it back"


@dataclass
class Harmless(KillReplica):
    """A fault whose injection does nothing."""

    kind: ClassVar[str] = "harmless"

    def inject(self, env: SystemUnderTest) -> None:
        pass


@dataclass
class OnlyRefused(KillRedis):
    """Redis is said to be gone but is never ended: it comes back as the same one."""

    def inject(self, env: SystemUnderTest) -> None:
        assert isinstance(env.redis, RedisServer)
        self._old_run_id = env.redis.run_id

    def verify(self, env: SystemUnderTest) -> bool:
        return True


def test_a_fault_without_effect_is_recorded_as_one_that_did_not_take_hold(
    fleet: ProcessFleet,
) -> None:
    window = do(Harmless("r01"), fleet)
    assert not window.took_hold
    assert window.error == "harmless did not take hold of r01"
    assert_healed(window, fleet)


def test_a_redis_that_comes_back_as_the_same_process_was_never_away(fleet: ProcessFleet) -> None:
    window = do(OnlyRefused(downtime=0.0), fleet)
    assert not window.took_hold
    assert window.error == "redis came back as if kill-redis had not happened"


def test_a_replica_that_cannot_be_drained_is_killed_and_the_fault_says_so(
    fleet: ProcessFleet,
) -> None:
    window = do(RollingRestart(count=1, drain_timeout=0.2), fleet)
    assert not window.took_hold
    assert window.error is not None
    assert "was not drained 0.2 s after SIGTERM and was killed" in window.error
    assert_healed(window, fleet)


@pytest.mark.parametrize(("code", "error"), [(-15, None), (3, "r01 ended with code 3 on SIGTERM")])
def test_a_replica_may_end_by_the_signal_when_drained_but_not_crash(
    make_fleet: MakeFleet, code: int, error: str | None
) -> None:
    fleet = make_fleet(replicas=1, extra_env={"TOY_EXIT_CODE": str(code)})
    fleet.start()
    fleet.wait_ready(30)
    window = do(RollingRestart(count=1), fleet)
    assert window.error == error
    assert window.took_hold == (error is None)
    assert_healed(window, fleet)


@dataclass
class KillForGood(KillReplica):
    """A replica that it has killed cannot be started again."""

    def hold(self) -> None:
        self.victim.close()  # type: ignore[attr-defined]


def test_a_replica_that_does_not_come_back_leaves_the_window_open_ended(
    own_fleet: ProcessFleet,
) -> None:
    window = do(KillForGood("r03"), own_fleet)
    assert window.took_hold
    assert window.recovered_at is None
    assert window.error is not None
    assert "r03 is closed" in window.error


def test_an_impossible_fault_is_refused_before_the_run(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(redis="redis://127.0.0.1:1/0")
    with pytest.raises(ValueError, match="takes no faults"):
        KillRedis().check(fleet)
    with pytest.raises(ValueError, match="replica must be random or r01 to r03, got 'r99'"):
        KillReplica("r99").check(fleet)
    with pytest.raises(ValueError, match=r"count must be at most 3 .*, got 4"):
        RollingRestart(4).check(fleet)


@dataclass
class NeedsTheMoon(Noop):
    """Something that no fleet of processes can do."""

    kind: ClassVar[str] = "eclipse"
    always_needs: ClassVar[frozenset[str]] = frozenset({"kill", "memory-limit"})


def test_a_fault_is_refused_where_the_environment_lacks_a_capability(fleet: ProcessFleet) -> None:
    with pytest.raises(
        ValueError, match=r"eclipse needs capabilities .* lacks: memory-limit \(limit"
    ):
        NeedsTheMoon().check(fleet)


def test_a_fleet_has_only_capabilities_that_are_explained(fleet: ProcessFleet) -> None:
    assert fleet.capabilities <= set(CAPABILITIES)
    for kind in CATALOGUE:
        assert kind().needs <= set(CAPABILITIES)


@pytest.fixture
def control(fleet: ProcessFleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The fleet's control endpoint, which is the only one that actions and probes find."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / f"{FOLDER_PREFIX}here"
    folder.mkdir()
    with Control(folder, functions(fleet)):
        yield


def test_an_action_is_done_to_the_fleet_that_is_up(control: None, fleet: ProcessFleet) -> None:
    before = pids(fleet)
    window = actions.kill_replica(replica="r01", downtime=0.0)
    assert window["took_hold"]
    assert pids(fleet)["r01"] != before["r01"]
    with pytest.raises(ChaosError, match="got 'r99'"):
        actions.kill_replica(replica="r99")


def test_a_probe_is_answered_by_the_fleet_that_is_up(control: None, fleet: ProcessFleet) -> None:
    assert probes.redis_answers() is True
    assert probes.replicas_ready() == len(fleet.replicas)
    assert probes.all_in_rotation() is True
    assert probes.balancer_status("/readyz") == 200


def test_an_action_and_a_probe_need_a_fleet_that_is_up(
    fleet: ProcessFleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(
        ChaosConfigError, match=r"one fleet must run on this machine, .*: none runs"
    ):
        actions.noop(duration=0.0)
    with pytest.raises(
        ChaosConfigError, match=r"one fleet must run on this machine, .*: none runs"
    ):
        probes.redis_answers()


def test_a_control_endpoint_offers_no_other_function(control: None) -> None:
    for module, func in (("actions", "print"), ("probes", "noop"), ("os", "getpid")):
        with pytest.raises(ChaosConfigError, match=f"there is no '{func}' among the {module}"):
            call(module, func, {})


def test_every_probe_takes_the_same_arguments_with_and_without_a_fleet() -> None:
    for name, probe in PROBES.items():
        of_the_fleet = list(inspect.signature(probe).parameters.values())[1:]
        assert list(inspect.signature(getattr(probes, name)).parameters.values()) == of_the_fleet


def test_two_fleets_do_not_know_of_each_others_faults() -> None:
    one, other = ActiveFaults(), ActiveFaults()
    first, second = object(), object()
    one.enter(first, "squeeze-memory", "redis", "maxmemory")
    other.enter(second, "squeeze-memory", "redis", "maxmemory")
    assert not one.others(first)
    assert not other.others(second)
    with pytest.raises(ChaosError, match="redis is under squeeze-memory"):
        one.enter(object(), "exhaust-memory", "redis", "maxmemory")
    assert not one.leave(first)
