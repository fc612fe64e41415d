"""`--slo NAME=VALUE`: limits for one run, instead of those of its profile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from harness.errors import ConfigError
from loadtests.profiles import profile as profiles
from loadtests.profiles.profile import SLO_BOUNDS, Profile
from reports.basics.suggestions import did_you_mean


def given(options: Sequence[str] | None) -> dict[str, float]:
    """The limits of every `--slo`.  Raises ConfigError, one sentence with the allowed names."""
    limits: dict[str, float] = {}
    for option in options or ():
        name, equals, text = option.partition("=")
        if not equals:
            raise ConfigError(f"--slo {option}: must be NAME=VALUE, NAME one of {_names()}")
        if name not in SLO_BOUNDS:
            hint = did_you_mean(name, SLO_BOUNDS)
            raise ConfigError(f"--slo {option}: NAME must be one of {_names()}, got {name!r}{hint}")
        if name in limits:
            raise ConfigError(f"--slo {option}: {name} must be given once, got it twice")
        limits[name] = _value(option, text, SLO_BOUNDS[name].low, SLO_BOUNDS[name].high)
    return limits


def applied(
    profile: Profile, limits: Mapping[str, float], earlier: Mapping[str, float]
) -> tuple[Profile, dict[str, float]]:
    """The profile with these limits, and the profile's own value of each limit that was set.

    `earlier` holds the own values of limits that are set in `profile` already: a replayed run's.
    """
    changed = profiles.with_slo(profile, limits)
    own = {
        name: value
        for name, value in profile.slo.items()
        if name in limits or changed.slo[name] != value
    }
    return changed, {**own, **earlier}


def _value(option: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:  # true for NaN too
        raise ConfigError(
            f"--slo {option}: VALUE must be a number from {low:g} to {high:g}, got {text!r}"
        )
    return value


def _names() -> str:
    return ", ".join(SLO_BOUNDS)
