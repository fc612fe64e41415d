"""Every fault of the catalogue takes hold of a real small fleet, and heals."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import RedisError
from redis.exceptions import BusyLoadingError

from chaos.faults import load
from chaos.faults.amnesia import Amnesia
from chaos.faults.exhaust_connections import ExhaustConnections
from chaos.faults.freeze import FreezeRedis, FreezeReplica
from chaos.faults.kill_many import KillHalf, KillZone
from chaos.faults.kill_streaming import KillStreaming
from chaos.faults.load import LoadSpike, ReconnectStorm
from chaos.faults.model import SlowModel
from chaos.faults.power_loss import PowerLoss
from chaos.faults.reload_redis import ReloadRedis
from chaos.faults.resource_stress import CpuHog, MemoryHog
from chaos.faults.slow_redis import SlowRedis
from chaos.faults.slow_start import SlowStart
from chaos.faults.squeeze_memory import SqueezeMemory
from chaos.faults.terminate_replica import TerminateReplica
from chaos.fleet.guardian import carriers
from chaos.fleet.load_switch import LoadSwitchFile
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.redis_client import connect
from chaos.fleet.redis_server import RedisServer
from chaos.fleet.topology import Topology
from reports.records import LoadMark, RecordWriter
from reports.records.load_commands import LoadCommand
from tests.chaos.conftest import KINDS, MakeFleet, need
from tests.chaos.test_faults import assert_healed, do


def identities(fleet: ProcessFleet) -> dict[str, str | None]:
    return {name: replica.identity for name, replica in fleet.replicas.items()}


def changed(fleet: ProcessFleet, before: dict[str, str | None]) -> list[str]:
    return [name for name, identity in identities(fleet).items() if identity != before[name]]


@pytest.fixture
def redis(fleet: ProcessFleet) -> Iterator[Any]:
    """A client of the fleet's Redis, with some keys in it."""
    assert isinstance(fleet.redis, RedisServer)
    with connect(fleet.redis.url, 3.0) as client:
        client.flushall()
        for number in range(200):
            client.set(f"order-{number}", secrets.token_hex(500), ex=600)
        yield client
        client.flushall()


def test_a_terminated_replica_drains_and_another_comes_back(fleet: ProcessFleet) -> None:
    before = identities(fleet)
    window = do(TerminateReplica(replica="r01", duration=0.1), fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, "r01")
    assert changed(fleet, before) == ["r01"]
    assert_healed(window, fleet)


def test_a_frozen_replica_goes_on_as_the_same_one(fleet: ProcessFleet) -> None:
    before = identities(fleet)
    window = do(FreezeReplica(replica="r02", duration=0.2), fleet)
    assert (window.took_hold, window.error) == (True, None)
    assert changed(fleet, before) == []
    assert_healed(window, fleet)


def test_a_slow_start_keeps_a_replica_away_for_longer(fleet: ProcessFleet) -> None:
    before = identities(fleet)
    window = do(SlowStart(replica="r03", duration=1.0), fleet)
    assert (window.took_hold, window.error) == (True, None)
    assert changed(fleet, before) == ["r03"]
    assert window.end - window.start >= 1.0
    assert_healed(window, fleet)


def test_half_of_the_fleet_and_a_zone_die_at_once_and_come_back(fleet: ProcessFleet) -> None:
    before = identities(fleet)
    window = do(KillHalf(downtime=0.1), fleet)
    assert (window.took_hold, window.error) == (True, None)
    assert changed(fleet, before) == [window.target]
    before = identities(fleet)
    window = do(KillZone(downtime=0.1, zone=2), fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, "r02")
    assert changed(fleet, before) == ["r02"]
    assert_healed(window, fleet)


def test_a_zone_with_a_replica_down_already_cannot_be_lost(fleet: ProcessFleet) -> None:
    fleet.replicas["r02"].kill()
    window = do(KillZone(downtime=0.0, zone=2), fleet)
    assert not window.took_hold
    assert window.error == "r02 does not run: kill-zone cannot be done to it"


def test_stress_workers_share_a_replicas_core_and_end_with_the_fault(fleet: ProcessFleet) -> None:
    processes = carriers(fleet.run_id)
    window = do(CpuHog(replica="r01", duration=0.2, workers=2), fleet)
    assert (window.took_hold, window.error) == (True, None)
    assert carriers(fleet.run_id) == processes
    assert_healed(window, fleet)


def test_a_memory_hog_takes_its_megabytes_but_never_all_memory(fleet: ProcessFleet) -> None:
    processes = carriers(fleet.run_id)
    window = do(MemoryHog(duration=0.1, megabytes=32), fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, "host")
    assert carriers(fleet.run_id) == processes
    window = do(MemoryHog(megabytes=100_000_000), fleet)
    assert not window.took_hold
    assert "can be taken now" in str(window.error)


def test_a_replica_dies_in_the_middle_of_a_streamed_reply(fleet: ProcessFleet) -> None:
    before = identities(fleet)
    window = do(KillStreaming(replica="r01", duration=0.1), fleet)
    assert (window.took_hold, window.error) == (True, None)
    assert changed(fleet, before) == ["r01"]
    assert_healed(window, fleet)


def test_a_frozen_redis_goes_on_as_the_same_one(fleet: ProcessFleet, redis: Any) -> None:
    before = fleet.redis.servers["redis"].identity
    window = do(FreezeRedis(duration=0.2), fleet)
    assert (window.took_hold, window.error, window.target) == (True, None, "redis")
    assert fleet.redis.servers["redis"].identity == before
    assert redis.dbsize() == 200


def test_a_power_loss_takes_the_last_second_and_no_more(fleet: ProcessFleet, redis: Any) -> None:
    window = do(PowerLoss(downtime=0.0), fleet)
    assert (window.took_hold, window.error) == (True, None)
    assert window.server_lost_since is not None
    assert 0.5 < window.start - window.server_lost_since < 15.0
    assert redis.dbsize() == 200, "writes older than the lag were lost too"


def test_a_power_loss_takes_nothing_from_a_disk_that_is_never_behind(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(replicas=1, topology=Topology(aof="always"))
    fleet.start()
    fleet.wait_ready(30)
    window = do(PowerLoss(downtime=0.0), fleet)
    assert (window.took_hold, window.error, window.server_lost_since) == (True, None, None)


def test_a_redis_with_much_to_load_says_so_until_it_has(fleet: ProcessFleet, redis: Any) -> None:
    window = do(ReloadRedis(load=0.5), fleet)
    assert (window.took_hold, window.error) == (True, None)
    assert redis.dbsize() == 200
    assert_healed(window, fleet)


def _answer(url: str) -> str:
    try:
        with connect(url) as client:
            client.ping()
        return "PONG"
    except BusyLoadingError:
        return "LOADING"
    except RedisError:
        return ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_redis_with_hardly_any_data_is_seen_to_load_them_too(
    make_fleet: MakeFleet, kind: str
) -> None:
    need(kind)
    fleet = make_fleet(redis=kind, replicas=1)
    fleet.start()
    assert isinstance(fleet.redis, RedisServer)
    with connect(fleet.redis.url) as client:
        client.set("one", "key", ex=100)
        answers = []
        over = threading.Event()

        def customer() -> None:
            while not over.wait(0.05):
                answers.append(_answer(fleet.redis.url))

        asking = threading.Thread(target=customer)
        asking.start()
        window = do(ReloadRedis(load=2.0), fleet)
        over.set()
        asking.join()
        assert (window.took_hold, window.error) == (True, None)
        assert answers.count("LOADING") >= 5, "it was silent while it loaded"
        assert client.keys() == ["one"]


def test_amnesia_leaves_nothing_and_needs_something_to_forget(
    fleet: ProcessFleet, redis: Any
) -> None:
    window = do(Amnesia(), fleet)
    assert (window.took_hold, window.error) == (True, None)
    assert redis.dbsize() == 0
    window = do(Amnesia(), fleet)
    assert not window.took_hold
    assert window.error == "amnesia did not take hold of redis"


@pytest.mark.parametrize("policy", ["noeviction", "volatile-lru"])
def test_squeezed_memory_is_felt_and_the_limits_come_back(
    fleet: ProcessFleet, redis: Any, policy: str
) -> None:
    before = redis.config_get("maxmemory*")
    window = do(SqueezeMemory(duration=0.1, policy=policy, share=0.9), fleet)
    assert (window.took_hold, window.error) == (True, None)
    assert redis.config_get("maxmemory*") == before
    assert (redis.dbsize() == 200) == (policy == "noeviction")
    redis.set("order", "1")


def test_exhausted_connections_shut_everybody_out_and_are_given_back(
    fleet: ProcessFleet, redis: Any
) -> None:
    limit = redis.config_get("maxclients")
    others = redis.client_id()
    window = do(ExhaustConnections(duration=0.1), fleet)
    assert (window.took_hold, window.error) == (True, None)
    assert redis.client_id() != others, "a client that was there before was not cut off"
    assert redis.config_get("maxclients") == limit


@pytest.mark.parametrize("kind", KINDS)
def test_slow_commands_are_slow_on_every_server(make_fleet: MakeFleet, kind: str) -> None:
    need(kind)
    fleet = make_fleet(redis=kind, replicas=1)
    fleet.start()
    window = do(SlowRedis(duration=0.1, stall=0.3, every=0.31), fleet)
    assert (window.took_hold, window.error) == (True, None)


def test_slow_commands_make_everybody_wait(fleet: ProcessFleet, redis: Any) -> None:
    waits: list[float] = []
    fault = SlowRedis(duration=30.0, stall=0.3, every=0.31)

    def ask() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and max(waits, default=0.0) < 0.15:
            begun = time.monotonic()
            redis.ping()
            waits.append(time.monotonic() - begun)
        fault.cancelled.set()

    asking = threading.Thread(target=ask)
    asking.start()
    window = do(fault, fleet)
    asking.join(30)
    assert (window.took_hold, window.error) == (True, None)
    assert max(waits) >= 0.15


def test_a_model_fault_that_affected_no_replica_did_not_take_hold(fleet: ProcessFleet) -> None:
    fault = SlowModel(duration=0.1)
    fault.cancelled.set()  # do not wait for customers: there are none
    window = do(fault, fleet)
    assert not window.took_hold
    assert window.error == "slow-model did not take hold of model"


@pytest.fixture
def loaded(make_fleet: MakeFleet, tmp_path: Path) -> tuple[ProcessFleet, Path]:
    """A fleet under the load of a run in this directory, in which nobody answers."""
    return make_fleet(load=LoadSwitchFile(tmp_path)), tmp_path


def test_an_order_that_no_load_generator_answers_did_not_take_hold(
    loaded: tuple[ProcessFleet, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet, _ = loaded
    monkeypatch.setattr(load, "_ANSWER_TIMEOUT_S", 0.2)
    window = do(ReconnectStorm(duration=0.1), fleet)
    assert not window.took_hold
    assert str(window.error).startswith("reconnect-storm did not take hold of customers")


def test_a_storm_without_a_customer_is_ordered_again(
    loaded: tuple[ProcessFleet, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet, run_dir = loaded
    tell = fleet.load.tell

    def answered(command: LoadCommand) -> int:
        """As the generator does it, which meets its first customer at the second order."""
        order = tell(command)
        there = float(order > 1)
        with RecordWriter(run_dir) as writer:
            writer.write(LoadMark(1.0, "storm", {"order": order, "players": 1.0}))
            cut = {"order": order, "conversations": there}
            writer.write(LoadMark(1.0, "storm-cut", cut))
        return order

    monkeypatch.setattr(fleet.load, "tell", answered)
    window = do(ReconnectStorm(duration=0.1), fleet)
    assert (window.took_hold, window.error) == (True, None)


def test_an_order_that_the_load_generator_refuses_did_not_take_hold(
    loaded: tuple[ProcessFleet, Path],
) -> None:
    fleet, run_dir = loaded
    with RecordWriter(run_dir) as generator:
        generator.write(LoadMark(1.0, "spike", {"order": 2.0, "arrivals": 5.0}))
        generator.write(LoadMark(1.0, "order-refused", {"order": 1.0}))
    window = do(LoadSpike(duration=0.1), fleet)
    assert not window.took_hold
    assert "the load generator refused load-spike" in str(window.error)


def test_a_fleet_without_load_has_no_faults_of_the_load(fleet: ProcessFleet) -> None:
    with pytest.raises(
        ValueError, match="load-spike needs capabilities that this environment lacks: load"
    ):
        LoadSpike().check(fleet)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: LoadSpike(factor=1), "factor must be a number above 1.*got 1"),
        (lambda: ReconnectStorm(duration=0), "duration must be above 0.*got 0"),
        (lambda: SqueezeMemory(policy="lru"), "policy must be one of noeviction.*got 'lru'"),
        (lambda: SqueezeMemory(share=0), "share must be a number above 0.*got 0"),
        (lambda: KillZone(zone=4), "zone must be 1, 2 or 3, got 4"),
        (lambda: CpuHog(workers=0), "workers must be from 1 to 16, got 0"),
        (lambda: FreezeReplica(duration=-1), "duration must be at least 0 seconds, got -1"),
        (lambda: SlowRedis(stall=9, every=10), "stall must be at most 4 seconds, got 9"),
        (lambda: SlowModel(factor=0.5), "factor must be a number above 1.*got 0.5"),
    ],
)
def test_parameters_that_cannot_be_are_refused(make: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()
