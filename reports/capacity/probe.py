"""The judgement of one probe, from its records alone.

A probe passes by all of these together:

- goodput: at most 1 % of the turns miss the SLO (refused, failed, late, or open for too long);
- the p99 of the measured part, in which turns open at the end count with their age;
- errors within the limit of the profile;
- offered work: turns a second × seconds a turn, below 0.95 of the replica's core and of Redis's
  main thread, because a short probe cannot see a small overload in its latency (not after a kill or
  an overload, where only the recovery is asked for);
- the rate at which turns were finished while others waited: less than 0.95 of it was offered;
- the backlog does not grow by more than chance arrivals explain;
- continuity: no violation;
- soundness (`reports.capacity.soundness`), without which it is UNKNOWN.

Waits do not count where other processes on the replica's core may have caused them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from reports.capacity import costs
from reports.capacity.backlog import OpenTurns
from reports.capacity.criteria import (
    Reason,
    broken_continuity,
    not_met,
    too_much_work,
    unseen_continuity,
)
from reports.capacity.findings import Answer, Demand, Probe, ProbeKind
from reports.capacity.limiting import Evidence, limited_by
from reports.capacity.measured_part import MeasuredPart, measured_part, planned_rate
from reports.capacity.recovery import Recovery, recovery
from reports.capacity.soundness import doubts, others_share, used_while_turns_waited
from reports.capacity.turn_times import TurnTime, turn_times, waits, within
from reports.measures.cpu_use import redis_steps, use
from reports.measures.percentiles import percentile
from reports.measures.spans import Span, without
from reports.measures.spans import seconds as length
from reports.records.history import History, read

_DISTURBED = (ProbeKind.KILL, ProbeKind.OVERLOAD)
_CALM_PERCENT = 25
_NOT_RECOVERED = 1e6
"""Its weight: only broken continuity is worse."""


def judge_probe(
    run: Path | History,
    kind: ProbeKind,
    *,
    name: str | None = None,
    demand: Demand | None = None,
    rate: float | None = None,
) -> Probe:
    """Judge the probe in a run directory, or its history.

    `name` is the directory relative to that of the capacity run.  `demand` gives the latency at a
    low load, and the cost of a turn where the probe's own was not sampled.  `rate` is the planned
    one, by default that of the profile in `run.json`.  Raises HistoryError when it is no run.
    """
    history = read(run) if isinstance(run, Path) else run
    part = measured_part(history)
    planned = planned_rate(history.run.profile) if rate is None else rate
    probe = Probe(
        name=name or history.name,
        kind=kind,
        rate=planned or 0.0,
        seconds=0.0 if part is None else part.seconds,
        seed=history.run.seed or 0,
        answer=Answer.UNKNOWN,
    )
    if part is None or part.seconds <= 0:
        return replace(probe, reasons=("the load never began",))
    return _judged(history, part, probe, demand)


def _judged(history: History, part: MeasuredPart, probe: Probe, demand: Demand | None) -> Probe:
    slo = history.run.slo
    limit = slo("steady_p99_s")
    turns = turn_times(history)
    back = recovery(turns, part, limit) if probe.kind in _DISTURBED else Recovery()
    spans = _judged_spans(part, back)
    seconds = length(spans)
    measured = [turn for turn in within(turns, spans) if not _hit(turn, part)]
    found = waits(measured, limit)
    offered = found.turns / seconds if seconds else 0.0
    evidence = _evidence(history, turns, measured, spans, demand)
    reasons = broken_continuity(history)
    reasons += not_met(evidence, offered, limit, slo("error_rate"))
    if probe.kind not in _DISTURBED:
        # Probes without a disturbance have told that the rate is sustainable.  Here the question is
        # the recovery, and the start of a process would count as work of the turns.
        reasons += too_much_work(evidence, offered)
    if back.failure:
        reasons.append(Reason(_NOT_RECOVERED, back.failure))
    unsound = doubts(history, part, probe.kind, found.turns)
    if evidence.full and (others := used_while_turns_waited(history, evidence.full.stretches)):
        kept = [reason for reason in reasons if not reason.waited]
        if reasons and not kept:
            unsound.append(others)
        reasons = kept
    if back.doubt:
        unsound.append(back.doubt)
    answer, told = _answer(reasons, unsound)
    if answer is Answer.PASS and (unseen := unseen_continuity(history)):
        answer, told = Answer.UNKNOWN, tuple(unseen)
    return replace(
        probe,
        answer=answer,
        reasons=told,
        limited_by=limited_by(evidence) if answer is Answer.FAIL else None,
        offered=offered,
        goodput=found.kept / seconds if seconds else None,
        cpu_share=evidence.cpu_share,
        backlog_per_s=None if evidence.growth is None else evidence.growth.per_s,
        p99_s=found.p99_s,
        p50_s=found.p50_s,
        mean_s=found.mean_s,
        error_share=found.failed / found.turns if found.turns else None,
        missed_share=found.missed_share if found.turns else None,
        others_share=others_share(history, part),
        redis_share=_share(history, spans),
        redis_work=evidence.redis_share,
        carried=None if evidence.full is None else evidence.full.per_s,
        recovered_s=back.seconds,
    )


def _answer(reasons: list[Reason], unsound: list[str]) -> tuple[Answer, tuple[str, ...]]:
    """The answer, and its reasons, worst first."""
    reasons.sort(key=lambda reason: -reason.weight)
    facts = [reason.words for reason in reasons if reason.fact]
    if facts:
        return Answer.FAIL, tuple(facts)
    if unsound:
        return Answer.UNKNOWN, tuple(unsound)
    if reasons:
        return Answer.FAIL, tuple(reason.words for reason in reasons)
    return Answer.PASS, ()


def _hit(turn: TurnTime, part: MeasuredPart) -> bool:
    """Whether a disturbance began while the turn was in flight: its wait is the disturbance's."""
    return any(turn.due < start <= turn.due + turn.waited for start, _ in part.disturbed)


def _judged_spans(part: MeasuredPart, back: Recovery) -> list[Span]:
    """The undisturbed time; after a disturbance only the time after the recovery."""
    end = part.last_disturbance_end
    if end is None:
        return part.undisturbed
    until = part.end if back.seconds is None else end + back.seconds
    return without(part.undisturbed, [(end, until)])


def _evidence(
    history: History,
    turns: Sequence[TurnTime],
    measured: Sequence[TurnTime],
    spans: Sequence[Span],
    demand: Demand | None,
) -> Evidence:
    limit = history.run.slo("steady_p99_s")
    offered = len(measured) / length(spans) if spans else 0.0
    calm = _calm_latency(measured, demand)
    open_turns = OpenTurns(turns)
    usual = offered * calm
    # A disturbed probe has no long stretch of one rate.
    whole = spans[0] if len(spans) == 1 else None
    cpu, redis = costs.cpu_s(history, demand), costs.redis_s(history, demand)
    return Evidence(
        cpu_share=None if cpu is None else offered * cpu,
        redis_share=None if redis is None else offered * redis,
        waits=waits(measured, limit),
        growth=None if whole is None else open_turns.growth(*whole),
        full=None if whole is None else open_turns.full(*_before_time_outs(history, turns), usual),
        calm_s=calm,
        model_s=costs.counted(history, "model_s", spans),
        calm_model_s=None if demand is None else demand.model_s.value,
    )


def _before_time_outs(history: History, turns: Sequence[TurnTime]) -> Span:
    """The load, the warm-up included, until the first attempt was given up.

    After that the service works for customers who are gone, which no turn that ends shows.
    """
    start = history.load_start or 0.0
    closed = history.mark("arrivals-end")
    end = history.last_moment if closed is None else closed.t
    talk = history.run.profile.get("conversation") or {}
    patience = float(talk.get("attempt_timeout_s", 0.0))
    given_up = min((turn.due for turn in turns if turn.given_up), default=end)
    return start, min(end, given_up + patience)


def _calm_latency(measured: Sequence[TurnTime], demand: Demand | None) -> float:
    """The latency of a turn that does not wait, seconds; the lower quartile without a demand."""
    if demand is not None and demand.latency_s.value is not None:
        return demand.latency_s.value
    answered = sorted(turn.waited for turn in measured if turn.answered)
    return percentile(answered, _CALM_PERCENT) if answered else 0.0


def _share(history: History, spans: Sequence[Span]) -> float | None:
    """The share of one core that Redis's main thread used."""
    found = use(redis_steps(history), spans)
    return None if found is None else found.share
