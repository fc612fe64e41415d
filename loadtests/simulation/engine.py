"""The engine: a calendar of events, in the order of their time.

`simulate` plays planned conversations against the simulated service, and returns the statistics.
It draws nothing itself, so the same plans and the same set-up have the same result.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Any

from loadtests.simulation import stages
from loadtests.simulation import statistics as measuring
from loadtests.simulation.calibration import DEFAULT, Calibration
from loadtests.simulation.customers import Customers, Watch
from loadtests.simulation.faults import Fault
from loadtests.simulation.plans import PlannedTalk
from loadtests.simulation.processors import Cores, Event, OwnCores, SharedCores
from loadtests.simulation.service import Service
from loadtests.simulation.state import Processor, Replica, Reply, Request, Shard
from loadtests.simulation.statistics import Outcomes, Reading, Statistics
from loadtests.simulation.store import Store
from reports.records import Fate

Progress = Callable[[float], None]
"""Takes the simulated time now and then, seconds after the start of the load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """What is simulated, besides the conversations."""

    load_s: float
    """The length of the arrivals."""
    ttl_s: float
    """The sliding TTL of a session, real seconds."""
    calibration: Calibration = DEFAULT
    replicas: int = 1
    shards: int = 1
    """Redis servers; each session has one."""
    cores: int | None = None
    """The cores that all processes share; None: every process has one of its own."""
    deadline_s: float = 20.0
    """The time that one turn may take, retries included."""
    attempt_timeout_s: float = 8.0
    retries: bool = True
    """Whether customers make a failed attempt again."""
    most_open: int = 10**9
    """Arrivals above this many open conversations are dropped."""
    only_turns: bool = False
    """Whether sessions are there without an opening, and are not read back."""
    faults: Sequence[Fault] = ()
    warm_up_s: float = 0.0
    """Not measured."""
    ends_with_load: bool = False
    """Whether the simulation ends with the arrivals, in the middle of conversations."""
    drains: bool = False
    """Whether it goes on until the last session has expired."""
    latency_limit_s: float = 2.0
    """Turns that take longer are no goodput."""
    sample_s: float = field(default=1.0)
    """The time between two readings."""


def simulate(
    set_up: SetUp,
    talks: Iterable[PlannedTalk],
    watch: Watch | None = None,
    progress: Progress | None = None,
) -> tuple[Outcomes, Statistics]:
    """Play `talks`, in order of their arrival; `watch` sees every turn, besides the statistics."""
    statistics = Statistics(measured_from=set_up.warm_up_s, measured_to=set_up.load_s)
    engine = Engine(set_up, iter(talks), statistics, watch or statistics, progress)
    collects = gc.isenabled()
    # There are no cycles to collect, and millions of objects to look through in vain.
    gc.disable()
    try:
        engine.run()
    finally:
        if collects:
            gc.enable()
    return engine.outcomes(), statistics


class Engine:
    """One simulation."""

    def __init__(
        self,
        set_up: SetUp,
        talks: Iterator[PlannedTalk],
        statistics: Statistics,
        watch: Watch,
        progress: Progress | None,
    ) -> None:
        self._is, self._talks, self._statistics = set_up, talks, statistics
        self._watch, self._progress = watch, progress
        calendar: list[Event] = []
        number = count().__next__
        cores: Cores = (
            OwnCores(calendar, number)
            if set_up.cores is None
            else SharedCores(set_up.cores, calendar, number, stages.CORES)
        )
        self._calendar, self._number, self._cores = calendar, number, cores
        self._others = Processor()
        """The balancer, the generator and the harness, where cores are shared."""
        calibration = set_up.calibration
        wake_s = calibration.wake_cpu_s / (1 - calibration.idle_share)
        self._replicas = [
            Replica(index, wake_s, calibration.wakes_after_s) for index in range(set_up.replicas)
        ]
        self._shards = [Shard() for _ in range(set_up.shards)]
        self.store = Store(calibration, self._shards, cores, calendar, number, set_up.ttl_s)
        shared = set_up.cores is not None
        self.customers = Customers(
            deadline_s=set_up.deadline_s,
            attempt_timeout_s=set_up.attempt_timeout_s,
            ttl_s=set_up.ttl_s,
            retries=set_up.retries,
            most_open=set_up.most_open,
            calendar=calendar,
            number=number,
            opened=self.store.create if set_up.only_turns else None,
            watch=watch,
        )
        self.service = Service(
            calibration,
            self._replicas,
            self.store,
            cores,
            calendar,
            number,
            self._answer_on_shared if shared else self.customers.answer,
        )
        self.customers.launch = self._launch_on_shared if shared else self.service.arrive
        self._half_s = calibration.others_cpu_s / 2
        self._coming: PlannedTalk | None = None
        self._at = 0.0

    def run(self) -> None:
        """Play everything."""
        self._plan()
        calendar, handlers = self._calendar, self._handlers()
        limits, limit_s = self.customers.limits, self._is.attempt_timeout_s
        end = self._is.load_s if self._is.ends_with_load else math.inf
        look_at = 0.0
        """No attempt takes too long before this time."""
        while calendar:
            event = heappop(calendar)
            t = event[0]
            if t >= look_at:
                while limits and (limits[0][1].limit == 0.0):
                    limits.popleft()
                look_at = limits[0][0] if limits else t + limit_s
                if look_at <= t:
                    heappush(calendar, event)
                    self.customers.time_out(*limits.popleft())
                    continue
            if t > end:
                break
            handlers[event[2]](t, event[3])
        for talk in self.customers.under_way:
            self._watch.not_played(end, talk.planned, Fate.CENSORED)
        for planned in (self._coming, *self._talks) if self._coming else ():
            assert planned is not None
            self._watch.not_played(end, planned, Fate.CENSORED)

    def _handlers(self) -> list[Callable[[float, Any], None]]:
        service, customers, store = self.service, self.customers, self.store
        by_stage: dict[int, Callable[[float, Any], None]] = {
            stages.ARRIVE: service.arrive,
            stages.RECEIVED: service.received,
            stages.BEGUN: service.begun,
            stages.ASKED: service.asked,
            stages.TOLD: service.told,
            stages.WRITTEN: service.written,
            stages.COMMITTED: service.committed,
            stages.REPLIED: service.replied,
            stages.REFUSED: service.refused,
            stages.SIDE_RECEIVED: service.side_received,
            stages.SIDE_STORED: service.side_stored,
            stages.POLL: service.poll,
            stages.GIVE_UP: service.give_up,
            stages.REDIS_LATER: store.run_later,
            stages.SEND: customers.send,
            stages.START: self._start,
            stages.TIMEOUT: customers.time_out,
            stages.SAMPLE: self._sample,
            stages.CHANGE: lambda t, change: change(self, t),
            stages.CORES: self._cores.tick,
            stages.HEARD: self._heard,
        }
        return [by_stage[stage] for stage in range(stages.COUNT)]

    def _plan(self) -> None:
        for fault in self._is.faults:
            seconds = fault.seconds(self._is.calibration.start_s)
            self._push(fault.at, stages.CHANGE, fault.begin)
            self._push(fault.at + seconds, stages.CHANGE, fault.heal)
        calibration = self._is.calibration
        if calibration.redis_pause_every_s is not None:
            self._push(calibration.redis_pause_every_s, stages.CHANGE, _pause)
        if calibration.redis_rewrite_every_s is not None:
            self._push(calibration.redis_rewrite_every_s, stages.CHANGE, _rewrite)
        self._push(0.0, stages.SAMPLE, None)
        self._next_start()

    def _push(self, t: float, stage: int, thing: Any) -> None:
        heappush(self._calendar, (t, self._number(), stage, thing))

    def _next_start(self) -> None:
        self._coming = next(self._talks, None)
        if self._coming is not None:
            self._push(self._coming.due, stages.START, self._coming)

    def _start(self, t: float, planned: PlannedTalk) -> None:
        self.customers.start(t, planned)
        self._next_start()

    @property
    def going_on(self) -> bool:
        """Whether a conversation is under way or to come, or a session is left that should go."""
        under_way = self._coming is not None or self.customers.open > 0
        return under_way or (self._is.drains and not self.store.drained)

    def repeat(self, t: float, every_s: float, change: Any) -> None:
        """Make a change again after `every_s` seconds, as long as there is something to do."""
        if self.going_on:
            self._push(t + every_s, stages.CHANGE, change)

    # --------------------------------------------- the way there and back again

    def _launch_on_shared(self, t: float, request: Request) -> None:
        self._cores.submit(self._others, t, self._half_s, stages.ARRIVE, request, 0.0)

    def _answer_on_shared(self, t: float, request: Request, reply: Reply) -> None:
        heard = (request, reply)
        self._cores.submit(self._others, t, self._half_s, stages.HEARD, heard, 0.0)

    def _heard(self, t: float, heard: tuple[Request, Reply]) -> None:
        self.customers.answer(t, *heard)

    # ----------------------------------------------------------------- readings

    def _sample(self, t: float, _: None) -> None:
        self.store.expire(t)
        expired = sum(shard.expired for shard in self._shards)
        for shard in self._shards:
            shard.expired = 0
        self._statistics.readings.append(
            Reading(
                t=t,
                open_talks=self.customers.open,
                in_flight=sum(replica.in_flight for replica in self._replicas),
                open_turns=self.customers.asking,
                replica_busy_s=tuple(replica.used(t) for replica in self._replicas),
                replica_in_flight=tuple(replica.in_flight for replica in self._replicas),
                replica_turns=tuple(replica.turns for replica in self._replicas),
                replica_refused=tuple(replica.refused for replica in self._replicas),
                redis_busy_s=max(shard.used(t) for shard in self._shards),
                others_busy_s=self._others.used(t),
                sessions=sum(shard.live_sessions for shard in self._shards),
                live_bytes=sum(shard.live_bytes for shard in self._shards),
                expired=expired,
            )
        )
        if self._progress is not None:
            self._progress(t)
        if self.going_on:
            self._push(t + self._is.sample_s, stages.SAMPLE, None)

    def outcomes(self) -> Outcomes:
        """The result, after `run`."""
        is_, counted, customers = self._is, self._statistics, self.customers
        seconds = max(is_.load_s - is_.warm_up_s, 1e-9)
        ordered, kept = measuring.within(counted, is_.latency_limit_s)
        bad, left = sum(counted.bad.values()), self._left()
        turns = len(ordered) + bad
        part = [r for r in counted.readings if is_.warm_up_s <= r.t <= is_.load_s]
        first, last = (part[0], part[-1]) if part else (None, None)
        span = last.t - first.t if first and last and last.t > first.t else math.inf
        shares = [0.0] * is_.replicas
        redis = others = 0.0
        if first and last:
            pairs = zip(first.replica_busy_s, last.replica_busy_s, strict=True)
            idle = is_.calibration.idle_share
            shares = [idle + (1 - idle) * (b - a) / span for a, b in pairs]
            redis = (last.redis_busy_s - first.redis_busy_s) / span
            others = (last.others_busy_s - first.others_busy_s) / span
        bytes_ = measuring.memory(counted.readings, is_.calibration, is_.shards)
        return Outcomes(
            seconds=seconds,
            turns=turns,
            offered_per_s=(turns + left) / seconds,
            goodput_per_s=kept / seconds,
            p50_s=measuring.percentile(ordered, 50),
            p90_s=measuring.percentile(ordered, 90),
            p99_s=measuring.percentile(ordered, 99),
            longest_s=ordered[-1] if ordered else None,
            error_share=bad / turns if turns else 0.0,
            open_at_end=left,
            replica_share=sum(shares) / len(shares),
            busiest_share=max(shares),
            redis_share=redis,
            others_share=others,
            in_flight=sum(r.in_flight for r in part) / len(part) if part else 0.0,
            most_in_flight=max(replica.most_in_flight for replica in self._replicas),
            refused=sum(replica.refused for replica in self._replicas),
            attempts=customers.attempts,
            again=customers.again,
            timeouts=customers.timeouts,
            backlog_per_s=measuring.slope([(r.t, r.open_turns) for r in part]),
            most_sessions=max((r.sessions for r in counted.readings), default=0),
            most_bytes=max(bytes_, default=0.0),
            fates=counted.fates,
            outcomes=counted.outcomes,
        )

    def _left(self) -> int:
        """Measured turns that have no answer when the simulation ends."""
        start, end = self._is.warm_up_s, self._is.load_s
        return sum(
            1 for talk in self.customers.under_way if talk.ended is None and start <= talk.due < end
        )


def _pause(engine: Engine, t: float) -> None:
    calibration = engine.store.calibration
    engine.store.pause(t, calibration.redis_pause_s)
    assert calibration.redis_pause_every_s is not None
    engine.repeat(t, calibration.redis_pause_every_s, _pause)


def _rewrite(engine: Engine, t: float) -> None:
    calibration = engine.store.calibration
    engine.store.fork(t)
    assert calibration.redis_rewrite_every_s is not None
    engine.repeat(t, calibration.redis_rewrite_every_s, _rewrite)
