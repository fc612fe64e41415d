"""Plays planned arrivals: offers each at its time, waits for the conversations, audits late.

Every planned arrival is recorded exactly once, whatever happens: by its conversation's record or,
when the load is stopped before it, within one range of all that were yet to come.  While it plays
it obeys orders (`loadtests.generator.orders`); the arrivals of these belong to the plan as all
others do.
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

from loadtests.adk.client import Client
from loadtests.adk.service import Observer, Service
from loadtests.arrivals import arrivals, conversation, spikes
from loadtests.arrivals.late_sample import LateSample
from loadtests.arrivals.seeds import derive
from loadtests.customers import audit
from loadtests.customers.customer import Customer, CutOff
from loadtests.customers.turn import CustomerContext
from loadtests.generator import descriptors, hdrlog
from loadtests.generator.fates import not_played
from loadtests.generator.generator_stats import Tally
from loadtests.generator.orders import GIVE_WAY_S, Order, Storm
from loadtests.generator.settings import RunSettings
from reports.records import Arrival, ArrivalRange, Fate, LoadMark, Recorder, RunClock

LATE_AUDITS = 200
GRACE_S = 1.5
"""How long after its TTL a session is looked for once more; servers expire keys lazily."""
LATE_AUDIT_GAP_S = 0.01
LONGEST_BUNCH = 50
SHORT_WAIT_S = 0.05

log = logging.getLogger("diya.load")


def counted(slices: Iterator[int]) -> int:
    """The last of `slices` of a count; others have their turn after every one of them."""
    found = 0
    for so_far in slices:
        found = so_far
        # Not 0: whose turn it is already would have it, but no message would be looked for.
        gevent.sleep(GIVE_WAY_S)
    return found


@dataclass(slots=True)
class _Coming:
    """A spike's arrivals that have not come yet: made one at a time, for there may be a million."""

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
        """`planned` is how many arrivals there are in all, of every shard.

        `broken` is told when a conversation ends in a defect of ours.  Raises ValueError when
        `target` is no http(s) address.
        """
        self._run, self._clock, self._recorder, self._broken = run, clock, recorder, broken
        # Customers open at once are counted in each process: together they stay under the cap.
        self._most_open = max(1, run.profile.max_open // shards)
        room = descriptors.connections(self._most_open)
        self._client = Client(target, connections=room, token=run.token)
        service = Service(self._client, run.app, clock, observe)
        self._desk = CustomerContext(
            service, clock, recorder, run.profile.conversation, ttl_seconds=run.ttl_seconds
        )
        self._shard, self._shards = shard, shards
        self._source = "generator" if shards == 1 else f"generator:{shard}"
        self._tally = Tally()
        self._coming = arrivals.shard(run.profile, run.seed, shard, shards)
        self._planned = planned
        self._next = shard
        """The index of the first arrival that is yet to come."""
        self._late_sample: LateSample[Customer] = LateSample(planned, LATE_AUDITS, run.seed)
        self._talking, self._auditing, self._helpers = Group(), Group(), Group()
        self._spiking = Group()
        self._extra: list[_Coming] = []
        """Of every spike."""
        self._talked = False
        self._load_end = run.profile.load_seconds
        """Seconds from the start to the last possible arrival; an order may move it."""
        self._stopped = Event()
        self._start = 0.0
        self._bunch = 0
        """Arrivals let in since the last time that others had their turn."""

    def talk(self, start: float) -> bool:
        """Offer every arrival from run time `start` on and wait for the last conversation.

        False when the load was stopped instead.
        """
        self._start = start
        self._helpers.spawn(self._sample_each_second)
        for arrival in self._coming:
            if not self._reach(start + arrival.due):
                return False
            self._next = arrival.index + self._shards
            self._admit(arrival)
        waited_for = 0.0
        while waited_for < self._load_end:
            waited_for = self._load_end
            if not self._wait_until(start + waited_for):
                return False
        self._spiking.join()
        self._talked = True
        self._talking.join()
        return not self._stopped.is_set()

    def obey(self, order: Order) -> None:
        """Play a spike's share of arrivals, or cut everybody off; returns at once."""
        if isinstance(order, Storm):
            self._cut_off(order)
            return
        run, shard = self._run, (self._shard, self._shards)
        coming = _Coming(
            spikes.shard(run.profile, run.seed, order, *shard), spikes.indices(order, *shard)
        )
        if self._stopped.is_set() or self._talked:
            # It came when the load was over here: whoever counts the plan counts these too.
            self._refuse_all(coming, Fate.CENSORED if self._stopped.is_set() else Fate.LATE)
            return
        self._extra.append(coming)
        self._load_end = max(self._load_end, order.start + order.seconds if order.rate else 0.0)
        self._spiking.spawn(self._guarded, self._offer, coming)

    def audit_late(self) -> bool:
        """Look for a sample of sessions once more, after each one's TTL; then close.

        False when the load was stopped instead.
        """
        for customer in self._late_sample.chosen():
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
        """End now: what is under way is recorded as it stands.  Does nothing the second time."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._helpers.kill()
        self._auditing.kill()
        # Who was let in this moment must have begun: what never ran records nothing when killed.
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
        self._keep(self._tally.lines(self._clock.now()))
        self._client.close()

    def _customer(self, arrival: Arrival) -> Customer:
        plan = conversation.plan(self._run.profile, arrival, self._run.run_id, self._run.journeys)
        return Customer(plan, self._start + arrival.due, self._desk, self._tally)

    def _refuse(self, arrival: Arrival, fate: Fate) -> None:
        self._recorder.write(not_played(self._run, arrival, self._start, fate))

    def _refuse_all(self, coming: _Coming, fate: Fate) -> None:
        rest, coming.indices = coming.indices, range(0)
        if rest:
            self._recorder.write(ArrivalRange(rest[0], len(rest), self._shards, fate))

    def _admit(self, arrival: Arrival) -> None:
        if self._clock.now() - self._start - arrival.due > self._run.profile.late_after_s:
            self._tally.late += 1
            self._refuse(arrival, Fate.LATE)
        elif len(self._talking) >= self._most_open or self._client.full:
            self._tally.dropped += 1
            self._refuse(arrival, Fate.DROPPED)
        else:
            self._tally.started += 1
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
            # What `_admit` has spawned it with: nothing more is kept of thousands who think.
            customer: Customer = greenlet.args[-1]
            share = derive(storm.seed, customer.plan.index) / 2**48
            back = now + storm.seconds * share
            customer.cut_off(back)
            # Where the customer stands is asked where nobody can go on meanwhile.
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
        """Run `work`; a defect of ours must not look like a quiet customer."""
        try:
            work(*args)
        except Exception:
            log.exception("the load generator broke")
            self._broken()

    def _audit_expired(self, customer: Customer) -> None:
        touched = customer.last_touch or self._clock.now()
        limits = self._run.profile.conversation
        service, plan = self._desk.service, customer.plan
        # A forgotten attempt may have touched the session: then it is looked for once more.
        for _ in range(2 if customer.unsettled else 1):
            if not self._wait_until(touched + self._run.ttl_seconds + GRACE_S):
                return
            read = audit.read_back(service, plan, limits, self._clock, "expired")
            self._recorder.write(read)
            if read.status != "found":
                return
            touched = read.done

    def _sample_each_second(self) -> None:
        process = psutil.Process()
        process.cpu_percent()
        due = self._clock.now()
        self._tally.begin(due)
        while self._wait_until(due := due + 1.0):
            # The beat of this loop is itself late when the generator is busy.
            self._tally.beat(self._clock.now() - due)
            self._take_sample(process.cpu_percent())
            self._client.close_idle()
            # What lives by now lives on, or is freed by count: to search thousands of customers
            # for lost cycles would hold everybody up, 0.2 s for 20,000.
            gc.freeze()

    def _take_sample(self, cpu_percent: float) -> None:
        self._tally.open = len(self._talking)
        sample, lines = self._tally.sample(self._clock.now(), cpu_percent, self._source)
        self._recorder.write(sample)
        self._keep(lines)

    def _keep(self, lines: bytes) -> None:
        if lines:
            self._recorder.append(hdrlog.FILE, lines)

    def _reach(self, t: float) -> bool:
        """As `_wait_until`, for arrivals, which come in bunches.

        Those that are due already are let in together: giving way before each would have it wait
        for all the work at hand.  A long bunch gives way now and then, for others to go on.
        """
        left = t - self._clock.now()
        self._bunch += 1
        if left <= 0 and self._bunch < LONGEST_BUNCH:
            return not self._stopped.is_set()
        self._bunch = 0
        if left > SHORT_WAIT_S:
            return self._wait_until(t)
        # Half the cost of waiting for an event with a limit.
        gevent.sleep(max(0.0, left))
        return not self._stopped.is_set()

    def _wait_until(self, t: float) -> bool:
        """Wait until run time `t`; False when the load was stopped instead."""
        self._stopped.wait(max(0.0, t - self._clock.now()))
        return not self._stopped.is_set()


def _recall(customer: Customer, greenlet: gevent.Greenlet, back: float) -> None:
    """In the hub: who thinks comes back at run time `back`, if that is sooner than planned."""
    if customer.thinking:
        greenlet.throw(CutOff(back))
