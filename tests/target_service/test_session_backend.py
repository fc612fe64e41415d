"""The session service that a replica uses, and the refusal of an impossible choice."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest
from google.adk.cli.service_registry import get_service_registry
from google.adk.sessions.in_memory_session_service import InMemorySessionService

from target_service import RedisSessionService
from target_service.server import session_backend
from target_service.sessions.registration import register
from target_service.settings import SettingsError, from_environment
from tests.target_service.processes import ROOT, RedisServer

SECRET = "hunter2"
HERE = __name__


def not_a_service(uri: str, ttl_seconds: float) -> object:
    return {"uri": uri, "ttl": ttl_seconds}


def no_parameters() -> InMemorySessionService:
    return InMemorySessionService()


def broken(uri: str, ttl_seconds: float) -> InMemorySessionService:
    raise RuntimeError(f"no way to {uri}\nwith {SECRET}")


async def awaitable(uri: str, ttl_seconds: float) -> InMemorySessionService:
    return InMemorySessionService()


def good(uri: str, ttl_seconds: float) -> InMemorySessionService:
    service = InMemorySessionService()
    service.app_state["told"] = {"uri": uri, "ttl": ttl_seconds}
    return service


def created(sessions: str, uri: str = f"redis://:{SECRET}@127.0.0.1:1/0") -> Any:
    environment = {"DIYA_SESSIONS": sessions, "DIYA_REDIS_URL": uri, "DIYA_TTL_SECONDS": "5"}
    return session_backend.create(from_environment(environment))


def test_each_name_gives_its_service() -> None:
    assert isinstance(created("redis"), RedisSessionService)
    assert isinstance(created("memory"), InMemorySessionService)
    adk = created("adk-redis")
    assert type(adk).__module__.startswith("google.adk.integrations.redis")


def test_a_factory_is_called_with_the_uri_and_the_ttl() -> None:
    told = created(f"{HERE}:good").app_state["told"]
    assert told == {"uri": f"redis://:{SECRET}@127.0.0.1:1/0", "ttl": 5.0}


@pytest.mark.parametrize(
    ("sessions", "reason"),
    [
        ("rediss", "must be `redis`, `adk-redis`, `memory` or `module:factory`, got 'rediss'"),
        ("", "must be `redis`"),
        (":factory", "must be `redis`"),
        ("no.such.module:factory", "No module named 'no'"),
        (".relative:factory", "must be `redis`"),
        (f"{HERE}:nothing", "no attribute 'nothing'"),
        (f"{HERE}:SECRET", "must accept the call (uri, ttl_seconds)"),
        (f"{HERE}:no_parameters", "must accept the call (uri, ttl_seconds)"),
        (f"{HERE}:broken", "no way to the Redis URL with ***"),
        (f"{HERE}:not_a_service", "which returned a dict"),
        (f"{HERE}:awaitable", "returned a coroutine"),
    ],
)
def test_a_wrong_session_service_is_refused_in_one_sentence(sessions: str, reason: str) -> None:
    with pytest.raises(SettingsError) as caught:
        created(sessions)
    message = str(caught.value)
    assert reason in message
    assert message.startswith("--sessions must ")
    assert f"got {sessions!r}" in message
    assert "\n" not in message
    assert SECRET not in message


@pytest.mark.parametrize("uri", [f"http://:{SECRET}@x", f"redis://:{SECRET}@x:port/0"])
def test_a_bad_redis_url_is_named_without_its_password(uri: str) -> None:
    with pytest.raises(SettingsError, match="DIYA_REDIS_URL") as caught:
        created("redis", uri)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DIYA_TTL_SECONDS", "0"),
        ("DIYA_TTL_SECONDS", "two hours"),
        ("DIYA_TTL_SECONDS", "nan"),
        ("DIYA_TTL_SECONDS", "inf"),
        ("DIYA_LEASE_MS", "-1"),
        ("DIYA_LEASE_MS", "0.5"),
        ("DIYA_MAX_TURNS_IN_FLIGHT", ""),
    ],
)
def test_a_bad_number_is_named_with_its_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} must be a .*number.*, got '{value}'"):
        from_environment({name: value})


@pytest.mark.service
@pytest.mark.parametrize(
    "wrong",
    [{"DIYA_SESSIONS": "no.such.module:factory"}, {"DIYA_REDIS_URL": f"ftp://:{SECRET}@x"}],
    ids=["factory", "url"],
)
def test_a_replica_that_cannot_be_configured_ends_with_104_and_one_line(
    wrong: dict[str, str],
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "target_service", "--port", "1"],
        cwd=ROOT,
        env={**os.environ, **wrong},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert ended.returncode == 104
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith("diya: config: ")
    assert SECRET not in ended.stderr + ended.stdout


def test_adk_creates_the_service_from_its_uri(bundled: RedisServer) -> None:
    register()
    uri = f"diya+{bundled.uri}?ttl_seconds=5"
    service = get_service_registry().create_session_service(uri, agents_dir="unused")
    assert isinstance(service, RedisSessionService)

    async def scenario() -> None:
        await service.create_session(app_name="registered", user_id="u", session_id="s")
        await service.close()

    asyncio.run(scenario())
    assert 1000 < bundled.client.pttl("diya:m:{registered/u}/s") <= 5000
