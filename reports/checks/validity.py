"""Validity: was the experiment sound?  Checked first, because an unsound run proves nothing.

A gate that does not pass here makes the run INCONCLUSIVE (see `reports.verdict`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from heapq import nlargest
from itertools import pairwise

from reports.checks.floors import check_floors
from reports.checks.foreign_cpu import check_foreign_cpu
from reports.checks.generator import check_generator
from reports.checks.phase_lag import check_phase_lag
from reports.checks.sampled import evidence_of_p99
from reports.checks.saturation import check_saturation
from reports.measures.effects import without_effect
from reports.measures.generator import lags
from reports.measures.percentiles import percentile
from reports.measures.redis_memory import REDIS
from reports.records import Fate, Finding, Status
from reports.records.history import History

_MARKS = ("start", "arrivals-end", "end", "audited")
_LONGEST_GAP_S = (5.0, 10.0)
_LONGEST_GAP_SHARE = 0.25
"""A quarter of the load may pass without a sample, from 5 s to 10 s."""
_NOT_SAMPLER = ("generator", "service:", "slowlog:", "latency:", "keys:")
"""Sources that other processes write or keep, so that they do not prove that the sampler lives."""
_NOT_OFFERED = {
    Fate.DROPPED: "dropped at the cap on open conversations",
    Fate.LATE: "dropped because the generator was late",
    Fate.LOST: "lost with a generator process",
    Fate.CENSORED: "cut off by the end of the run",
}


def check_validity(history: History) -> list[Finding]:
    """Gate the soundness of the run."""
    findings = [
        _complete(history),
        _arrivals(history),
        _generator(history),
        _faults(history),
        _samples(history),
    ]
    findings += check_generator(history) + check_floors(history)
    findings += check_phase_lag(history) + check_foreign_cpu(history)
    return findings + check_saturation(history)


def _finding(
    gate: str,
    passed: bool | None,
    value: float | None,
    limit: float | None,
    unit: str,
    summary: str,
    evidence: tuple[str, ...] = (),
) -> Finding:
    status = {True: Status.PASS, False: Status.FAIL, None: Status.UNKNOWN}[passed]
    return Finding(gate, "run", status, value, limit, unit, summary, evidence[:20])


def _complete(history: History) -> Finding:
    missing = [name for name in _MARKS if history.mark(name) is None]
    summary = (
        f"The run was cut short: the load never got to {missing[0]!r}"
        if missing
        else "The load came to its end and everything was read back"
    )
    return _finding("validity.complete", not missing, len(missing), 0, "marks missing", summary)


def _arrivals(history: History) -> Finding:
    planned = history.planned_arrivals
    if planned is None:
        return _finding(
            "validity.arrivals", None, None, 0, "arrivals", "The load never announced its plan"
        )
    fates = Counter(history.conversations.fates)
    twice = len(history.conversations) - fates.total()
    for each in history.unplayed:
        fates[each.fate] += each.count
    twice += _ranges_twice(history, planned)
    unaccounted = planned - sum(fates.values())
    not_offered = max(0, unaccounted) + sum(fates[fate] for fate in _NOT_OFFERED)
    wrong = not_offered + max(0, -unaccounted) + twice
    parts = [
        *(f"{fates[fate]} {what}" for fate, what in _NOT_OFFERED.items()),
        f"{unaccounted} unaccounted for",
        f"{twice} recorded twice",
    ]
    summary = (
        f"Only {planned - not_offered} of {planned} planned conversations were offered "
        f"in full: {', '.join(parts)}"
        if wrong
        else f"All {planned} planned conversations were offered"
        + (f", {history.spike_arrivals} in load spikes" if history.spike_arrivals else "")
    )
    return _finding("validity.arrivals", not wrong and planned > 0, wrong, 0, "arrivals", summary)


def _ranges_twice(history: History, planned: int) -> int:
    """The number of arrivals in the ranges that were never planned or are recorded twice."""
    if not history.unplayed:
        return 0
    known, twice = bytearray(planned), 0
    for index in history.conversations.conversation:
        if 0 <= index < planned:
            known[index] = 1
    for each in history.unplayed:
        stop = each.first + each.count * each.step
        inside = known[each.first : stop : each.step]
        twice += each.count - inside.count(0)
        known[each.first : stop : each.step] = b"\1" * len(inside)
    return twice


def _generator(history: History) -> Finding:
    limit = history.run.slo("generator_lag_p99_s")
    ordered = history.once(lags)
    if not ordered:
        return _finding("validity.generator", None, None, limit, "s", "No conversation was started")
    value = percentile(ordered, 99)
    summary = (
        f"The generator's lag, p99 of {len(ordered)} arrivals: {value:.3f} s, limit {limit:g} s"
    )
    talks = history.conversations
    started = zip(talks.started, talks.due, talks.conversation, strict=True)
    late = nlargest(20, ((at - due, due, c) for at, due, c in started if at - due > limit))
    evidence = tuple(f"conversation {c}: due {due:.2f} s, {lag:.3f} s late" for lag, due, c in late)
    found = _finding(
        "validity.generator",
        value <= limit,
        value,
        limit,
        "s",
        summary,
        evidence if value > limit else (),
    )
    return replace(found, sample=evidence_of_p99(ordered))


def _faults(history: History) -> Finding:
    planned = history.run.planned_faults
    vain = without_effect(history)
    held = {fault.id for fault in history.faults if fault.took_hold} - set(vain)
    declared = [fault for fault in history.faults if fault.declared is not None]
    errors = {fault.id: vain.get(fault.id, fault.error) for fault in history.faults}
    missing = [fault for fault in planned if fault not in held]
    missing += sorted({fault.id for fault in history.faults} - held - set(planned))
    were_planned = f"{len(planned)} planned fault{'s' * (len(planned) != 1)}"
    # The evidence tells the reason of each; of one, it is the first that people ask for.
    why = errors.get(missing[0]) if len(missing) == 1 else None
    parts = [
        f"Of {were_planned}, {', '.join(missing)} did not take hold{f': {why}' if why else ''}"
        if missing
        else f"{'All' if len(planned) > 1 else 'The'} {were_planned} took hold"
        if planned
        else "No fault was planned"
    ]
    if declared:
        were = "fault was" if len(declared) == 1 else "faults were"
        parts.append(f"{len(declared)} {were} declared and not verified")
    unended = [fault.id for fault in declared if fault.recovered_at is None]
    if unended:
        # It comes first, because it decides the verdict, and nothing shows how customers recovered.
        parts.insert(0, f"The end of {', '.join(unended)} was never marked")
    missing += [fault for fault in unended if fault not in missing]
    summary = "; ".join(parts)
    evidence = tuple(
        f"{fault}: {errors[fault] or 'did not take hold'}"
        if fault in errors
        else f"{fault}: was never played"
        for fault in missing
    )
    return _finding("validity.faults", not missing, len(missing), 0, "faults", summary, evidence)


def _samples(history: History) -> Finding:
    """Samples must cover the load; the generator's own do not count, since the sampler may be dead.

    If Redis is sampled, its own samples must cover the load too, except during faults.
    """
    start, end = history.load_start, history.load_end
    times = sorted(
        {sample.t for sample in history.samples if not sample.source.startswith(_NOT_SAMPLER)}
    )
    redis = [sample.t for sample in history.samples_by_source.get(REDIS, [])]
    if start is None or end is None or not times:
        return _finding(
            "validity.samples",
            None,
            None,
            _LONGEST_GAP_S[1],
            "s",
            "The load was not sampled at all",
        )
    shortest, longest = _LONGEST_GAP_S
    limit = min(longest, max(shortest, _LONGEST_GAP_SHARE * (end - start)))
    gap, at = max((b - a, a) for a, b in pairwise(_within(times, start, end)))
    of = ""
    if redis:
        blind, since = max(
            (b - a - _in_faults(history, a, b), a) for a, b in pairwise(_within(redis, start, end))
        )
        if blind > max(gap, limit):
            gap, at, of = blind, since, " of Redis"
    summary = f"The longest stretch of the load without a sample{of}: {gap:.1f} s, from {at:.1f} s"
    return _finding("validity.samples", gap <= limit, gap, limit, "s", summary)


def _within(times: Sequence[float], start: float, end: float) -> list[float]:
    return [start, *(t for t in times if start < t < end), end]


def _in_faults(history: History, start: float, end: float) -> float:
    """The time within [start, end] with an active fault, seconds; overlaps count once."""
    covered, until = 0.0, start
    for fault in history.faults:
        begin, stop = max(fault.start, until), min(fault.end, end)
        if stop > begin:
            covered += stop - begin
            until = stop
    return covered
