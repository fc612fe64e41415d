"""The sizing of a run's load to the machine that it shares with its fleet, in `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, structs

_MOST = 1e9
GROWN = 3.0
"""If a turn costs more than this many times a first one, its cost grows with the history."""

Positive = Annotated[float, Meta(gt=0, le=_MOST, description="a number above 0")]


class Sizing(Struct, frozen=True, kw_only=True):
    """The factor on the profile's rates, and the measurements behind it."""

    mode: Annotated[Literal["auto", "given"], Meta(description="auto or given")]
    """`auto`: the factor follows from the rehearsal; `given`: by the user, or a replayed run."""
    factor: Positive
    """All rates of the profile were multiplied by it."""
    cpu_s_per_turn: Positive | None = None
    """CPU seconds of one turn in the fleet and the generator; None: not measured."""
    cores: Positive
    """Processors that the run could use, by the limits of its cgroup and its affinity."""
    carries_turns_per_s: Positive | None = None
    """Turns a second that would keep all of those busy; None: not measured."""
    planned_peak_turns_per_s: Positive
    """The peak of the unscaled profile."""
    peak_turns_per_s: Positive
    """The peak of the played load."""
    turns: Annotated[int, Meta(ge=0, le=int(_MOST), description="a whole number from 0")] = 0
    """The number of turns measured in the rehearsal."""
    seconds: Annotated[float, Meta(ge=0, le=_MOST, description="a number from 0")] = 0.0
    """The duration of that measurement."""
    cpu_s_per_first_turn: Positive | None = None
    """As `cpu_s_per_turn`, of turns in new sessions; None: not measured separately."""

    def to_dict(self) -> dict[str, Any]:
        """The object of `run.json` and of the result."""
        return structs.asdict(self)


def in_words(sizing: Mapping[str, Any], profile: str) -> str:
    """One line about the size of the load; `sizing` is the object of `run.json`."""
    factor, cores = _shown(sizing, "factor"), _shown(sizing, "cores")
    peak = _shown(sizing, "peak_turns_per_s")
    planned = _shown(sizing, "planned_peak_turns_per_s")
    cost, carries = sizing.get("cpu_s_per_turn"), _shown(sizing, "carries_turns_per_s")
    if isinstance(cost, int | float):
        carry = "core carries" if cores == "1" else "cores carry"
        measured = f"{cores} {carry} {carries}, at {cost * 1000:.3g} ms of CPU a turn"
        first = sizing.get("cpu_s_per_first_turn")
        if isinstance(first, int | float) and cost > GROWN * first > 0:
            measured += f", {cost / first:.1f} × that of a first turn"
    else:
        measured = "the capacity of this machine was not measured"
    if sizing.get("mode") == "given":
        load = f"sized as asked: {factor} × {profile}, peak {peak} of {planned} turns/s"
    elif factor == "1":
        load = f"not scaled: {profile} at its peak of {planned} turns/s"
    else:
        load = f"sized to this machine: {factor} × {profile}, peak {peak} of {planned} turns/s"
    return f"{load}; {measured}"


def _shown(sizing: Mapping[str, Any], key: str) -> str:
    value = sizing.get(key)
    return f"{value:.3g}" if isinstance(value, int | float) else "?"
