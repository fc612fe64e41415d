"""The part of a probe by which it is judged.

The load of a probe has these phases, by the marks in `load.jsonl`: `warmup`, which is left out,
then any phases of one rate; `overload`, if there is one, is a disturbance on purpose, as are the
faults.  The measured part is all time from the end of the warm-up to the end of the arrivals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.measures.phases import WARMUP, load_phases
from reports.measures.spans import Span, merged, without
from reports.measures.spans import seconds as length
from reports.records.history import History

OVERLOAD = "overload"
"""The phase of a deliberate overload."""


@dataclass(frozen=True, slots=True)
class MeasuredPart:
    """The measured part; all times are run time, seconds."""

    start: float
    end: float
    disturbed: tuple[Span, ...]
    """The faults and the overload within it."""

    @property
    def undisturbed(self) -> list[Span]:
        """Its spans outside of the disturbances."""
        return without([(self.start, self.end)], self.disturbed)

    @property
    def seconds(self) -> float:
        """Its length without the disturbances."""
        return length(self.undisturbed)

    @property
    def last_disturbance_end(self) -> float | None:
        """When the last disturbance was over; None: there was none."""
        return self.disturbed[-1][1] if self.disturbed else None


def measured_part(history: History) -> MeasuredPart | None:
    """The measured part; None if the arrivals never began."""
    start = history.load_start
    if start is None:
        return None
    phases = load_phases(history)
    begin = max([start, *(phase.end for phase in phases if phase.name == WARMUP)])
    closed = history.mark("arrivals-end")
    end = closed.t if closed is not None else history.last_moment
    end = max(begin, end)
    disturbances = [(fault.start, fault.end) for fault in history.faults]
    disturbances += [(phase.start, phase.end) for phase in phases if phase.name == OVERLOAD]
    inside = [(max(a, begin), min(b, end)) for a, b in disturbances if b > begin and a < end]
    return MeasuredPart(begin, end, tuple(merged(inside)))


def planned_rate(profile: Mapping[str, Any]) -> float | None:
    """Planned turns a second in the last phase outside of an overload; None: the profile is other.

    Conversations a second × the mean number of turns of a conversation.
    """
    phases = [p for p in profile.get("phase", ()) if p.get("name") not in (WARMUP, OVERLOAD)]
    load, talk = profile.get("load") or {}, profile.get("conversation") or {}
    if not phases or "hold" not in phases[-1]:
        return None
    if "base_rate" not in load or "mean_turns" not in talk:
        return None
    return float(load["base_rate"]) * float(phases[-1]["hold"]) * mean_turns(talk)


def mean_turns(talk: Mapping[str, Any]) -> float:
    """The mean number of turns of a conversation, customers who leave included.

    Turns are 1 + geometric with an end after each turn (see `loadtests.profiles.model`).
    """
    onward = (1 - 1 / float(talk["mean_turns"])) * (1 - float(talk.get("abandon_share", 0.0)))
    most = int(talk.get("max_turns", 200))
    return sum(onward**turn for turn in range(most))
