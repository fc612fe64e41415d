"""Builds a replica's session service: diya's own, one of ADK's, or one that the user names."""

from __future__ import annotations

import asyncio
import importlib
import inspect

from google.adk.sessions.base_session_service import BaseSessionService
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from target_service.sessions.durability import Durability, parse
from target_service.sessions.service import RedisSessionService
from target_service.settings import Settings, SettingsError


def create(config: Settings) -> BaseSessionService:
    """Build the session service named in the settings.  Raises SettingsError."""
    durability = _durability(config)
    if config.sessions == "redis":
        return _ours(config, durability)
    if config.sessions == "memory":
        return InMemorySessionService()
    if config.sessions == "adk-redis":
        return _adk_redis(config)
    return _from_factory(config)


def _durability(config: Settings) -> Durability:
    try:
        durability = parse(config.durability)
    except ValueError as error:
        raise SettingsError(f"DIYA_DURABILITY: {error}") from None
    if durability.wait and config.sessions != "redis":
        raise SettingsError(
            f"DIYA_DURABILITY {config.durability!r} needs `--sessions redis`, "
            f"got --sessions {config.sessions!r}"
        )
    return durability


def _ours(config: Settings, durability: Durability) -> RedisSessionService:
    def build() -> RedisSessionService:
        return RedisSessionService(
            config.redis_url, ttl_seconds=config.ttl_seconds, durability=durability.name
        )

    try:
        service = build()
    except ValueError:
        # The URL and redis-py's message may hold a password, so neither is shown.
        raise SettingsError(
            "DIYA_REDIS_URL must be a Redis URL: `redis://[:password@]host:port/db`, "
            "`redis+sentinel://[:password@]host:port,…/name` or `redis+cluster://…`"
        ) from None
    if durability.wait:
        try:
            asyncio.run(_verify(build()))
        except ResponseError as error:
            raise SettingsError(
                f"DIYA_DURABILITY {durability.name!r} needs Redis 7.2 or newer, or Valkey, with "
                f"`appendonly yes` and `appendfsync always`; the server refused it: {error}"
            ) from None
    return service


async def _verify(service: RedisSessionService) -> None:
    try:
        await service.verify()
    except (RedisConnectionError, RedisTimeoutError):
        return  # Redis is not up yet; if it lacks the command, every turn will report it
    finally:
        await service.close()


def _adk_redis(config: Settings) -> BaseSessionService:
    from google.adk.integrations.redis import RedisSessionService as AdkRedisSessionService
    from google.adk.integrations.redis import RedisSessionServiceConfig

    return AdkRedisSessionService(
        config=RedisSessionServiceConfig(
            uri=config.redis_url, ttl_seconds=max(1, round(config.ttl_seconds))
        )
    )


def _from_factory(config: Settings) -> BaseSessionService:
    module, _, name = config.sessions.partition(":")
    wrong = (
        "--sessions must be `redis`, `adk-redis`, `memory` or `module:factory`, "
        f"got {config.sessions!r}"
    )
    if not module or not name:
        raise SettingsError(wrong)
    try:
        factory = getattr(importlib.import_module(module), name)
    except Exception as error:  # the user's module may fail in any way
        raise SettingsError(f"{wrong}: {_message(error, config)}") from None
    try:
        service = factory(config.redis_url, config.ttl_seconds)
    except Exception as error:  # the user's factory may fail in any way
        raise SettingsError(
            f"--sessions must accept the call (uri, ttl_seconds), got {config.sessions!r}: "
            f"{_message(error, config)}"
        ) from None
    if not isinstance(service, BaseSessionService):
        if inspect.iscoroutine(service):
            service.close()  # an `async def` factory: Python would warn of an unawaited coroutine
        raise SettingsError(
            f"--sessions must return a BaseSessionService, got {config.sessions!r}, "
            f"which returned a {type(service).__name__}"
        )
    return service


def _message(error: Exception, config: Settings) -> str:
    """The error's message on one line, without the password that the URL may hold."""
    told = " ".join(str(error).split()).replace(config.redis_url, "the Redis URL")
    password = config.redis_url.rpartition("@")[0].rpartition(":")[2]
    return told.replace(password, "***") if password else told
