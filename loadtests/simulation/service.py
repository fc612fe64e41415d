"""The simulated service: balancer, replicas, model and Redis.

The balancer goes round the ready replicas.  A replica refuses a turn at once when too many are in
flight, and else works on one segment of CPU at a time, in order of arrival.  A turn has four or
five segments; between them it waits for Redis (twice) and for the model (once or twice).  The rules
of a turn are those of `target_service.turns.guard`: the session's lease, the stored reply of a
repeated turn, and a turn that runs to its end even if its customer has hung up.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from heapq import heappush

from loadtests.simulation import stages, state
from loadtests.simulation.calibration import Calibration
from loadtests.simulation.processors import Cores, Event
from loadtests.simulation.state import DELETE, OPEN, READ, TURN, Replica, Reply, Request, Talk
from loadtests.simulation.store import Store

Answer = Callable[[float, Request, Reply], None]
_POLL_S = 0.05


class Service:
    """The service's side of a simulation."""

    def __init__(
        self,
        calibration: Calibration,
        replicas: list[Replica],
        store: Store,
        cores: Cores,
        calendar: list[Event],
        number: Callable[[], int],
        answer: Answer,
    ) -> None:
        """`answer` takes the end of each attempt."""
        self._is, self._store = calibration, store
        self.replicas = replicas
        self.ready = list(replicas)
        self._submit, self._cores = cores.submit, cores
        self._calendar, self._number, self._answer = calendar, number, answer
        # The way to a replica counts on the way back: the customer cannot tell, and as it is always
        # the same, neither can a replica.
        self._way_s = 2 * calibration.balancer_s
        self._next = 0
        """Counts the requests, for round robin."""
        base, tool, stream = (
            calibration.turn_cpu_s,
            calibration.tool_cpu_s,
            calibration.stream_cpu_s,
        )
        # What a replica does besides turns leaves that much less of its core.
        self._slower = 1 / (1 - calibration.idle_share)
        self._base = (base, base + tool, base + stream, base + tool + stream)
        self._shares = (calibration.text_shares, calibration.tool_shares) * 2
        self._many = len(replicas) > 1 and calibration.uncached_turn_cpu_s > 0
        self._commit_s = (
            calibration.redis_script_s + calibration.redis_byte_s * calibration.redis_turn_bytes
        )
        self._script_s, self._most = calibration.redis_script_s, calibration.in_flight_limit
        self._once, self._quota = calibration.exactly_once, calibration.model_requests_per_min
        self._slope_s = calibration.earlier_turn_cpu_s
        self.model_factor = 1.0
        """The factor on the time of every model call."""
        self._quota_minute, self._quota_used = -1, 0

    # ------------------------------------------------------------------ a turn

    def arrive(self, t: float, request: Request) -> None:
        """The balancer hands a request to the next replica."""
        ready, calibration = self.ready, self._is
        if not ready:
            self._answer(t + self._way_s, request, state.NO_REPLICA)
            return
        self._next += 1
        replica = request.replica = ready[self._next % len(ready)]
        replica.open[request] = None
        if request.kind != TURN:
            self._arrive_beside(t, request, replica)
            return
        if replica.in_flight >= self._most:
            replica.refused += 1
            cost, way = calibration.refusal_cpu_s, self._way_s
            request.reply = state.OVERLOADED
            self._submit(replica, t, cost, stages.REFUSED, request, way)
            return
        replica.in_flight += 1
        if replica.in_flight > replica.most_in_flight:
            replica.most_in_flight = replica.in_flight
        planned, stored = request.planned, len(request.talk.stored)
        kind = planned[1]
        work = self._base[kind] + self._slope_s * stored
        if self._many and stored:
            work += self._unread(request.talk, replica, stored) * calibration.uncached_turn_cpu_s
        request.work = work = work * planned[2] * self._slower
        self._submit(replica, t, work * self._shares[kind][0], stages.RECEIVED, request, 0.0)

    def _unread(self, talk: Talk, replica: Replica, stored: int) -> int:
        """The stored turns of a session that this replica has not read yet; now it reads them."""
        cached = talk.cached
        if cached is None:
            cached = talk.cached = {}
        lacks = stored - cached.get(replica.index, 0)
        cached[replica.index] = stored + 1
        return max(0, lacks)

    def received(self, t: float, request: Request) -> None:
        """The turn takes the session's lease and reads the session."""
        if not request.dead:
            self._store.run(t, request, self._script_s, stages.BEGUN)

    def begun(self, t: float, request: Request) -> None:
        """Redis has answered: the turn may run, or it ran before, or another one is running."""
        talk = request.talk
        if talk.expires <= t:
            self._refuse(t, request, state.MISSING)
            return
        if request.turn <= talk.settled and self._once:
            if not request.dead:
                cost, way = self._is.repeat_cpu_s, self._way_s
                self._submit(request.replica, t, cost, stages.REPLIED, request, way)
            return
        holder = talk.lease
        if holder is not None and talk.lease_until > t and self._once:
            self._wait(t, request)
            return
        talk.lease, talk.lease_until = request, math.inf
        talk.expires = t + self._store.ttl_s
        request.begun = t
        if request.dead:
            self._orphan(t, request)
            return
        request.step = 1
        work = request.work * self._shares[request.planned[1]][1]
        self._submit(request.replica, t, work, stages.ASKED, request, 0.0)

    def asked(self, t: float, request: Request) -> None:
        """The replica calls the model."""
        if request.dead:
            return
        if self._quota is not None and not self._within_quota(t):
            self._let_go(request)
            self._refuse(t, request, state.NO_QUOTA)
            return
        planned, call = request.planned, request.call
        model_s = planned[3]
        request.call = call + 1
        if call + 1 == len(model_s):
            request.first_token = t + planned[4] * self.model_factor
        end = t + model_s[call] * self.model_factor
        heappush(self._calendar, (end, self._number(), stages.TOLD, request))

    def told(self, t: float, request: Request) -> None:
        """The model has answered: with a tool call there is another call."""
        if request.dead:
            return
        planned = request.planned
        request.step = step = request.step + 1
        work = request.work * self._shares[planned[1]][step]
        stage = stages.ASKED if request.call < len(planned[3]) else stages.WRITTEN
        self._submit(request.replica, t, work, stage, request, 0.0)

    def written(self, t: float, request: Request) -> None:
        """The replica writes the turn."""
        if not request.dead:
            self._store.run(t, request, self._commit_s, stages.COMMITTED)

    def committed(self, t: float, request: Request) -> None:
        """Redis has written the turn, if it still held the lease."""
        talk = request.talk
        if (talk.lease is not request and self._once) or talk.expires <= t:
            self._refuse(t, request, state.CONFLICT)
            return
        self._store.append(t, talk, request.turn)
        if request.dead:
            return
        work = request.work * self._shares[request.planned[1]][-1]
        self._submit(request.replica, t, work, stages.REPLIED, request, self._way_s)

    def replied(self, t: float, request: Request) -> None:
        """The answer to a turn reaches the customer."""
        if request.dead:
            return
        replica = request.replica
        del replica.open[request]
        replica.in_flight -= 1
        replica.turns += 1
        self._answer(t, request, request.reply)

    def refused(self, t: float, request: Request) -> None:
        """A refusal reaches the customer: of a turn at the limit, or of another request."""
        if not request.dead:
            del request.replica.open[request]
            self._answer(t, request, request.reply)

    def poll(self, t: float, request: Request) -> None:
        """A repeated turn asks Redis again whether the session is free."""
        if not request.dead:
            self._submit(request.replica, t, self._is.refusal_cpu_s, stages.RECEIVED, request, 0.0)

    def give_up(self, t: float, request: Request) -> None:
        """The replica has waited too long for Redis."""
        if request.dead:
            return
        if request.kind != TURN:
            request.reply = state.UNCONFIRMED
            cost, way = self._is.refusal_cpu_s, self._way_s
            self._submit(request.replica, t, cost, stages.REFUSED, request, way)
        elif request.step == 0:
            self._refuse(t, request, state.NO_STORE)
        else:
            self._let_go(request)
            self._refuse(t, request, state.UNCONFIRMED)

    def _refuse(self, t: float, request: Request, reply: Reply) -> None:
        if request.dead:
            return
        request.reply = reply
        cost, way = self._is.refusal_cpu_s, self._way_s
        self._submit(request.replica, t, cost, stages.REPLIED, request, way)

    def _wait(self, t: float, request: Request) -> None:
        if request.dead:
            return
        if request.waited < 0:
            request.waited = t
        if t + _POLL_S > request.waited + self._is.busy_wait_s:
            self._refuse(t, request, state.BUSY)
        else:
            heappush(self._calendar, (t + _POLL_S, self._number(), stages.POLL, request))

    def _let_go(self, request: Request) -> None:
        talk = request.talk
        if talk.lease is request:
            talk.lease = None
            self._store.expires(talk)

    def _within_quota(self, t: float) -> bool:
        minute = int(t // 60)
        if minute != self._quota_minute:
            self._quota_minute, self._quota_used = minute, 0
        self._quota_used += 1
        return self._quota_used <= (self._quota or math.inf)

    # ------------------------------------------------- opening, read, deletion

    def _arrive_beside(self, t: float, request: Request, replica: Replica) -> None:
        calibration = self._is
        if request.kind == OPEN:
            work = calibration.open_cpu_s * self._slower
        else:
            turns = len(request.talk.stored) if request.kind == READ else 0
            work = calibration.read_cpu_s + calibration.read_turn_cpu_s * turns
            work *= self._slower
        # All of its CPU comes before Redis: an event less, and nobody can tell.
        self._submit(replica, t, work, stages.SIDE_RECEIVED, request, 0.0)

    def side_received(self, t: float, request: Request) -> None:
        """The replica asks Redis to open, read or delete the session."""
        if request.dead:
            return
        work = self._is.redis_script_s
        if request.kind == READ:
            work += self._is.redis_byte_s * request.talk.bytes
        self._store.run(t, request, work, stages.SIDE_STORED, self._way_s)

    def side_stored(self, t: float, request: Request) -> None:
        """Redis has opened, shown or deleted the session, and the customer knows it."""
        talk, reply = request.talk, state.OK
        if request.kind == OPEN:
            if talk.expires <= t:
                self._store.create(t, talk)
        elif talk.expires <= t:
            reply = state.MISSING
        elif request.kind == READ:
            request.history = tuple(talk.stored)
        elif request.kind == DELETE:
            self._store.forget(talk)
            talk.expires = 0.0
        if not request.dead:
            del request.replica.open[request]
            self._answer(t, request, reply)

    # ------------------------------------------------------------------- kills

    def kill(self, t: float, replica: Replica) -> None:
        """The replica dies: its open requests are reset, and their leases run out."""
        replica.ready = False
        self.ready = [each for each in self.replicas if each.ready]
        self._cores.drop(replica, t)
        victims = list(replica.open)
        replica.open.clear()
        replica.in_flight = 0
        for request in victims:
            request.dead = True
            if request.talk.lease is request:
                self._orphan(t, request)
        for request in victims:
            self._answer(t, request, state.RESET)

    def revive(self, t: float, replica: Replica) -> None:
        """Its successor is ready."""
        replica.ready = True
        replica.free_at = t
        self.ready = [each for each in self.replicas if each.ready]

    def _orphan(self, t: float, request: Request) -> None:
        """Its replica is dead, so that nobody renews the lease, every third of its time."""
        third = self._is.lease_s / 3
        renewed = request.begun + math.floor((t - request.begun) / third) * third if third else t
        request.talk.lease_until = renewed + self._is.lease_s
        self._store.expires(request.talk)
