"""Servers of other people: users without rights, and commands that are renamed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from chaos.errors import ChaosConfigError
from chaos.fleet.ports import LOOPBACK
from chaos.fleet.redis_client import connect
from chaos.fleet.redis_external import ExternalRedis
from chaos.fleet.redis_server import RedisServer
from harness.run.sampling.redis_probe import RedisProbe

pytestmark = pytest.mark.service

RIGHTS = {
    "no_info": "+@all -info",
    "no_ping": "+@all -ping",
    "only_info": "+info +select",
    "off": "+@all",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    renamed = [f'rename-command {name} ""' for name in ("CONFIG", "KEYS", "SCAN", "SLOWLOG")]
    redis = RedisServer("bundled", tmp_path_factory.mktemp("redis"), lines=renamed)
    redis.start()
    redis.wait_ready()
    with connect(redis.url) as client:
        for name, rights in RIGHTS.items():
            state = "off" if name == "off" else "on"
            client.execute_command("ACL", "SETUSER", name, state, ">geheim", "~*", *rights.split())
    yield redis
    redis.close()
    assert redis.wait_ended(30)


@pytest.mark.parametrize("user", ["no_ping", "only_info"])
@pytest.mark.parametrize("options", ["", "/3", "/0?protocol=2", "/0?protocol=3"])
def test_a_user_who_may_ask_for_info_is_enough(
    server: RedisServer, user: str, options: str
) -> None:
    external = ExternalRedis(f"redis://{user}:geheim@{LOOPBACK}:{server.port}{options}")
    external.wait_ready()
    assert external.info.version == server.info.version
    assert RedisProbe(lambda: [external.url]).read()["used_memory"] > 0


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("no_info:geheim@", "must allow the command INFO, by which its memory is read"),
        ("off:geheim@", "refuses the user or the password"),
        ("only_info:falsch@", "refuses the user or the password"),
        ("", "wants a password; it must be given as redis://:PASSWORD@HOST:PORT"),
    ],
)
def test_a_server_that_cannot_be_read_says_why(server: RedisServer, who: str, said: str) -> None:
    external = ExternalRedis(f"redis://{who}{LOOPBACK}:{server.port}")
    with pytest.raises(ChaosConfigError) as error:
        external.wait_ready()
    assert said in str(error.value)
    assert f"redis = 'redis://{LOOPBACK}:{server.port}'" in str(error.value)
    assert not {"geheim", "falsch"} & set(str(error.value).split())


def test_a_database_that_the_server_does_not_have_is_named(server: RedisServer) -> None:
    external = ExternalRedis(server.url.replace("/0", "/99"))
    with pytest.raises(ChaosConfigError, match=r"/99' refuses a command: .*out of range"):
        external.wait_ready()


def test_a_server_of_another_protocol_is_no_redis() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"<html>HTTP/1.1 400 Bad Request</html>\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        external = ExternalRedis(f"redis://{LOOPBACK}:{listener.getsockname()[1]}")
        with pytest.raises(ChaosConfigError, match="does not answer as a Redis"):
            external.wait_ready()
        thread.join(30)


def test_a_server_without_a_run_id_is_read(server: RedisServer) -> None:
    """As some servers are that speak Redis's protocol: their INFO has fewer lines."""
    with connect(server.url) as client:
        told = client.execute_command("INFO", "memory")
    text = "".join(f"{n}:{v}\r\n" for n, v in told.items() if n == "used_memory").encode()
    reply = b"$%d\r\n%b\r\n" % (len(text), text)
    with socket.create_server((LOOPBACK, 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                while asked := connection.recv(1000):
                    asked_info = b"INFO" in asked
                    connection.sendall(reply if asked_info else b"-ERR unknown command\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        port = listener.getsockname()[1]
        probe = RedisProbe(lambda: [f"redis://{LOOPBACK}:{port}?protocol=2"])
        first, second = probe.read(), probe.read()
        assert first["used_memory"] == second["used_memory"] == float(told["used_memory"])
        assert first["run"] == second["run"] == 1.0
        for client in probe.clients():
            client.close()
        thread.join(30)
