"""The quota of a run's model: held by the stand-in from the start of the load.

In the rehearsal there is none, because refused calls would make its turns cheap and hide the
capacity of the machine.
"""

from __future__ import annotations

from chaos.fleet.stand_in_control import StandInControl
from harness.errors import ConfigError
from reports.measures.model_quota.played import Played
from reports.measures.model_quota.presets import Quota, read


def words(quota: Quota) -> str:
    """The quota as the stand-in's own option takes it."""
    tokens = "" if quota.tokens is None else f",{quota.tokens}"
    return f"{quota.requests}{tokens}{',input' if tokens and quota.counts == 'input' else ''}"


def given(text: str) -> Quota:
    """The quota of `--quota`.  Raises ConfigError."""
    try:
        return read(text)
    except ValueError as error:
        raise ConfigError(f"--quota {text}: {error}") from None


def hold(control: StandInControl, quota: Quota, played: Played) -> None:
    """Let the stand-in refuse the calls beyond the quota from now on.  Raises ChaosError."""
    control.ask(
        "POST",
        "quota",
        {
            "requests": quota.requests,
            "tokens": quota.tokens,
            "counts": quota.counts,
            "factor": played.factor,
            "window_s": played.window_s(quota),
        },
    )
