from __future__ import annotations

import os
import socket
import sys
import time
from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.guardian import carriers
from chaos.fleet.http_probe import get
from chaos.fleet.ports import ensure_free, free_port
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.redis_server import RedisServer
from tests.chaos.conftest import MakeFleet

pytestmark = pytest.mark.service


def in_environment(fleet: ProcessFleet, name: str) -> str:
    answer = get(fleet.replicas["r02"].port, f"/env?{name}")
    assert answer is not None
    return answer[1].decode()


def test_a_fleet_comes_up_tells_how_far_it_is_and_goes_away(make_fleet: MakeFleet) -> None:
    fleet = make_fleet()
    told: list[str] = []
    fleet.start(told.append)
    fleet.wait_ready(30)
    assert "3 of 3 replicas ready" in told
    assert told[-1] == "the balancer routes to all 3 replicas"
    assert len(carriers(fleet.run_id)) == 5
    began = time.monotonic()
    fleet.stop()
    fleet.stop()
    assert time.monotonic() - began < 30.0
    assert carriers(fleet.run_id) == set()
    for port in (fleet.balancer.port, *(replica.port for replica in fleet.replicas.values())):
        ensure_free(port)


def test_replicas_get_their_settings_from_the_environment(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(sessions="memory", ttl_seconds=12.5, extra_env={"DIYA_MODEL": "scripted"})
    fleet.start()
    fleet.wait_ready(30)
    assert isinstance(fleet.redis, RedisServer)
    told = {
        "DIYA_REPLICA": "r02",
        "DIYA_REDIS_URL": fleet.redis.url,
        "DIYA_SESSIONS": "memory",
        "DIYA_TTL_SECONDS": "12.5",
        "DIYA_RUN_ID": fleet.run_id,
        "DIYA_MODEL": "scripted",
    }
    assert {name: in_environment(fleet, name) for name in told} == told


def test_every_process_is_in_a_session_of_its_own(fleet: ProcessFleet) -> None:
    pids = carriers(fleet.run_id)
    assert {os.getsid(pid) for pid in pids} == pids


def test_no_password_reaches_a_command_line_or_a_log(own_fleet: ProcessFleet) -> None:
    fleet = own_fleet
    secret = fleet.redis.url.partition("://:")[2].partition("@")[0]
    for pid in carriers(fleet.run_id):
        assert secret not in " ".join(psutil.Process(pid).cmdline())
    fleet.stop()
    leaked = [
        path
        for path in fleet.run_dir.rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    ]
    assert leaked == []


def test_a_replica_that_refuses_its_configuration_is_quoted(make_fleet: MakeFleet) -> None:
    sentence = "--sessions acme:factory: there is no module acme"
    fleet = make_fleet(extra_env={"TOY_REFUSES": sentence})
    fleet.start()
    with pytest.raises(ChaosConfigError) as error:
        fleet.wait_ready(30)
    assert str(error.value) == sentence


def test_a_replica_that_dies_early_is_reported_with_its_last_words(make_fleet: MakeFleet) -> None:
    code = "raise SystemExit('the oven is cold')"
    fleet = make_fleet(replica_command=[sys.executable, "-c", code])
    fleet.start()
    with pytest.raises(ChaosError, match=r"(?s)r0\d ended with code 1 .*the oven is cold"):
        fleet.wait_ready(30)


def test_a_replica_that_is_never_ready_does_not_wait_for_ever(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(replicas=1, extra_env={"TOY_NEVER_READY": "1"})
    fleet.start()
    with pytest.raises(ChaosError, match=r"r01 not ready within 1\.5 s"):
        fleet.wait_ready(1.5)


def test_a_stopped_fleet_cannot_be_revived_by_a_fault_that_is_healing(
    own_fleet: ProcessFleet,
) -> None:
    fleet = own_fleet
    fleet.stop()
    with pytest.raises(ChaosError, match="r01 is closed"):
        fleet.replicas["r01"].start()
    with pytest.raises(ChaosError, match="redis is closed"):
        fleet.redis.start()
    assert carriers(fleet.run_id) == set()


def test_a_base_port_gives_the_ports_after_it(make_fleet: MakeFleet) -> None:
    base = free_port()
    fleet = make_fleet(base_port=base, replicas=2)
    assert fleet.url == f"http://127.0.0.1:{base}"
    assert [replica.port for replica in fleet.replicas.values()] == [base + 1, base + 2]


def test_a_port_in_use_ends_before_anything_starts(make_fleet: MakeFleet) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ChaosConfigError, match=f"port {port} on 127.0.0.1 is in use"):
            make_fleet(base_port=port - 1, replicas=2)


@pytest.mark.parametrize("count", [0, 100])
def test_an_odd_number_of_replicas_is_refused(make_fleet: MakeFleet, count: int) -> None:
    with pytest.raises(ChaosConfigError, match=f"replicas must be from 1 to 99, got {count}"):
        make_fleet(replicas=count)


def test_replicas_that_do_not_fit_into_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = namedtuple("memory", "available")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(900_000_000))
    fleet = ProcessFleet(tmp_path, "feedfeedfeed", replicas=12, redis="bundled")
    with pytest.raises(
        ChaosConfigError, match=r"at most 6, got .* need 1\.7 GB .* 0\.9 GB are free"
    ):
        fleet.start()


def test_an_unreachable_external_redis_ends_at_once(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(redis=f"redis://:geheim@127.0.0.1:{free_port()}/0")
    with pytest.raises(ChaosConfigError, match="does not answer") as error:
        fleet.start()
    assert "geheim" not in str(error.value)
