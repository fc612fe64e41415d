"""Saturation: did a gate on latency, outage or recovery fail because a part was out of CPU?

If fleet, Redis, balancer and generator share a machine, a full machine makes every turn slow, which
says nothing about the production machines.  The same holds for a generator, an Envoy or a Redis
that uses all of its one core.  A failed gate is excused, and the run INCONCLUSIVE, if the gate
would have passed without the waits of which at least half was spent while a part was full.

Errors are excused in the same way, but only time-outs and refusals for too much load.  All other
errors, memory (except its bound, which depends on the pace of turns) and continuity always count.
One failed gate that is not excused keeps the run at NO-GO, and so does a service that itself became
more expensive: see `latency.cost`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.checks.errors import check_errors
from reports.checks.latency import check_latency
from reports.checks.memory import check_memory
from reports.checks.recovery import check_recovery
from reports.checks.steady_state import check_steady_state
from reports.checks.waits import Wait, waits_of
from reports.gates import Kind, gate
from reports.measures.cpu import (
    FULL_PERCENT,
    Reading,
    calm,
    cost,
    faulty,
    full,
    machine,
    mean_percent,
    of_one_core,
    within,
)
from reports.measures.phases import in_brackets
from reports.measures.spans import Span, merged, overlap, seconds, without
from reports.records import Finding, Status
from reports.records.columns import OK, OUTCOME, WORDLESS
from reports.records.history import History
from reports.records.sizing import GROWN

DEARER = 1.5
"""If a turn costs more than this many times the reference, the service itself is the cause."""
DEARER_THAN_FIRST = GROWN
"""The same with first turns as the reference, as later turns cost more in any service."""
_NAME = "validity.saturation"
_PEAK_S = 5.0
_BUSY_WORDS = (
    *(f"HTTP {status}" for status in (408, 429, 503, 504)),
    "no complete response within",
    "another turn of this session",
    "timed out",
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part with a limited capacity."""

    name: str
    readings: list[Reading]
    spans: list[Span]
    """The times at which it was full, run time."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The CPU time of a turn, seconds."""

    then: float
    """While a part was full and a gate failed, or in whole conversations of the rehearsal."""
    before: float
    """The reference."""
    reference: str
    """The origin of the reference, in words."""
    whose: str
    """`CPU` of the machine, or `Redis's CPU`."""
    times: float
    """The allowed multiple of the reference."""

    @property
    def dearer(self) -> bool:
        """Whether the service itself is the cause."""
        return self.then > self.times * self.before


@dataclass(frozen=True, slots=True)
class Saturation:
    """The failed gates, and the part that was full at that time."""

    part: Part
    """The part that excuses the most gates."""
    failed: tuple[Finding, ...]
    excused: tuple[Finding, ...]
    spans: tuple[Span, ...]
    """The times of the part's saturation that the excused waits overlap."""
    cost: Cost | None
    """None: no reference, or too few turns."""


def parts(history: History) -> list[Part]:
    """Every sampled part that can be full, the machine first."""
    sources = [("this machine", machine(history))]
    sources += [("Redis", of_one_core(history, "redis", "cpu_percent"))]
    sources += [("Envoy", of_one_core(history, "envoy"))]
    sources += [
        ("the load generator", of_one_core(history, source))
        for source in sorted(history.samples_by_source)
        if source.partition(":")[0] == "generator"
    ]
    return [Part(name, readings, full(readings)) for name, readings in sources if readings]


def failed_gates(history: History) -> list[Finding]:
    """The gates of latency, outage, recovery and errors that failed."""
    checks: tuple[Callable[[History], list[Finding]], ...] = (
        check_latency,
        check_recovery,
        check_steady_state,
        check_errors,
    )
    return [
        finding
        for check in checks
        for finding in history.once(check)
        if finding.status is Status.FAIL and gate(finding.check).kind is not Kind.VALIDITY
    ]


def saturation(history: History) -> Saturation | None:
    """The part that was full while gates failed; None if no part was full or no gate failed."""
    failed = failed_gates(history)
    best: Saturation | None = None
    for part in history.once(parts):
        if not part.spans:
            continue
        excused = tuple(f for f in failed if _is_excused(history, f, part.spans))
        if excused and (best is None or len(excused) > len(best.excused)):
            spans = _felt(history, excused, part.spans)
            then = _cost(history, part, spans)
            best = Saturation(part, tuple(failed), excused, tuple(spans), then)
    return best


def check_saturation(history: History) -> list[Finding]:
    """Gate the CPU that the run could use; no finding if it was not measured."""
    known = history.once(parts)
    if not known:
        return []
    found = history.once(saturation)
    if found is None:
        return [_had_room(history, known)]
    busy = mean_percent(within(found.part.readings, found.spans))
    if found.cost is not None and found.cost.dearer:
        summary = f"{_subject(found.part)} was full because {_dearer(found.cost)}"
        return [
            Finding(_NAME, "run", Status.PASS, busy, None, "%", summary),
            _became_dearer(found, found.cost),
        ]
    others = [f for f in found.failed if f not in found.excused]
    others += [
        finding
        for finding in history.once(check_memory)
        # The bound depends on the pace of turns, which a full machine changes.
        if finding.status is Status.FAIL and finding.check != "memory.bounded"
    ]
    if others:
        summary = (
            f"{_subject(found.part)} was full, but that does not explain all that failed: "
            f"{_gate(others[0])}"
        )
        return [Finding(_NAME, "run", Status.PASS, busy, None, "%", summary)]
    return [_unknown(history, found, busy)]


def _is_excused(history: History, finding: Finding, spans: Sequence[Span]) -> bool:
    """Whether the gate would have passed without the waits that overlap a full part."""
    found = waits_of(history, finding)
    if found is None:
        return False
    only_load = gate(finding.check).group == "errors"
    others = sum(not _is_felt(history, w, spans, only_load) for w in found.waits)
    return not found.fail_with(others)


def _is_felt(history: History, wait: Wait, spans: Sequence[Span], only_load: bool) -> bool:
    if only_load and not asked_too_much(history, wait):
        return False
    return overlap((wait.since, wait.until), spans) >= (wait.until - wait.since) / 2


def asked_too_much(history: History, wait: Wait) -> bool:
    """Whether it ended in a time-out or in a refusal for too much load."""
    error = wait.error or ""
    if wait.turn is not None:
        state = history.turns.state[wait.turn]
        if state & OUTCOME == OK and state & WORDLESS:
            return False
        error = history.turns[wait.turn].error or ""
    return any(words in error for words in _BUSY_WORDS)


def _felt(history: History, excused: Sequence[Finding], spans: Sequence[Span]) -> list[Span]:
    """The full spans that the waits of these gates touched."""
    waits = merged(
        (wait.since, wait.until)
        for finding in excused
        if (found := waits_of(history, finding)) is not None
        for wait in found.waits
    )
    return [span for span in spans if overlap(span, waits) > 0]


def _cost(history: History, part: Part, spans: Sequence[Span]) -> Cost | None:
    """The cost of a turn at that time, outside of faults, since a restart uses CPU too."""
    if part.name not in ("this machine", "Redis"):
        return None  # the harness's own parts, whose cost does not depend on the service
    rehearsed = _rehearsed(history) if part.name == "this machine" else None
    if rehearsed is not None and rehearsed.dearer:
        return rehearsed
    then = cost(history, part.readings, without(spans, faulty(history)))
    if then is None:
        return None
    whose = "Redis's CPU" if part.name == "Redis" else "CPU"
    compared = [
        Cost(then, before, reference, whose, times)
        for before, reference, times in _references(history, part, then)
    ]
    return next((each for each in compared if each.dearer), next(iter(compared), None))


def _rehearsed(history: History) -> Cost | None:
    """The cost measured in the rehearsal, where every turn ended; on a full machine few do."""
    sizing = history.run.sizing
    if sizing is None or not sizing.cpu_s_per_turn or not sizing.cpu_s_per_first_turn:
        return None
    return Cost(
        sizing.cpu_s_per_turn,
        sizing.cpu_s_per_first_turn,
        "the rehearsal's first turns'",
        "CPU in the rehearsal",
        DEARER_THAN_FIRST,
    )


def _references(history: History, part: Part, then: float) -> list[tuple[float, str, float]]:
    """References for the cost of a turn: the cost, its origin in words, the allowed multiple."""
    sizing = history.run.sizing
    value = cost(history, part.readings, calm(history, part.readings))
    usual = [(value, "the calm part's of this run", DEARER)] if value else []
    if part.name != "this machine" or sizing is None or not sizing.cpu_s_per_turn:
        return usual
    found = [(sizing.cpu_s_per_turn, "the rehearsal's", DEARER)]
    if value and then <= DEARER * value:
        # No more than while nothing was full: the rehearsal, which has no pauses, was cheap.
        found = usual
    if sizing.cpu_s_per_first_turn:
        # The rehearsal's later turns may have been expensive already.
        first = sizing.cpu_s_per_first_turn
        found.append((first, "the rehearsal's first turns'", DEARER_THAN_FIRST))
    return found


def _had_room(history: History, known: Sequence[Part]) -> Finding:
    filled = [part for part in known if part.spans]
    if filled:
        failed = "no gate failed" if not failed_gates(history) else "no gate failed because of it"
        summary = f"{_subject(filled[0])} was full for {seconds(filled[0].spans):.0f} s; {failed}"
        return Finding(_NAME, "run", Status.PASS, None, None, "%", summary)
    load = [(history.load_start or 0.0, history.load_end or history.last_moment)]
    part = max(known, key=lambda part: _busiest(part, load))
    value = _busiest(part, load)
    summary = f"{_subject(part)} was at most {value:.0f} % busy over 5 s, limit {FULL_PERCENT:g} %"
    return Finding(_NAME, "run", Status.PASS, value, FULL_PERCENT, "%", summary)


def _busiest(part: Part, load: Sequence[Span]) -> float:
    seen = within(part.readings, load)
    return max((mean_percent(seen[n : n + 5]) for n in range(max(1, len(seen) - 4))), default=0.0)


def _unknown(history: History, found: Saturation, busy: float) -> Finding:
    carried, asked = rates(history, found.spans)
    replicas = history.run.topology.replicas
    whose = "the service" if replicas is None else f"{replicas} machines"
    if found.part.name == "this machine":
        told = f"This machine carries {carried:.0f} turns/s, {asked:.0f} were asked"
    else:
        told = (
            f"{_subject(found.part)} used all of its one core at {carried:.0f} turns/s, "
            f"{asked:.0f} were asked"
        )
    summary = f"{told}: nothing is known about the latency of {whose}"
    if found.cost is None and found.part.name in ("this machine", "Redis"):
        summary += " (nothing tells whether a turn became dearer)"
    return Finding(
        check=_NAME,
        phase="run",
        status=Status.FAIL,
        value=busy,
        limit=FULL_PERCENT,
        unit="%",
        summary=summary,
        evidence=tuple(
            f"{_gate(finding)} failed; {found.part.name} was {busy:.0f} % busy, "
            f"{_times(found.spans)}"
            for finding in found.excused[:20]
        ),
    )


def rates(history: History, spans: Sequence[Span]) -> tuple[float, float]:
    """Acknowledged turns a second in these spans, and the peak of due turns a second."""
    turns = history.turns
    done = sum(
        state & OUTCOME == OK and overlap((at, at + 1e-9), spans) > 0
        for state, at in zip(turns.state, turns.done, strict=True)
    )
    carried = done / max(seconds(spans), 1e-9)
    due = sorted(at for at in turns.due if overlap((at, at + 1e-9), spans) > 0)
    last, most = 0, 0
    for first, at in enumerate(due):
        while last < len(due) and due[last] < at + _PEAK_S:
            last += 1
        most = max(most, last - first)
    sizing = history.run.sizing
    planned = 0.0 if sizing is None else sizing.peak_turns_per_s
    return carried, max(planned, most / _PEAK_S)


def _became_dearer(found: Saturation, then: Cost) -> Finding:
    return Finding(
        check="latency.cost",
        phase="run",
        status=Status.FAIL,
        value=then.then * 1000,
        limit=then.before * then.times * 1000,
        unit="ms",
        summary=f"The service itself became dearer: {_dearer(then)}, limit {then.times:g} ×",
        evidence=tuple(
            f"{_gate(finding)} failed; {found.part.name} was full {_times(found.spans)}"
            for finding in found.excused[:20]
        ),
    )


def _dearer(then: Cost) -> str:
    return (
        f"a turn cost {then.then * 1000:.0f} ms of {then.whose}, {then.then / then.before:.1f} × "
        f"{then.reference} {then.before * 1000:.0f} ms"
    )


def _subject(part: Part) -> str:
    return part.name[0].upper() + part.name[1:]


def _gate(finding: Finding) -> str:
    return f"{gate(finding.check).title}{in_brackets(finding.phase)}"


def _times(spans: Sequence[Span]) -> str:
    told = ", ".join(f"{start:.0f} to {end:.0f} s" for start, end in spans[:5])
    return told + (f" and {len(spans) - 5} times more" if len(spans) > 5 else "")
