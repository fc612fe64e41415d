"""When to kill a replica that runs a turn: at any time, or at the most harmful moment."""

from __future__ import annotations

import concurrent.futures
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import redis

from target_service.sessions.keys import SessionId, keys
from tests.prove.customer import APP, Events, Turn

Anchor = Literal["asked", "begun", "written"]

_LEASE_SIGN: dict[Anchor, bytes] = {"begun": b"set", "written": b"del"}
"""The command on the session's lease at that moment, as a keyspace notification names it."""
_GIVE_UP_S = 10.0


@dataclass(frozen=True)
class Moment:
    """So long after something that the turn does."""

    after: Anchor
    delay_s: float


def draw_moment(draw: random.Random, expected_s: float) -> Moment:
    """Half of the moments lie anywhere in the turn's undisturbed time and a little after it.

    The others aim: a quarter at the beginning, where the lease is taken, a quarter at the few
    milliseconds between the write of the turn and its answer, which blind shots hardly ever hit.
    """
    aim = draw.random()
    if aim < 0.5:
        return Moment("asked", draw.uniform(0, 1.2 * expected_s))
    if aim < 0.75:
        return Moment("begun", draw.uniform(0, 0.01))
    return Moment("written", draw.uniform(0, 0.001))


@contextmanager
def watch(url: str, turn: Turn) -> Iterator[Any]:
    """A subscription to the changes of the lease of the turn's session."""
    lease = keys("diya", SessionId(APP, turn.user, turn.session)).lease
    with redis.Redis.from_url(url) as client, client.pubsub() as subscription:
        client.config_set("notify-keyspace-events", "Kg$")
        subscription.subscribe(f"__keyspace@0__:{lease}")
        subscription.get_message(timeout=_GIVE_UP_S)  # the subscription is confirmed
        yield subscription


def wait_for(moment: Moment, attempt: concurrent.futures.Future[Events], subscription: Any) -> None:
    """Return at the moment, or when the attempt has ended before it."""
    sign = _LEASE_SIGN.get(moment.after)
    if sign is None:
        concurrent.futures.wait([attempt], timeout=moment.delay_s)
        return
    end = time.monotonic() + _GIVE_UP_S
    while not attempt.done():
        message = subscription.get_message(timeout=0.05)
        if message is not None and message["data"] == sign:
            time.sleep(moment.delay_s)
            return
        assert time.monotonic() < end, f"the turn was never {moment.after}"
