"""Addresses of Redis as people paste them."""

from __future__ import annotations

import pytest

from chaos.errors import ChaosConfigError
from chaos.fleet import redis_binary
from chaos.fleet.redis_external import ExternalRedis

pytestmark = pytest.mark.unit

ONE = "one server's own, not that of a Sentinel, a cluster or a socket"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", "redis://localhost:6379"),
        ("REDIS://localhost:7000/", "redis://localhost:7000/"),
        ("rediss://127.0.0.1:7000/15?ssl_cert_reqs=none", "rediss://127.0.0.1:7000/15"),
        ("redis://user:secret@[::1]:7000/2", "redis://[::1]:7000/2"),
        ("redis://:p@ss:secret@localhost:7000", "redis://localhost:7000"),
        ("redis://localhost:7000/0?protocol=3", "redis://localhost:7000/0"),
    ],
)
def test_an_address_is_read_and_shown_without_its_password(url: str, address: str) -> None:
    external = ExternalRedis(url)
    assert external.address == address
    assert external.url.partition(":")[2] == url.partition(":")[2]
    assert external.url.startswith(address.partition(":")[0])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (" redis://localhost:7000 ", "(did you mean redis://localhost:7000?)"),
        ('"redis://localhost:7000"', "(did you mean redis://localhost:7000?)"),
        ("valkey://localhost", "(did you mean redis://localhost?)"),
        ("valkeys://localhost:7000/1", "(did you mean rediss://localhost:7000/1?)"),
        ("redis-cli -u redis://:secret@localhost", "(did you mean redis://…@localhost?)"),
        ("export REDIS_URL=redis://:secret@localhost", "(did you mean redis://…@localhost?)"),
        ("redis+sentinel://:secret@localhost:26379/main", ONE),
        ("redis+cluster://localhost:7000", ONE),
        ("redis://one:7000,two:7000", ONE),
        ("unix:///run/redis.sock?db=secret", ONE),
        ("http://localhost:7000", "redis must be redis://[:password@]host:port/db, got 'http"),
        ("redis://", "redis must be redis://[:password@]host:port/db, got 'redis://'"),
        ("redis://localhost:0", "redis must be redis://[:password@]host:port/db, got "),
        ("redis://:p/secret@localhost:7000", "redis must be redis://[:password@]host:port/db"),
        ("redis://local host:7000", "redis must be redis://[:password@]host:port/db"),
        ("redis://localhost:7000/sessions", "the number of a database, such as /0, got "),
        ("redis://localhost:7000/0/1", "the number of a database, such as /0, got "),
        ("redis://localhost:7000/-1", "the number of a database, such as /0, got "),
        ("redis://localhost:7000/0#secret", "redis must hold no #, got 'redis://localhost:7000/0'"),
        ("redis://localhost:7000?password=secret", "user and password before the @, not in its"),
        ("redis://localhost:7000?db=secret", "a query that redis-py knows, got "),
        ("redis://localhost:7000?ssl_cert_reqs=none", "with ssl_cert_reqs"),
    ],
)
def test_an_address_that_will_not_do_is_refused_with_what_to_give(url: str, said: str) -> None:
    with pytest.raises(ChaosConfigError) as error:
        ExternalRedis(url)
    assert said in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("localhost:7000", "got 'localhost:7000' (did you mean redis://localhost:7000?)"),
        ("redis:localhost:7000/1", "(did you mean redis://localhost:7000/1?)"),
        ("user:secret@localhost:7000", "got '…@localhost:7000' (did you mean redis://…@local"),
        ("redis-cli -h localhost -a secret", "got 'redis-cli …'"),
        ("systm", "redis must be auto, bundled, system or an address redis://…, got 'systm'"),
        ("", "redis must be auto, bundled, system or an address redis://…, got ''"),
    ],
)
def test_a_redis_that_is_no_kind_of_server_may_be_an_address(kind: str, said: str) -> None:
    with pytest.raises(ChaosConfigError) as error:
        redis_binary.find_server(kind)
    assert said in str(error.value)
    assert "secret" not in str(error.value)
