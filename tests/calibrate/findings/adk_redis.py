"""google-adk 2.13, `google.adk.integrations.redis.RedisSessionService`: the service alone.

`python -m tests.calibrate.findings.adk_redis`
"""

from __future__ import annotations

import asyncio

from google.adk.integrations.redis import RedisSessionService, RedisSessionServiceConfig

from tests.calibrate.findings.stage import APP, redis_of_our_own, said, texts

_MANY = 200


async def one_event_twice(service: RedisSessionService) -> None:
    """A caller that is not sure whether an event arrived, and delivers it again."""
    session = await service.create_session(app_name=APP, user_id="anna", session_id="twice")
    event = said("Where is my order?")
    await service.append_event(session, event)
    await service.append_event(session, event)
    print("one event, delivered again:", await texts(service, "anna", "twice"))


async def another_ones_session(service: RedisSessionService) -> None:
    """Ids are joined by `:` and not escaped."""
    session = await service.create_session(app_name=APP, user_id="u:v", session_id="s")
    await service.append_event(session, said("I am u:v, my card ends in 4242"))
    print("user u asks for session v:s:", await texts(service, "u", "v:s"))


async def user_state(service: RedisSessionService) -> None:
    """The user's state is read, changed and written back."""
    names = [str(number) for number in range(20)]
    sessions = [
        await service.create_session(app_name=APP, user_id="ben", session_id=name) for name in names
    ]
    await asyncio.gather(
        *(
            service.append_event(session, said("hello", **{f"user_{name}": "set"}))
            for session, name in zip(sessions, names, strict=True)
        )
    )
    kept = await service.get_user_state(app_name=APP, user_id="ben")
    print(f"20 sessions of one user set a key each: {len(kept)} kept")


async def deleted_meanwhile(service: RedisSessionService) -> None:
    """It looks whether the session exists, and writes later."""
    back = 0
    for number in range(_MANY):
        name = f"gone-{number}"
        session = await service.create_session(app_name=APP, user_id="carla", session_id=name)
        await asyncio.gather(
            service.append_event(session, said("hello")),
            service.delete_session(app_name=APP, user_id="carla", session_id=name),
            return_exceptions=True,
        )
        back += await texts(service, "carla", name) is not None
    print(f"{_MANY} sessions deleted during an append: {back} are there afterwards")


async def main() -> None:
    """All of them."""
    with redis_of_our_own() as url:
        service = RedisSessionService(config=RedisSessionServiceConfig(uri=url, ttl_seconds=60))
        await one_event_twice(service)
        await another_ones_session(service)
        await user_state(service)
        await deleted_meanwhile(service)
        await service._get_redis().aclose()


if __name__ == "__main__":
    asyncio.run(main())
