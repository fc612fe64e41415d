"""Redis at its real size, measured on a server of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from chaos.fleet.topology import Topology
from harness.capacity.redis_size import fit, point, room, templates, turn_cost
from harness.capacity.redis_size.course import Course, Step
from harness.capacity.redis_size.customer import plans
from harness.capacity.redis_size.stage import Stage
from loadtests.arrivals import steady_state
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.capacity.findings import RedisPoint, RedisSize

SIZES = (10_000, 100_000, 300_000)
"""Sessions; the largest takes about 1.3 GB of memory, the forks included, and 1 GB of disk."""
_FOLDER = "redis-size"
_RUN = "flushingruns"


def measure(
    sizes: Sequence[int] = SIZES,
    *,
    profile: Profile,
    directory: Path,
    redis: str = "auto",
    topology: Topology | None = None,
    sessions: str = "redis",
    agent: Path | None = None,
    book: Book | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> RedisSize:
    """Fill a Redis with this many live sessions, measure it at each size, and fit straight lines.

    Takes about two minutes on one core for the default sizes.  Everything that it starts ends with
    it, and its files in `directory/redis-size` are removed, also after Ctrl-C or a failure.

    Args:
      sizes: The numbers of live sessions, each at least 1.
      profile: Its TTL, pauses and lengths of conversations, none of them compressed.
      directory: That of the capacity run.
      redis: `auto`, `bundled` or `system`, as for `--redis`.
      topology: Its durability; its shape is always one server, because a shard is measured.
      sessions, agent: As for `--sessions` and `--agent`.  Sessions of other services or agents than
        the reference ones have other sizes: then nothing is started, and all figures are unknown.
      book: The journeys; ShopMax's when None.
      say: Called with the progress, one sentence each.

    A size for which the machine lacks memory or disk is left out, and `left_out` says so.  Raises
    ChaosError when something does not start or answer, ChaosConfigError when there is no such
    server.
    """
    topology = topology or Topology()
    why = unmeasurable(redis, topology, sessions, agent)
    if why is not None:
        return fit.not_known(why)
    directory.mkdir(parents=True, exist_ok=True)
    steady = steady_state.of(profile, book)
    asked = sorted(set(sizes))
    short = {size: why for size in asked if (why := room.shortage(size, steady, directory))}
    left_out = tuple(f"{size:,} sessions were left out: {why}" for size, why in short.items())
    kept = [size for size in asked if size not in short]
    if not kept:
        return fit.not_known(f"Redis was not measured: {left_out[0]}")
    course = Course(kept, say)
    points: list[RedisPoint] = []
    empty: list[float] = []
    with Stage(
        directory / _FOLDER,
        redis=redis,
        topology=topology,
        ttl_s=steady.ttl_s,
        say=course.say,
    ) as stage:
        ready = templates.play(stage.customer, stage.writer, profile, book, course)
        course.at(Step.FLUSHES, "turns with appendfsync always")
        sync_s = turn_cost.sync_s(stage, point.blocks(plans(profile, _RUN, book)))
        for size in kept:
            empty.append(stage.empty())
            points.append(point.measure(stage, profile, steady, ready, size, course))
        server = stage.server
    return replace(fit.fit(server, points, empty, sync_s=sync_s), left_out=left_out)


def unmeasurable(redis: str, topology: Topology, sessions: str, agent: Path | None) -> str | None:
    """Why these sessions cannot be measured; None: they can."""
    if "://" in redis:
        return (
            "a Redis at an address is not filled with sessions that are not its own: "
            "measure with --redis bundled or system"
        )
    if topology.aof == "off":
        return (
            "a Redis without an append-only file has nothing to rewrite or to load: "
            "measure with --aof everysec"
        )
    if sessions != "redis":
        return (
            f"the sizes of --sessions {sessions} are not measured: only sessions of the reference "
            "service can be copied; run it with the expected number of sessions"
        )
    if agent is not None:
        return (
            f"the sizes of the sessions of --agent {agent.name} are not measured: only sessions of "
            "the reference agent can be copied; run it with the expected number of sessions"
        )
    return None
