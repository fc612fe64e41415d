"""How many turns a second a profile asks for at its busiest."""

from __future__ import annotations

from loadtests.arrivals.arrivals import day_factor
from loadtests.profiles.profile import Profile

WINDOW_S = 5.0
"""The rate is averaged over so long: conversations spread their turns, queues even out the rest."""
_STEP_S = 0.25


def peak_turns_per_s(profile: Profile, seed: int) -> float:
    """The highest rate of turns that is expected over any 5 s of the load, above 0.

    Every turn is counted where its conversation begins.  The busy or quiet day that `seed` draws is
    counted in; the chance of single arrivals is not.
    """
    curve = profile.curve()
    window = min(WINDOW_S, curve.seconds)
    steps = int((curve.seconds - window) / _STEP_S) + 1
    starts = [*(step * _STEP_S for step in range(steps)), curve.seconds - window]
    most = max(curve.count(start + window) - curve.count(start) for start in starts)
    return most / window * profile.conversation.expected_turns * day_factor(profile, seed)
