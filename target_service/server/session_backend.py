"""Which session service a replica uses: ours, one of ADK's, or any that the user names."""

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
    """Build the session service that the settings name.  Raises SettingsError."""
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
            f"DIYA_DURABILITY is {config.durability!r}, which only DIYA_SESSIONS=redis can keep; "
            f"--sessions is {config.sessions!r}"
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
        # Not the URL itself, and not what redis-py says of it: a password stands in it.
        raise SettingsError(
            "DIYA_REDIS_URL is no Redis URL; `redis://[:password@]host:port/db`, "
            "`redis+sentinel://[:password@]host:port,…/name` or `redis+cluster://…` was expected"
        ) from None
    if durability.wait:
        try:
            asyncio.run(_verify(build()))
        except ResponseError as error:
            raise SettingsError(
                f"DIYA_DURABILITY is {durability.name!r}, and the Redis server cannot do it: "
                f"{error}; Redis 7.2 or newer, or Valkey, with `appendonly yes` and "
                "`appendfsync always` was expected"
            ) from None
    return service


async def _verify(service: RedisSessionService) -> None:
    try:
        await service.verify()
    except (RedisConnectionError, RedisTimeoutError):
        return  # it is not up yet: should it lack the command, every turn will say so
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
    wanted = "`redis`, `adk-redis`, `memory` or `module:factory` was expected"
    if not module or not name:
        raise SettingsError(f"--sessions is {config.sessions!r}; {wanted}")
    try:
        factory = getattr(importlib.import_module(module), name)
    except Exception as error:  # the user's module may fail in any way
        raise SettingsError(
            f"--sessions is {config.sessions!r}: {_told(error, config)}; {wanted}"
        ) from None
    try:
        service = factory(config.redis_url, config.ttl_seconds)
    except Exception as error:  # the user's factory may fail in any way
        raise SettingsError(
            f"--sessions is {config.sessions!r}: it could not be called with "
            f"(uri, ttl_seconds): {_told(error, config)}"
        ) from None
    if not isinstance(service, BaseSessionService):
        if inspect.iscoroutine(service):
            service.close()  # an `async def` factory: Python would complain that nobody awaited it
        raise SettingsError(
            f"--sessions is {config.sessions!r}: it returned a {type(service).__name__}; "
            "a BaseSessionService was expected"
        )
    return service


def _told(error: Exception, config: Settings) -> str:
    """What the error says, on one line and without the password that the URL may carry."""
    told = " ".join(str(error).split()).replace(config.redis_url, "the Redis URL")
    password = config.redis_url.rpartition("@")[0].rpartition(":")[2]
    return told.replace(password, "***") if password else told
