"""Plays planned arrivals: offers each at its time, waits for the conversations, audits late.

Every planned arrival is recorded exactly once: by its conversation's record or, if the load is
stopped before it, within one range of all arrivals still to come.  The player also obeys load
commands (`loadtests.generator.load_commands`), whose arrivals become part of the plan.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gevent
import psutil
from gevent.event import Event
from gevent.pool import Group

from loadtests.adk.attempt import Observer
from loadtests.adk.client import Client
from loadtests.arrivals import arrivals, conversation, spikes
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.arrivals.fates import not_played
from loadtests.arrivals.late_sample import GRACE_S, LATE_AUDITS, LateSample
from loadtests.arrivals.seeds import derive
from loadtests.customers import audit
from loadtests.customers.customer import Customer, CutOff
from loadtests.customers.turn import CustomerContext
from loadtests.doors.opener import opener
from loadtests.generator import descriptors, hdrlog
from loadtests.generator.generator_stats import GeneratorStats
from loadtests.generator.load_commands import GIVE_WAY_S, Storm, WorkerCommand
from loadtests.generator.milestones import wait_for_end
from loadtests.generator.settings import RunSettings
from reports.records import Arrival, ArrivalRange, Fate, LoadMark, Recorder, RunClock

LATE_AUDIT_GAP_S = 0.01
LONGEST_BUNCH = 50
SHORT_WAIT_S = 0.05

log = logging.getLogger("diya.load")


def counted(slices: Iterator[int]) -> int:
    """The last of `slices` of a count; yields to other greenlets after each."""
    found = 0
    for so_far in slices:
        found = so_far
        # Not 0, which would run the ready greenlets but not poll for messages.
        gevent.sleep(GIVE_WAY_S)
    return found


@dataclass(slots=True)
class _Coming:
    """A spike's arrivals still to come, created one at a time, since there may be a million."""

    arrivals: Iterator[Arrival]
    indices: range


class Player:
    """One generator process's share of the load: shard k of n of the planned arrivals."""

    def __init__(
        self,
        run: RunSettings,
        target: str,
        clock: RunClock,
        recorder: Recorder,
        observe: Observer,
        broken: Callable[[], None],
        *,
        planned: int,
        shard: int = 0,
        shards: int = 1,
    ) -> None:
        """`planned` is the number of arrivals of all shards together.

        `broken` is called when a conversation ends with a bug of the generator.  Raises ValueError
        when `target` is not an http(s) address.
        """
        self._run, self._clock, self._recorder, self._broken = run, clock, recorder, broken
        # Each process counts its own open customers; the shares add up to the cap.
        self._most_open = max(1, run.profile.max_open // shards)
        room = descriptors.connections(self._most_open)
        self._client = Client(target, connections=room, access=run.access)
        service = opener(run.door, target, self._client, run.app, clock)(observe)
        self._context = CustomerContext(
            service,
            clock,
            recorder,
            run.profile.conversation,
            ttl_seconds=run.ttl_seconds,
            traced_run=run.run_id if run.description.traced is True else None,
        )
        self._shard, self._shards = shard, shards
        self._source = "generator" if shards == 1 else f"generator:{shard}"
        self._stats = GeneratorStats()
        self._coming = arrivals.shard(run.profile, run.seed, shard, shards)
        self._planned = planned
        self._next = shard
        """The index of the next arrival."""
        self._late_sample: LateSample[Customer] = LateSample(planned, LATE_AUDITS, run.seed)
        self._talking, self._auditing, self._helpers = Group(), Group(), Group()
        self._spiking = Group()
        self._extra: list[_Coming] = []
        """The arrivals of every spike."""
        self._talked = False
        self._load_end = run.profile.load_seconds
        """Seconds from the start to the last possible arrival; an order may move it."""
        self._stopped = Event()
        self._start = 0.0
        self._bunch = 0
        """Arrivals started since the last yield to other greenlets."""

    def talk(self, start: float) -> bool:
        """Offer every arrival from run time `start` on and wait for the last conversation.

        Returns False if the load was stopped before that.
        """
        self._start = start
        self._helpers.spawn(self._sample_each_second)
        for arrival in self._coming:
            if not self._reach(start + arrival.due):
                return False
            self._next = arrival.index + self._shards
            self._admit(arrival)
        if not wait_for_end(lambda: start + self._load_end, self._wait_until):
            return False
        self._spiking.join()
        self._talked = True
        self._talking.join()
        return not self._stopped.is_set()

    def obey(self, command: WorkerCommand) -> None:
        """Play a spike's share of arrivals, or cut off all customers; returns at once."""
        if isinstance(command, Storm):
            self._cut_off(command)
            return
        run, shard = self._run, (self._shard, self._shards)
        coming = _Coming(
            spikes.shard(run.profile, run.seed, command, *shard), spikes.indices(command, *shard)
        )
        if self._stopped.is_set() or self._talked:
            # The load is over here already, but these arrivals are part of the plan: record them.
            self._refuse_all(coming, Fate.CENSORED if self._stopped.is_set() else Fate.LATE)
            return
        self._extra.append(coming)
        if command.rate:
            self._load_end = max(self._load_end, command.start + command.seconds)
        self._spiking.spawn(self._guarded, self._offer, coming)

    def audit_late(self) -> bool:
        """Read a sample of sessions again after their TTL, if the run waits so long; then close.

        Returns False if the load was stopped before that.
        """
        waits = self._run.description.drained is not False
        for customer in self._late_sample.chosen() if waits else ():
            if not self._wait_until(self._clock.now() + LATE_AUDIT_GAP_S):
                return False
            self._auditing.spawn(self._guarded, self._audit_expired, customer)
        self._auditing.join()
        if self._stopped.is_set():
            return False
        self._helpers.kill()
        self._close()
        return True

    def stop(self) -> None:
        """End now, and record running conversations as they are.  A second call does nothing."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._helpers.kill()
        self._auditing.kill()
        # Let new greenlets begin first: one that is killed before it runs writes no record.
        gevent.sleep(0)
        self._spiking.kill()
        self._talking.kill()
        yet_to_come = len(range(self._next, self._planned, self._shards))
        if yet_to_come:
            rest = ArrivalRange(self._next, yet_to_come, self._shards, Fate.CENSORED)
            self._recorder.write(rest)
        for coming in self._extra:
            self._refuse_all(coming, Fate.CENSORED)
        self._close()

    def _close(self) -> None:
        self._stopped.set()
        self._keep(self._stats.lines(self._clock.now()))
        self._client.close()

    def _customer(self, arrival: Arrival) -> Customer:
        return Customer(self._plan(arrival), self._start + arrival.due, self._context, self._stats)

    def _plan(self, arrival: Arrival) -> ConversationPlan:
        run = self._run
        return conversation.plan(run.profile, arrival, run.run_id, run.journeys)

    def _refuse(self, arrival: Arrival, fate: Fate) -> None:
        self._recorder.write(not_played(self._plan(arrival), self._start + arrival.due, fate))

    def _refuse_all(self, coming: _Coming, fate: Fate) -> None:
        rest, coming.indices = coming.indices, range(0)
        if rest:
            self._recorder.write(ArrivalRange(rest[0], len(rest), self._shards, fate))

    def _admit(self, arrival: Arrival) -> None:
        if self._clock.now() - self._start - arrival.due > self._run.profile.late_after_s:
            self._stats.late += 1
            self._refuse(arrival, Fate.LATE)
        elif len(self._talking) >= self._most_open or self._client.full:
            self._stats.dropped += 1
            self._refuse(arrival, Fate.DROPPED)
        else:
            self._stats.started += 1
            self._talking.spawn(self._guarded, self._converse, self._customer(arrival))

    def _offer(self, coming: _Coming) -> None:
        for arrival in coming.arrivals:
            if not self._reach(self._start + arrival.due):
                return
            coming.indices = coming.indices[1:]
            self._admit(arrival)

    def _cut_off(self, storm: Storm) -> None:
        now, loop = self._clock.now(), gevent.get_hub().loop
        everybody = list(self._talking)
        for greenlet in everybody:
            # Take the arguments of `_admit`'s spawn: keep nothing more of thousands of customers.
            customer: Customer = greenlet.args[-1]
            share = derive(storm.seed, customer.plan.index) / 2**48
            back = now + storm.seconds * share
            customer.cut_off(back)
            # Check the customers' state in the hub, where no greenlet can run meanwhile.
            loop.run_callback(_recall, customer, greenlet, back)
        under_way = self._client.cut()
        values = {"order": storm.order, "shard": self._shard, "conversations": len(everybody)}
        values["requests"] = under_way
        mark = LoadMark(now, "storm-cut", {name: float(value) for name, value in values.items()})
        self._recorder.write(mark)

    def _converse(self, customer: Customer) -> None:
        customer.play()
        if customer.last_touch is not None:
            self._late_sample.offer(customer.plan.index, customer)

    def _guarded(self, work: Any, *args: Any) -> None:
        """Run `work`, and report an exception, so that a bug is not hidden as a silent customer."""
        try:
            work(*args)
        except Exception:
            log.exception("the load generator broke")
            self._broken()

    def _audit_expired(self, customer: Customer) -> None:
        touched = customer.last_touch or self._clock.now()
        limits = self._run.profile.conversation
        service, plan = self._context.service, customer.plan
        # A lost attempt may have touched the session, so read it again later.
        for _ in range(2 if customer.unsettled else 1):
            if not self._wait_until(touched + self._run.ttl_seconds + GRACE_S):
                return
            known = customer.artifacts
            read = audit.read_back(service, plan, limits, self._clock, "expired", known)
            self._recorder.write(read)
            if read.status != "found":
                return
            touched = read.done

    def _sample_each_second(self) -> None:
        process = psutil.Process()
        process.cpu_percent()
        due = self._clock.now()
        self._stats.begin(due)
        while self._wait_until(due := due + 1.0):
            # This loop itself is late when the generator is busy.
            self._stats.beat(self._clock.now() - due)
            self._take_sample(process.cpu_percent())
            self._client.close_idle()
            # Present objects stay alive or are freed by reference counting; collecting cycles
            # among 20,000 customers would delay all of them by 0.2 s.
            gc.freeze()

    def _take_sample(self, cpu_percent: float) -> None:
        self._stats.open = len(self._talking)
        sample, lines = self._stats.sample(self._clock.now(), cpu_percent, self._source)
        self._recorder.write(sample)
        self._keep(lines)

    def _keep(self, lines: bytes) -> None:
        if lines:
            self._recorder.append(hdrlog.FILE, lines)

    def _reach(self, t: float) -> bool:
        """As `_wait_until`, for arrivals, which come in bunches.

        Arrivals that are due already start together, because yielding before each would delay it
        by all pending work.  A long bunch yields now and then.
        """
        left = t - self._clock.now()
        self._bunch += 1
        if left <= 0 and self._bunch < LONGEST_BUNCH:
            return not self._stopped.is_set()
        self._bunch = 0
        if left > SHORT_WAIT_S:
            return self._wait_until(t)
        # Costs half as much as waiting for an event with a time-out.
        gevent.sleep(max(0.0, left))
        return not self._stopped.is_set()

    def _wait_until(self, t: float) -> bool:
        """Wait until run time `t`; returns False if the load was stopped before that."""
        self._stopped.wait(max(0.0, t - self._clock.now()))
        return not self._stopped.is_set()


def _recall(customer: Customer, greenlet: gevent.Greenlet, back: float) -> None:
    """In the hub: a thinking customer continues at run time `back`, if that is before the plan."""
    if customer.thinking:
        greenlet.throw(CutOff(back))
