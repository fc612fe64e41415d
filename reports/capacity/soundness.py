"""Whether a probe is sound: the generator on time, free CPU beside the replica, no missing records.

An unsound probe is UNKNOWN, however it came out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from reports.capacity.findings import ProbeKind
from reports.capacity.measured_part import MeasuredPart
from reports.checks.generator import check_generator
from reports.checks.records import check_records
from reports.figures.derive import percent as in_percent
from reports.measures.cpu_use import mean_value, replica_names, replica_steps, use
from reports.measures.generator import arrival_lags
from reports.measures.percentiles import ascending, percentile
from reports.measures.spans import Span
from reports.records import Fate, Status
from reports.records.history import History

OTHERS_LIMIT = 0.7
"""The largest share of the other cores that may be busy."""
FOREIGN_LIMIT = 0.1
"""The largest share of the replica's own core that other processes may use."""
FEWEST_TURNS = 300
"""With fewer a share of 1 % cannot be told from none."""
_NOT_OFFERED = (Fate.DROPPED, Fate.LATE, Fate.LOST)
_LONGEST_GAP_S = 5.0


def others_share(history: History, part: MeasuredPart) -> float | None:
    """The share of the cores beside the replica's that was busy; None: not sampled."""
    spans = part.undisturbed
    percent = mean_value(history, "host", "others_percent", spans)
    if percent is not None:
        return percent / 100
    # Without pinning the parts are not sampled apart.
    cores = history.run.environment.cores
    busy = mean_value(history, "host", "cpu_percent", spans)
    replica = use(replica_steps(history), spans)
    if not isinstance(cores, int) or cores < 2 or busy is None or replica is None:
        return None
    return max(0.0, busy / 100 * cores - replica.share) / (cores - 1)


def doubts(history: History, part: MeasuredPart, kind: ProbeKind, turns: int) -> list[str]:
    """Why the probe proves nothing, in sentences; empty: it is sound."""
    found = [*_generator(history), *_records(history)]
    if kind is not ProbeKind.STEP:
        found += _machine(history, part)
    if turns < FEWEST_TURNS:
        found.append(f"only {turns} turns were due in the measured part, {FEWEST_TURNS} are needed")
    return found


def used_while_turns_waited(history: History, stretches: Sequence[Span]) -> str | None:
    """That other processes used the replica's core in these stretches, in which turns waited; None:
    they used less than the limit.

    A short disturbance hardly shows in the mean of a probe, and may lie in its warm-up.
    """
    foreign = _foreign_share(history, stretches)
    if foreign is None or foreign < FOREIGN_LIMIT:
        return None
    return f"{_used(foreign)} while turns waited, limit {in_percent(FOREIGN_LIMIT)}"


def _used(foreign: float) -> str:
    return f"other processes used {in_percent(foreign)} of the replica's core"


def _generator(history: History) -> list[str]:
    limit = history.run.slo("generator_lag_p99_s")
    found = []
    lags = ascending(lag for _, lag in arrival_lags(history))
    if not lags:
        found.append("no conversation was started")
    elif percentile(lags, 99) > limit:
        found.append(
            f"the generator began conversations late, p99 {percentile(lags, 99):.2f} s, "
            f"limit {limit:g} s"
        )
    found += [
        each.summary[0].lower() + each.summary[1:]
        for each in check_generator(history)
        if each.status is not Status.PASS
    ]
    return found


def _records(history: History) -> list[str]:
    found = [each.summary[0].lower() + each.summary[1:] for each in check_records(history)]
    fates = history.conversations.fates
    lost = sum(fates[fate] for fate in _NOT_OFFERED)
    lost += sum(each.count for each in history.unplayed if each.fate in _NOT_OFFERED)
    if lost:
        found.append(f"{lost} planned conversations were not offered")
    if history.mark("arrivals-end") is None:
        found.append("the load was cut short")
    planned = history.planned_arrivals
    known = sum(fates.values()) + sum(each.count for each in history.unplayed)
    if planned is not None and known < planned:
        found.append(f"{planned - known} of {planned} planned conversations have no record")
    return found


def _machine(history: History, part: MeasuredPart) -> list[str]:
    found = []
    if not replica_names(history):
        found.append("the replica's processor was not sampled")
    elif (gap := _longest_gap(history, part)) > _LONGEST_GAP_S:
        found.append(f"the replica was not sampled for {gap:.0f} s")
    foreign = _foreign_share(history, part.undisturbed)
    if foreign is not None and foreign >= FOREIGN_LIMIT:
        found.append(f"{_used(foreign)}, limit {in_percent(FOREIGN_LIMIT)}")
    share = others_share(history, part)
    if share is None:
        found.append("the other cores were not sampled")
    elif share >= OTHERS_LIMIT:
        found.append(
            f"the other cores were {in_percent(share)} busy, limit {in_percent(OTHERS_LIMIT)}"
        )
    return found


def _foreign_share(history: History, spans: Sequence[Span]) -> float | None:
    """The share of a pinned replica's core that others used; None: it was not sampled apart."""
    percent = mean_value(history, "host", "replicas_percent", spans)
    replica = use(replica_steps(history), spans)
    return None if percent is None or replica is None else percent / 100 - replica.share


def _longest_gap(history: History, part: MeasuredPart) -> float:
    times = [s.t for name in replica_names(history) for s in history.samples_by_source[name]]
    longest = 0.0
    for a, b in part.undisturbed:
        inside = [a, *(t for t in sorted(times) if a < t < b), b]
        gaps = [y - x for x, y in pairwise(inside)]
        longest = max(longest, *gaps) if gaps else longest
    return longest
