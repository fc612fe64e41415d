"""google-adk-community 0.5, `google.adk_community.sessions.RedisSessionService`: the service alone.

`python -m tests.calibrate.findings.community` (makes an environment of its own: it pins redis < 6)
"""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
from typing import Any

from tests.calibrate.findings.stage import APP, redis_of_our_own, said, texts

_URL = "DIYA_FINDING_REDIS"
_PACKAGE = "google-adk-community==0.5.0"


async def two_replicas(service: Any) -> None:
    """Two replicas read a session, and each appends to its own copy."""
    await service.create_session(app_name=APP, user_id="anna", session_id="two")
    one, other = [
        await service.get_session(app_name=APP, user_id="anna", session_id="two") for _ in "ab"
    ]
    await service.append_event(one, said("by replica A"))
    await service.append_event(other, said("by replica B"))
    print("two replicas append one event each:", await texts(service, "anna", "two"))


async def another_ones_session(service: Any) -> None:
    """The key of a session names no user."""
    session = await service.create_session(app_name=APP, user_id="anna", session_id="hers")
    await service.append_event(session, said("my card ends in 4242"))
    print("user mallory asks for anna's session:", await texts(service, "mallory", "hers"))


async def created_twice(service: Any) -> None:
    """The id is taken."""
    session = await service.create_session(app_name=APP, user_id="ben", session_id="taken")
    await service.append_event(session, said("hello"))
    await service.create_session(app_name=APP, user_id="ben", session_id="taken")
    print("a session created again under the same id:", await texts(service, "ben", "taken"))


async def deleted(service: Any) -> None:
    """One replica deletes the session, another one still works on it."""
    session = await service.create_session(app_name=APP, user_id="carla", session_id="gone")
    await service.delete_session(app_name=APP, user_id="carla", session_id="gone")
    await service.append_event(session, said("hello again"))
    print("a deleted session, appended to:", await texts(service, "carla", "gone"))


async def expired(service: Any) -> None:
    """The TTL passes between the read and the append."""
    session = await service.create_session(app_name=APP, user_id="dora", session_id="old")
    await asyncio.sleep(1.5)
    assert await texts(service, "dora", "old") is None
    await service.append_event(session, said("hello again"))
    print("an expired session, appended to:", await texts(service, "dora", "old"))


async def user_state(service: Any) -> None:
    """State of a user, whose sessions all expire."""
    session = await service.create_session(app_name=APP, user_id="eva", session_id="s")
    await service.append_event(session, said("hello", user_name="Eva"))
    ttl = await service.cache.ttl(f"user:{APP}:eva")
    print("seconds until the user's state expires:", ttl, "(-1: never)")


async def _show(url: str) -> None:
    sessions = importlib.import_module("google.adk_community.sessions")
    service = sessions.RedisSessionService(uri=url, expire=1)
    for each in (two_replicas, another_ones_session, created_twice, deleted, expired, user_state):
        await each(service)
    await service.cache.aclose()


def main() -> None:
    """Start a Redis here, and show the findings in the other environment."""
    if url := os.environ.get(_URL):
        asyncio.run(_show(url))
        return
    from tests.calibrate import beside

    with redis_of_our_own() as url:
        subprocess.run(
            [beside.python(_PACKAGE), "-m", "tests.calibrate.findings.community"],
            cwd=beside.ROOT,
            env={**os.environ, _URL: url},
            check=True,
        )


if __name__ == "__main__":
    main()
