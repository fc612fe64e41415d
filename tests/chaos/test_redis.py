from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet import redis_binary
from chaos.fleet.ports import free_port
from chaos.fleet.redis_client import connect
from chaos.fleet.redis_external import ExternalRedis
from chaos.fleet.redis_server import RedisServer
from tests.chaos.conftest import KINDS, need

pytestmark = pytest.mark.service


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    need(request.param)
    server = RedisServer(request.param, tmp_path / "with space" / "redis")
    server.start()
    server.wait_ready()
    yield server
    server.close()
    assert server.wait_ended(30)


def password(server: RedisServer) -> str:
    return server.url.partition("://:")[2].partition("@")[0]


def test_the_server_tells_its_name_and_version(server: RedisServer) -> None:
    info = server.info
    assert info.name in {"redis", "valkey"}
    assert int(info.version.split(".")[0]) >= 7
    assert info.allocator.startswith(("jemalloc", "libc"))


def test_acknowledged_writes_survive_a_kill_and_the_port_stays(server: RedisServer) -> None:
    with connect(server.url) as client:
        for number in range(500):
            client.rpush("turns", number)
    before, url = server.run_id, server.url
    server.kill()
    assert server.pid is None
    assert not server.answers()
    server.start()
    server.wait_ready()
    assert server.url == url
    assert server.run_id != before
    with connect(server.url) as client:
        assert client.llen("turns") == 500


def test_a_restart_is_orderly(server: RedisServer) -> None:
    before = server.run_id
    server.terminate()
    assert server.exit_code == 0
    server.restart()
    assert server.run_id != before


def test_the_server_keeps_its_writes_and_refuses_clients_without_the_password(
    server: RedisServer,
) -> None:
    with connect(server.url) as client:
        wanted = {"appendonly": "yes", "appendfsync": "everysec", "save": "", "bind": "127.0.0.1"}
        for name, value in wanted.items():
            assert client.config_get(name) == {name: value}
    stranger = connect(f"redis://127.0.0.1:{server.port}/0")
    with stranger, pytest.raises(redis.RedisError, match=r"(?i)authenticat"):
        stranger.ping()


def test_the_password_is_only_in_a_private_file(server: RedisServer, tmp_path: Path) -> None:
    secret = password(server)
    assert server.pid is not None
    assert secret not in repr(server)
    assert secret not in " ".join(psutil.Process(server.pid).cmdline())
    (holder,) = [
        p for p in tmp_path.rglob("*") if p.is_file() and secret.encode() in p.read_bytes()
    ]
    assert stat.S_IMODE(holder.stat().st_mode) == 0o600
    server.close()
    assert not holder.exists()


def test_a_port_taken_by_another_server_is_reported_with_the_log(
    server: RedisServer, tmp_path: Path
) -> None:
    rival = RedisServer("bundled", tmp_path / "rival", port=server.port)
    rival.start()
    with pytest.raises(ChaosError, match=r"(?s)must belong to redis, got another server|in use"):
        rival.wait_ready()
    rival.close()
    assert rival.wait_ended(30)


def test_a_missing_system_server_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ChaosConfigError, match="there is no redis-server on PATH"):
        redis_binary.find_server("system")
    assert redis_binary.find_server("auto").name == "valkey-server"


def test_an_old_system_server_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=6.2.14 sha=00000000:0 malloc=libc bits=64'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ChaosConfigError, match=r"must be 7\.0 or newer, got 6\.2"):
        redis_binary.find_server("system")
    assert redis_binary.find_server("auto").name == "valkey-server"


def test_an_unknown_kind_of_server_is_refused() -> None:
    with pytest.raises(
        ChaosConfigError, match=r"redis must be auto, bundled, system .*, got 'bundle'"
    ):
        redis_binary.find_server("bundle")


def test_an_external_server_is_used_as_it_is(server: RedisServer) -> None:
    external = ExternalRedis(server.url)
    external.wait_ready()
    assert external.info == server.info
    external.close()
    assert server.answers()


def test_an_unreachable_external_server_is_named_without_its_password() -> None:
    port = free_port()
    external = ExternalRedis(f"redis://user:geheim@127.0.0.1:{port}/3")
    with pytest.raises(ChaosConfigError, match=f"redis://127.0.0.1:{port}/3") as error:
        external.wait_ready()
    assert "geheim" not in str(error.value) + repr(external)
    assert not external.answers()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://127.0.0.1:1", "redis must be redis://"),
        ("redis://:geheim@127.0.0.1:notaport/0", "redis must be redis://"),
        ("redis://:geheim@10.0.0.1:6379/0", "must be a loopback address"),
        ("redis://:geheim@example.com", "must be a loopback address"),
    ],
)
def test_an_external_address_that_will_not_do_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(ChaosConfigError, match=sentence) as error:
        ExternalRedis(url)
    assert "geheim" not in str(error.value)


def test_a_remote_server_is_allowed_when_authorised() -> None:
    assert ExternalRedis("redis://10.0.0.1/0", authorised=True).address == "redis://10.0.0.1:6379/0"
