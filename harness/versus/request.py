"""The options of a comparison in turns, all checked before anything starts."""

from __future__ import annotations

import argparse
import re
import secrets
import shlex
from dataclasses import dataclass
from pathlib import Path

from harness.arguments.versus import REFUSED
from harness.errors import ConfigError
from harness.run.options import option_values
from harness.versus import sides
from harness.versus.sides import Side
from reports.basics.addresses import without_password
from reports.comparison.model import MARGIN

LONGEST_MINUTES = 7 * 24 * 60.0
FEWEST, MOST = 2, 200
"""Pairs: a single one has no spread."""
_MOST_PRECISION = 1.0
_SEEDS = 10_000
_START_S = 20.0
"""The start of a fleet and its rehearsal take about this many seconds; the first pair shows it."""
_DRAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Request:
    """One comparison in turns, before it begins."""

    a: Side
    b: Side
    common: str
    """The options of both sides, without passwords."""
    seed: int
    scale: float | None
    """The factor that was asked for; None: it follows from a rehearsal."""
    pairs: int | None
    """None: as many as the precision needs."""
    precision: float
    """A share."""
    minutes: float
    out: Path

    @property
    def pair_s(self) -> float:
        """The time that a pair takes, about."""
        return sum(planned_s(side) for side in (self.a, self.b))


def from_args(args: argparse.Namespace) -> Request:
    """Check the options.  Raises ConfigError, ProfileError or ChaosConfigError; starts nothing."""
    for name in REFUSED:
        if getattr(args, name):
            raise ConfigError(f"--{name}: must not be given to `diya versus`")
    pairs, precision = _pairs(args.pairs), _precision(args.precision)
    if not 0 < args.minutes <= LONGEST_MINUTES:
        raise ConfigError(
            f"--minutes {args.minutes:g}: must be above 0 and at most {LONGEST_MINUTES:g}"
        )
    scale = option_values.scale(args.scale)
    seed = secrets.randbelow(_SEEDS) if args.seed is None else args.seed
    option_values.check_seed(seed)
    common = sides.common_words(args)
    a, b = _both(args.a, args.b, common)
    sides.check_same_load(a, b)
    if scale is not None:
        option_values.check_scaled(scale, a.plan.profile)
    asked = Request(
        a=a,
        b=b,
        common=shlex.join(without_password(each) if "://" in each else each for each in common),
        seed=seed,
        scale=scale,
        pairs=pairs,
        precision=precision,
        minutes=args.minutes,
        out=Path(args.out),
    )
    _check_time(asked)
    return asked


def planned_s(side: Side) -> float:
    """The time that a run of this side takes, about."""
    profile = side.plan.profile
    return _START_S + profile.load_seconds + profile.real_ttl_seconds + _DRAIN_S


def _both(a: str, b: str, common: list[str]) -> tuple[Side, Side]:
    try:
        first = sides.side("A", a, common)
    except ConfigError as error:
        _check_not_common(error, b, common)
        raise
    return first, sides.side("B", b, common)


def _check_not_common(of_a: ConfigError, b: str, common: list[str]) -> None:
    """Raise ConfigError without the name of a side when both sides are refused alike."""
    sentence = str(of_a).removeprefix("--a: ")
    try:
        sides.side("B", b, common)
    except ConfigError as of_b:
        if str(of_b) == f"--b: {sentence}":
            raise ConfigError(sentence) from None


def _pairs(given: str) -> int | None:
    if given == "auto":
        return None
    if not given.isdecimal() or not FEWEST <= int(given) <= MOST:
        raise ConfigError(
            f"--pairs {given}: must be auto, or a whole number from {FEWEST} to {MOST}"
        )
    return int(given)


def _precision(given: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", given)
    share = float(found[1]) / (100 if found[2] else 1) if found else 0.0
    if not MARGIN < share <= _MOST_PRECISION:
        raise ConfigError(
            f"--precision {given}: must be a share above the margin of {MARGIN:.0%} and at most "
            f"{_MOST_PRECISION:.0%}, such as 5%"
        )
    return share


def _check_time(asked: Request) -> None:
    """Raise ConfigError when the fewest pairs do not fit into the time."""
    fewest = FEWEST if asked.pairs is None else asked.pairs
    needed = fewest * asked.pair_s / 60
    if needed > asked.minutes:
        raise ConfigError(
            f"--minutes {asked.minutes:g}: must be at least {needed:.0f} for {fewest} pairs, each "
            f"of about {asked.pair_s:.0f} s; or choose a shorter --profile"
        )
