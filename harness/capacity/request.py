"""The options of a capacity run, all checked before anything starts."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import diya_options
from chaos.errors import ChaosConfigError
from chaos.fleet import pinning
from chaos.fleet.topology import Topology
from diya_options import flag
from harness import parser
from harness.capacity import answer_sheet
from harness.capacity.redis_part import RedisPart
from harness.errors import ConfigError
from harness.run import read_plan
from harness.run.model import model_options
from harness.run.plan import Plan
from harness.run.sampling.host import allowed_cores, usable_cores
from loadtests.profiles import journeys
from loadtests.profiles import profile as profiles
from loadtests.profiles.profile import HIGHEST_RATE
from reports.capacity.findings import FILE, Asked, CapacityFindings

SHORTEST_MINUTES, LONGEST_MINUTES = 1.0, 240.0
_PASSED_ON = (
    *("profile", "seed", "redis", "aof", "sessions", "agent", "journeys", "out"),
    *("model", *model_options.OPTIONS),
)
_ACCESS = tuple(each.name for each in (*diya_options.ACCESS, *diya_options.WHO_ANSWERS))
_OF_A_FLEET = ("agent", "sessions", "aof")
_OF_TARGETS = ("target", "app", "door", *_ACCESS)
_OF_QUESTIONS = frozenset(
    {
        *("from_run", "for_load", "conversations", "replicas_now", "shards_now", "zones"),
        *("prices", "model_prices", "quiet", "verbose"),
    }
)
"""Options that go with `--from`; every other option is of a measurement."""
_OF_REDIS = frozenset({"redis_sizes", "redis", "aof"})
"""Options that go with `--from` when Redis is measured again."""
_REDIS_SIZES = "10000,100000,300000"
_MOST_SESSIONS = 10_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """One capacity run, before it begins."""

    base: Plan
    """The options that all probes share; its profile is the user's."""
    minutes: float
    asked: Asked
    redis: RedisPart
    ceiling: float | None
    """The highest rate at a target, turns a second."""
    too_large: tuple[str, ...] = ()
    """The default sizes of Redis for which this machine is too small, a sentence each."""


def from_args(args: argparse.Namespace) -> Request:
    """Check the options.  Raises ConfigError, ProfileError or ChaosConfigError; starts nothing."""
    _within("--minutes", args.minutes, SHORTEST_MINUTES, LONGEST_MINUTES)
    asked = question(args)
    _check_target(args)
    base = _base(args)
    # A question that cannot be answered is refused before anything is measured.
    answer_sheet.question(asked, base.profile, base.book)
    redis = RedisPart.of(base, () if base.target is not None else _sizes(args.redis_sizes))
    short = redis.short(base.out)
    if args.redis_sizes is not None:
        _refuse_short(short)
    return Request(
        base=base,
        minutes=args.minutes,
        asked=asked,
        redis=redis,
        ceiling=args.ceiling,
        too_large=tuple(f"Redis with {size:,} sessions: {why}" for size, why in short.items()),
    )


def check_from(args: argparse.Namespace) -> None:
    """Refuse options that only probes use.  Raises ConfigError.

    The values are not repeated: a URL may hold a password.
    """
    used = _OF_QUESTIONS if args.redis_sizes is None else _OF_QUESTIONS | _OF_REDIS
    unused = [
        action.option_strings[-1]
        for action in parser.capacity_options()
        if action.dest not in used and parser.is_given(args, action)
    ]
    if unused:
        raise ConfigError(
            f"{', '.join(unused)}: must not be given with --from, which plays no probe and answers "
            "from the stored run"
        )


def redis_again(
    args: argparse.Namespace, findings: CapacityFindings, root: Path
) -> RedisPart | None:
    """The measurement of Redis to add to a stored run; None: none is asked for.

    Raises ConfigError, one sentence, when its sessions cannot be measured or there is no room.
    """
    if args.redis_sizes is None:
        return None
    sizes = _sizes(args.redis_sizes)
    if not sizes:
        raise ConfigError("--redis-sizes none: must be numbers of sessions, with --from")
    source = str(root / FILE)
    book = None if findings.journeys is None else journeys.from_dict(findings.journeys, source)
    known = None if book is None else book.journeys
    part = RedisPart(
        sizes=sizes,
        profile=profiles.from_dict(findings.profile_values, source, known),
        book=book,
        redis=args.redis,
        topology=Topology(aof=args.aof),
        sessions=findings.sessions,
        agent=None if findings.agent is None else Path(findings.agent),
    )
    if part.unmeasurable:
        raise ConfigError(f"--redis-sizes {args.redis_sizes}: {part.unmeasurable}")
    _refuse_short(part.short(root))
    return part


def question(args: argparse.Namespace) -> Asked:
    """The question of the answer sheet.  Raises ConfigError."""
    _within("--zones", args.zones, 1, 99)
    _within("--shards-now", args.shards_now, 1, 10_000)
    if args.replicas_now is not None:
        _within("--replicas-now", args.replicas_now, 1, 1_000_000)
    return Asked(
        load=args.for_load,
        conversations=_conversations(args.conversations),
        replicas_now=args.replicas_now,
        shards_now=args.shards_now,
        zones=args.zones,
        prices=_path(args.prices),
        model_prices=_path(args.model_prices),
    )


def _path(given: str | None) -> str | None:
    return None if given is None else str(Path(given).absolute())


def _base(args: argparse.Namespace) -> Plan:
    """The plan of a run with one replica and without faults; pinned, unless it is a target's."""
    words = ["readiness", "--experiment", "none", "--scale", "1"]
    if args.target is None:
        words += ["--replicas", "1"]
    for name in (*_PASSED_ON, *_OF_TARGETS):
        value = getattr(args, name)
        for each in value if isinstance(value, list) else [] if value is None else [value]:
            words += [flag(name), str(each)]
    if args.authorised:
        words.append("--authorised")
    base = read_plan.from_args(parser.build().parse_args(words))
    if base.target is not None:
        return base
    return replace(base, cores=_cores())


def _cores() -> pinning.Cores:
    try:
        return pinning.divided(1, allowed_cores(), usable_cores())
    except ChaosConfigError as error:
        raise ConfigError(
            f"diya capacity: {error}; one replica on a core of its own is the unit of the answer: "
            "use a machine with two cores, or --target for a service on another machine"
        ) from None


def _check_target(args: argparse.Namespace) -> None:
    if args.target is None:
        for name in ("ceiling", "app", *_ACCESS):
            if getattr(args, name) is not None:
                option = flag(name)
                raise ConfigError(f"{option}: must not be given without a --target")
        return
    if args.ceiling is None:
        raise ConfigError(
            f"--target {args.target}: needs --ceiling RATE, the turns a second that must not be "
            "exceeded there"
        )
    _within("--ceiling", args.ceiling, 0.1, HIGHEST_RATE)
    if given := parser.given(args, _OF_A_FLEET, parser.capacity_options()):
        value = getattr(args, given[0])
        raise ConfigError(f"{flag(given[0])} {value}: must not be given with a --target")


def _conversations(given: str | None) -> float | None:
    return None if given is None else answer_sheet.amount(given, "--conversations")


def _sizes(given: str | None) -> tuple[int, ...]:
    given = _REDIS_SIZES if given is None else given
    if given == "none":
        return ()
    parts: Sequence[str] = given.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise ConfigError(
            f"--redis-sizes {given}: must be none, or numbers of sessions with commas between them"
        )
    sizes = sorted({int(part) for part in parts})
    for size in sizes:
        _within("--redis-sizes", size, 1000, _MOST_SESSIONS)
    return tuple(sizes)


def _refuse_short(short: Mapping[int, str]) -> None:
    for size, why in short.items():
        raise ConfigError(f"--redis-sizes {size:,}: {why}")


def _within(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"{option} {value:,.10g}: must be from {low:,.10g} to {high:,.10g}")
