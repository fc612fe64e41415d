"""Shared by the faults of Redis: the choice of the server."""

from __future__ import annotations

from random import Random

import redis

from chaos.errors import ChaosError
from chaos.faults import preconditions
from chaos.fleet.environment import RedisNode, SystemUnderTest
from chaos.fleet.redis_client import connect

LOAD_TIMEOUT = 60.0
"""Seconds that Redis may take to load its data again (2 to 5 s per GB)."""


def check_name(server: object) -> None:
    """Raise ValueError unless this could name a server."""
    if not isinstance(server, str):
        raise ValueError(f"server must be a name, primary or replica, got {server!r}")


def check_ours(kind: str, server: str, env: SystemUnderTest) -> None:
    """Raise ValueError unless there is such a server, and faults may be done to it."""
    servers = env.redis.servers
    if not servers and not env.redis.address:
        raise ValueError(
            f"{kind}: this fleet has no Redis, because its sessions are elsewhere; use an "
            "experiment without it"
        )
    if not servers:
        raise ValueError(
            f"{kind}: the Redis at {env.redis.address} takes no faults, because it is not the "
            "fleet's own; use an experiment without it, or --redis auto"
        )
    if server not in {"primary", *servers} and not (server == "replica" and len(servers) > 1):
        others = ", replica" if len(servers) > 1 else ""
        raise ValueError(
            f"server must be primary{others} or one of {', '.join(servers)}, got {server!r}"
        )


def choose(server: str, env: SystemUnderTest, rng: Random) -> RedisNode:
    """The named server, a primary, or a replica.  Raises ChaosError."""
    servers = env.redis.servers
    if server in servers:
        return servers[server]
    primaries = [each for each in env.redis.primaries() if each.running]
    if server == "replica":
        names = {each.name for each in primaries}
        primaries = [e for name, e in servers.items() if name not in names and e.running]
    if not primaries:
        raise ChaosError(f"no {server} of Redis runs: there is none to hurt")
    return primaries[0] if len(primaries) == 1 else rng.choice(primaries)


def check_healthy(kind: str, server: RedisNode) -> None:
    """Raise ChaosError unless it runs, is not frozen, and answers."""
    preconditions.check(kind, server, server.answers, "to answer")


def require_primary(kind: str, server: RedisNode, env: SystemUnderTest) -> None:
    """Raise ChaosError unless it takes writes: only a primary can be succeeded."""
    primaries = [each.name for each in env.redis.primaries()]
    if server.name not in primaries:
        raise ChaosError(
            f"{kind} must target {' or '.join(primaries)}, got {server.name}, which takes no writes"
        )


def agreed(env: SystemUnderTest) -> bool:
    """Whether all data can be written, and the primaries are exactly those the others name."""
    try:
        named = {each.name for each in env.redis.primaries()}
        says = {name for name, each in env.redis.servers.items() if each.running and _leads(each)}
    except (ChaosError, redis.RedisError):
        return False
    return named == says and env.redis.answers()


def _leads(server: RedisNode) -> bool:
    with connect(server.url) as client:
        return bool(client.execute_command("ROLE")[0] == "master")


def revive(server: RedisNode) -> None:
    """Start the server unless it runs, resume it, wait for its data.  Raises ChaosError."""
    if server.running:
        server.resume()
    else:
        server.start()
    server.wait_ready(LOAD_TIMEOUT)
