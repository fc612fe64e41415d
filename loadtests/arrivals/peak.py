"""The peak rate of a profile, in turns a second."""

from __future__ import annotations

from loadtests.arrivals.arrivals import day_factor
from loadtests.profiles.profile import Profile

WINDOW_S = 5.0
"""The rate is averaged over this time, because conversations and queues spread the turns."""
_STEP_S = 0.25


def peak_turns_per_s(profile: Profile, seed: int) -> float:
    """The highest expected rate of turns over any 5 s of the load, above 0.

    Every turn counts at the start of its conversation.  The rate includes the busyness of the
    seed's day, but not the randomness of single arrivals.
    """
    curve = profile.curve()
    window = min(WINDOW_S, curve.seconds)
    steps = int((curve.seconds - window) / _STEP_S) + 1
    starts = [*(step * _STEP_S for step in range(steps)), curve.seconds - window]
    most = max(curve.count(start + window) - curve.count(start) for start in starts)
    return most / window * profile.conversation.expected_turns * day_factor(profile, seed)
