"""Fills a Redis with copies of sessions: `python -m target_service.sessions.prefill`.

For measuring Redis with as many sessions as a sale has.  The service writes a few sessions turn by
turn; this process copies them under new ids, in the form that `store` writes.  A copy has its own
nonce, time of the last update and expiry, and its entries in the indexes of its user and of the
app.  Its events and its state are those of the original.

The address is in DIYA_REDIS_URL, the sessions' TTL in DIYA_TTL_SECONDS.  Commands are lines of JSON
on standard input; each is answered by one line:

    {"take": ["user", "session"]}                      {"template": 0}
    {"first": 0, "copies": [[template, left_ms], ...]} {"written": 2000}
    {"name": 17}                                       {"name": ["user", "session"]}

`first` is the number of the first copy, which is in the ids of its user and session; `left_ms` is
the time until the copy expires; `name` asks for the ids of that copy.  A command that fails is
answered by {"error": "..."}.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from target_service.sessions import command
from target_service.sessions.app_state import SLACK
from target_service.sessions.command import Command
from target_service.sessions.keys import Keys, SessionId, keys

EXIT_BAD_CONFIGURATION = 104
_ANSWER_S = 60.0
_PREFIX = "diya"
_TOGETHER = 500
"""Copies in one round trip."""


class Template(NamedTuple):
    """The keys of one session as DUMP gives them."""

    meta: bytes
    events: bytes


@dataclass(frozen=True)
class Naming:
    """The ids of copies: `user` and `session`, followed by the number of the copy."""

    app: str = "shopmax"
    user: str = "customer-0123456789ab-"
    session: str = "chat-0123456789ab-"

    def of(self, number: int) -> SessionId:
        """The id of the copy with this number."""
        return SessionId(self.app, f"{self.user}{number}", f"{self.session}{number}")


class Prefill:
    """Copies sessions in one Redis server."""

    def __init__(self, redis: Redis, ttl_ms: int, naming: Naming) -> None:
        """`ttl_ms` is the TTL with which the service wrote the originals."""
        self._redis: Any = redis
        self._ttl_ms = ttl_ms
        self._naming = naming
        self._copy = command.load("copy")
        self._templates: list[Template] = []

    def take(self, user: str, session: str) -> int:
        """Remember a session as a template; returns its number.

        Raises ValueError for one that cannot be copied: it does not exist, or has user state.
        """
        key = keys(_PREFIX, SessionId(self._naming.app, user, session))
        meta, events = self._redis.dump(key.meta), self._redis.dump(key.events)
        if meta is None or events is None:
            raise ValueError(f"session {session} of user {user} must exist")
        if self._redis.exists(key.user_state, key.carried):
            raise ValueError(f"user {user} must have no state of user or app")
        self._templates.append(Template(meta, events))
        return len(self._templates) - 1

    def write(self, first: int, copies: Sequence[tuple[int, int]]) -> int:
        """Write copies: the template and the milliseconds left of each.  Returns their number.

        Raises RedisError.
        """
        for at in range(0, len(copies), _TOGETHER):
            part = copies[at : at + _TOGETHER]
            now = round(time.time() * 1000)
            commands = [
                each
                for number, (template, left) in enumerate(part, start=first + at)
                for each in self._commands(number, self._templates[template], now + left)
            ]
            self._send(commands)
        return len(copies)

    def name(self, number: int) -> tuple[str, str]:
        """User and session of the copy with this number."""
        found = self._naming.of(number)
        return found.user, found.session

    def _commands(self, number: int, template: Template, expires: int) -> tuple[Command, Command]:
        name = self._naming.of(number)
        key: Keys = keys(_PREFIX, name)
        updated = (expires - self._ttl_ms) / 1000
        copy = self._copy(
            [key.meta, key.events, key.index],
            [*template, expires, f"{number:032x}", repr(updated), name.session],
        )
        noted = expires + round(self._ttl_ms * SLACK)
        return copy, Command(("ZADD", key.users, noted, name.user))

    def _send(self, commands: Sequence[Command]) -> None:
        # The first command carries the script's text, so that the others find it by its hash.
        wires = [each.wire(in_full=place == 0) for place, each in enumerate(commands)]
        connection = self._redis.connection_pool.get_connection()
        try:
            connection.send_packed_command(wires)
            for _ in commands:
                connection.read_response()
        except BaseException:
            connection.disconnect()  # answers may be left in it
            raise
        finally:
            self._redis.connection_pool.release(connection)


def answer(
    prefill: Prefill, line: str
) -> dict[Literal["template", "written", "name", "error"], Any]:
    """Run one command.  An error of Redis, and a command that is not one, become an answer."""
    try:
        order = json.loads(line)
        if "take" in order:
            return {"template": prefill.take(*order["take"])}
        if "name" in order:
            return {"name": prefill.name(order["name"])}
        return {"written": prefill.write(order["first"], order["copies"])}
    except (RedisError, ValueError, KeyError, IndexError, TypeError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _settings() -> tuple[str, int]:
    """The address of the Redis, and the TTL in milliseconds.  Raises ValueError."""
    url, ttl = (os.environ.get(name, "") for name in ("DIYA_REDIS_URL", "DIYA_TTL_SECONDS"))
    if not url:
        raise ValueError("DIYA_REDIS_URL must be set to the address of the Redis to fill")
    try:
        seconds = float(ttl)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise ValueError(f"DIYA_TTL_SECONDS must be a number above 0, got {ttl!r}")
    return url, round(seconds * 1000)


def main() -> int:
    """Answer commands until standard input ends; for bad settings print a sentence, return 104."""
    parser = argparse.ArgumentParser(
        prog="python -m target_service.sessions.prefill",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    try:
        url, ttl_ms = _settings()
    except ValueError as error:
        print(f"diya: config: {error}", file=sys.stderr)
        return EXIT_BAD_CONFIGURATION
    redis = Redis.from_url(url, socket_timeout=_ANSWER_S, retry=Retry(NoBackoff(), 0))
    prefill = Prefill(redis, ttl_ms, Naming())
    for line in sys.stdin:
        print(json.dumps(answer(prefill, line)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
