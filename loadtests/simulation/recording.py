"""Writes the records of a simulated run, in the form of a real one.

The history that an audit shows is the one that the simulated session holds.  Texts of replies do
not exist; their digests are those of a sentence about the turn.
"""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.arrivals.conversation import turn_id
from loadtests.arrivals.fates import not_played
from loadtests.arrivals.late_sample import GRACE_S, LATE_AUDITS, LateSample
from loadtests.arrivals.redis_sizes import KEYS_OF_SESSION
from loadtests.profiles.profile import Profile
from loadtests.simulation import statistics as measuring
from loadtests.simulation.calibration import Calibration
from loadtests.simulation.faults import Window, replica_name
from loadtests.simulation.plans import TOOL, PlannedTalk
from loadtests.simulation.state import NOWHERE, Reply, Request, Talk
from loadtests.simulation.statistics import Reading, Statistics
from reports.records import (
    AuditRecord,
    ConversationRecord,
    Fate,
    FaultWindow,
    HistoryItem,
    LoadMark,
    Outcome,
    Recorder,
    Sample,
    Seen,
    TurnRecord,
    chain,
    digest,
)

START_S = 5.0
"""Run time of the start of the load; the samples before it show the empty service."""
_AFTER_S = 6.0
"""Samples go on for so long after the last TTL."""
_CALLED, _RESULT = digest("simulated call of a tool"), digest("simulated result of a tool")


class Recording:
    """A `Watch` that writes every turn, read and conversation, and counts them."""

    def __init__(
        self, recorder: Recorder, statistics: Statistics, arrivals: int, ttl_s: float, seed: int
    ) -> None:
        """`arrivals` is the number of planned arrivals."""
        self._recorder, self._statistics, self._ttl_s = recorder, statistics, ttl_s
        self._late: LateSample[tuple[Talk, float]] = LateSample(arrivals, LATE_AUDITS, seed)
        self.last_end = START_S
        """Run time at which the last conversation ended."""
        self._last_read: dict[Talk, float] = {}

    def turn(self, t: float, talk: Talk, outcome: Outcome, request: Request, reply: Reply) -> None:
        """As `Watch`."""
        self._statistics.turn(t, talk, outcome, request, reply)
        plan = talk.planned.plan
        assert plan is not None
        ok = outcome is Outcome.OK
        tool = request.planned.kind % 2 == TOOL
        first = request.first_token if ok and plan.streaming else None
        sent = t if talk.first_sent is None else talk.first_sent
        self._recorder.write(
            TurnRecord(
                conversation=plan.index,
                turn=talk.turn,
                turn_id=turn_id(plan.index, talk.turn),
                journey=plan.journey,
                due=START_S + talk.due,
                sent=START_S + sent,
                first_token=None if first is None else START_S + first,
                done=START_S + t,
                outcome=outcome,
                attempts=talk.attempts,
                replica=_replica(request, reply),
                message=digest(plan.messages[talk.turn]),
                reply=_reply(plan.index, talk.turn) if ok else None,
                seen=self._seen(talk) if ok else None,
                status=reply.status,
                error=talk.error,
                unsure=talk.unsure,
                reopened=None if talk.reopened is None else START_S + talk.reopened,
                steps=((_CALLED, _RESULT) if tool else ()) if ok else None,
            )
        )

    def read(self, t: float, talk: Talk, request: Request, reply: Reply) -> None:
        """As `Watch`."""
        found = reply.outcome is Outcome.OK
        status = "found" if found else "gone" if reply.missing else "unknown"
        self._audit(talk, request.sent, t, "end", status, _replica(request, reply), request.history)
        self._last_read[talk] = t

    def conversation(self, t: float, talk: Talk, *, deleted: bool) -> None:
        """As `Watch`."""
        self._statistics.conversation(t, talk, deleted=deleted)
        read_at = self._last_read.pop(talk, None)
        if deleted:
            self._audit(talk, t, t, "expired", "gone", None, ())
        elif talk.error is None and read_at is not None:
            self._late.offer(talk.planned.index, (talk, read_at))
        self.last_end = max(self.last_end, START_S + t)
        self._write_conversation(talk, t if deleted else None)

    def not_played(self, t: float, planned: PlannedTalk, fate: Fate) -> None:
        """As `Watch`."""
        self._statistics.not_played(t, planned, fate)
        plan = planned.plan
        assert plan is not None
        self._recorder.write(not_played(plan, START_S + planned.due, fate))

    def finish(self, profile: Profile, arrivals: int, windows: Sequence[Window]) -> float:
        """Write the late reads, the faults and the marks; returns the run time of the last mark."""
        audited = self.last_end
        for talk, read_at in self._late.chosen():
            at = read_at + self._ttl_s + GRACE_S
            status = "found" if talk.expires > at else "gone"
            shown = tuple(talk.stored) if status == "found" else ()
            self._audit(talk, at, at, "expired", status, None, shown)
            audited = max(audited, START_S + at)
        for window in windows:
            end = START_S + window.end
            self._recorder.write(
                FaultWindow(
                    id=window.id,
                    fault=window.kind,
                    target=window.target,
                    start=START_S + window.start,
                    end=end,
                    recovered_at=end,
                    took_hold=True,
                    injected=START_S + window.start,
                )
            )
        self._marks(profile, arrivals, audited)
        return audited

    def _marks(self, profile: Profile, arrivals: int, audited: float) -> None:
        values = {"arrivals": float(arrivals), "turns": profile.expected_turns}
        self._recorder.write(LoadMark(START_S, "start", values))
        for name, begin, end in profile.planned_phases():
            mark = LoadMark(START_S + begin, f"phase:{name}", {"end": START_S + end})
            self._recorder.write(mark)
        load_end = START_S + profile.load_seconds
        self._recorder.write(LoadMark(load_end, "arrivals-end", {}))
        self._recorder.write(LoadMark(max(load_end, self.last_end), "end", {}))
        self._recorder.write(LoadMark(max(load_end, audited), "audited", {}))

    def _seen(self, talk: Talk) -> Seen:
        """The witness of the model: the messages of the session, as far as this turn."""
        plan = talk.planned.plan
        assert plan is not None
        shown = [number for number in talk.stored if number <= talk.turn]
        return Seen(len(shown), chain(digest(plan.messages[number]) for number in shown))

    def _audit(
        self,
        talk: Talk,
        at: float,
        done: float,
        when: str,
        status: str,
        replica: str | None,
        shown: Sequence[int],
    ) -> None:
        plan = talk.planned.plan
        assert plan is not None
        items = [item for number in shown for item in _items(talk, number)]
        self._recorder.write(
            AuditRecord(
                conversation=plan.index,
                at=START_S + at,
                done=START_S + done,
                when=when,
                status=status,
                user=plan.user if status == "found" else None,
                history=tuple(items),
                replica=replica,
                error="no answer" if status == "unknown" else None,
            )
        )

    def _write_conversation(self, talk: Talk, deleted: float | None) -> None:
        plan = talk.planned.plan
        assert plan is not None
        self._recorder.write(
            ConversationRecord(
                conversation=plan.index,
                journey=plan.journey,
                user=plan.user,
                session=plan.session,
                due=START_S + talk.planned.due,
                started=START_S + talk.started,
                opened=None if talk.opened is None else START_S + talk.opened,
                ended=None if talk.ended is None else START_S + talk.ended,
                fate=Fate.OFFERED,
                turns_planned=len(plan.messages),
                deleted=None if deleted is None else START_S + deleted,
                error=talk.error,
            )
        )


def write_samples(
    recorder: Recorder,
    readings: Sequence[Reading],
    calibration: Calibration,
    windows: Sequence[Window],
    *,
    cores: int | None,
    until: float,
) -> None:
    """Write the samples of Redis, the replicas and the generator, one a reading.

    Before the load they show the empty service; after it they go on until run time `until`.  Where
    all processes share `cores`, the machine is sampled too.
    """
    if not readings:
        return
    first, last = readings[0], readings[-1]
    step = readings[1].t - first.t if len(readings) > 1 else 1.0
    sizes = measuring.memory(readings, calibration, 1)
    for moment in range(int(START_S)):
        _sample(recorder, moment + 0.5, first, first, sizes[0], 0.0, calibration, windows, cores)
    expired, before = 0.0, first
    for reading, size in zip(readings, sizes, strict=True):
        expired += reading.expired
        t = START_S + reading.t
        _sample(recorder, t, before, reading, size, expired, calibration, windows, cores)
        before = reading
    t = START_S + last.t
    while t < until + _AFTER_S:
        t += step
        _sample(recorder, t, last, last, sizes[-1], expired, calibration, windows, cores)


def _sample(
    recorder: Recorder,
    t: float,
    before: Reading,
    now: Reading,
    size: float,
    expired: float,
    calibration: Calibration,
    windows: Sequence[Window],
    cores: int | None,
) -> None:
    """The samples of one moment; shares of a core are those since the reading `before`."""
    span = now.t - before.t

    def percent(busy: float, was: float) -> float:
        return 100 * (busy - was) / span if span > 0 else 0.0

    def hit(kind: str, target: str) -> list[Window]:
        found = (w for w in windows if (w.kind, w.target) == (kind, target))
        return [w for w in found if START_S + w.start < t]

    restarts = hit("restart-redis", "redis")
    redis = {
        "used_memory": size,
        "keys": float(KEYS_OF_SESSION * now.sessions),
        "expired_keys": KEYS_OF_SESSION * expired,
        "evicted_keys": 0.0,
        "persistent_keys": 0.0,
        "cpu_percent": percent(now.redis_busy_s, before.redis_busy_s),
        "run": 1.0 + len(restarts),
    }
    if not _is_away(restarts, t):
        recorder.write(Sample(t, "redis", redis))
    pairs = zip(now.replica_busy_s, before.replica_busy_s, strict=True)
    for index, (busy, was) in enumerate(pairs):
        name = replica_name(index)
        kills = hit("kill-replica", name)
        if _is_away(kills, t):
            continue
        values = {"rss": calibration.replica_bytes, "cpu_percent": percent(busy, was)}
        values["pid"] = 1.0 + index + len(now.replica_busy_s) * len(kills)
        recorder.write(Sample(t, f"replica:{name}", values))
        counted = {
            "in_flight": float(now.replica_in_flight[index]),
            "ok": float(now.replica_turns[index]),
            "overloaded": float(now.replica_refused[index]),
        }
        recorder.write(Sample(t, f"service:{name}", counted))
    others = percent(now.others_busy_s, before.others_busy_s)
    generator = {"lag_p50": 0.0, "lag_p99": 0.0, "lag_max": 0.0, "cpu_percent": min(others, 100.0)}
    generator["open_conversations"] = float(now.open_talks)
    recorder.write(Sample(t, "generator", generator))
    if cores is not None:
        used = sum(now.replica_busy_s) + now.redis_busy_s + now.others_busy_s
        used -= sum(before.replica_busy_s) + before.redis_busy_s + before.others_busy_s
        share = percent(used / cores, 0.0)
        recorder.write(Sample(t, "host", {"cpu_percent": share, "own_percent": share}))


def _is_away(faults: Sequence[Window], t: float) -> bool:
    """Whether the target of one of these faults, which have begun, is not back at run time `t`."""
    return any(t < START_S + window.end for window in faults)


def _reply(conversation: int, turn: int) -> str:
    return digest(f"simulated reply to {turn_id(conversation, turn)}")


def _replica(request: Request, reply: Reply) -> str | None:
    if reply.status is None or request.replica is NOWHERE:
        return None
    return replica_name(request.replica.index)


def _items(talk: Talk, turn: int) -> list[HistoryItem]:
    """What a session shows of one turn."""
    plan = talk.planned.plan
    assert plan is not None
    name = turn_id(plan.index, turn)
    items = [HistoryItem(name, "message", digest(plan.messages[turn]))]
    if talk.planned.turns[turn].kind % 2 == TOOL:
        items += [HistoryItem(name, "step", _CALLED), HistoryItem(name, "step", _RESULT)]
    return [*items, HistoryItem(name, "reply", _reply(plan.index, turn))]
