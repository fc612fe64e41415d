"""A simulated service with a known limit: exact queues, customers who retry, and a sampled load.

One replica with one processor (first come, first served), a lock, Redis's main thread, a model
without queues, and a bound of turns in flight.  Customers arrive by a Poisson process, think, give
an attempt up after a while and try again, as `loadtests.customers` does.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

MEAN_TURNS = 2.5
"""Of a conversation: 1 + geometric."""
ONWARD = 1 - 1 / MEAN_TURNS
IDLE_S = 0.003
ATTEMPT_S, DEADLINE_S = 8.0, 20.0
NEIGHBOUR_EVERY_S = 0.05


@dataclass(frozen=True)
class Service:
    """The costs of a turn, seconds, and the limits of the service."""

    cpu_s: float = 0.025
    earlier_s: float = 0.0
    """Processor time for each earlier turn of the conversation."""
    open_s: float = 0.0
    """Additional processor time of a first turn, which opens the session."""
    wake_s: float = 0.0
    """Additional processor time of a piece of work, of which a turn has two, that finds its core
    idle for `IDLE_S` or longer."""
    lock_s: float = 0.0
    redis_s: float = 0.0005
    model_s: float = 0.08
    """The median; lognormal with sigma 0.3, drawn for each of two calls."""
    in_flight: int = 1000
    """More turns at once are refused."""
    spread: float = 0.3
    """The coefficient of variation of each of these times but the model's."""


@dataclass(frozen=True)
class Load:
    """One probe's load."""

    rate: float
    """Turns a second."""
    seconds: float = 55.0
    warmup_s: float = 15.0
    seed: int = 1
    think_s: float = 2.0
    """Median think time; lognormal with sigma 0.8."""
    starved: bool = False
    """The generator is too slow: it sends late."""
    overload: tuple[float, float, float] | None = None
    """Start and end after the start of the load, and the factor on the rate."""
    neighbour: tuple[float, float, float] | None = None
    """Start and end after the start of the load, and the share of the replica's core that another
    process asks for."""
    alternating: tuple[float, float] | None = None
    """Seconds of a stage, and the factor on the rate in every second stage and in the warm-up."""


@dataclass
class Turn:
    """One turn as the customer saw it."""

    conversation: int
    number: int
    due: float
    sent: float
    done: float = 0.0
    ok: bool = False
    attempts: int = 0
    unsure: int = 0
    error: str | None = None


@dataclass
class Server:
    """A queue with one server, first come, first served."""

    name: str
    busy: bool = False
    idle_since: float = -1.0
    waiting: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    used: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    """Second → seconds in use."""
    head: int = 0


class Simulation:
    """Plays one load; `turns` hold the outcome."""

    def __init__(self, service: Service, load: Load) -> None:
        self.service, self.load = service, load
        self.turns: list[Turn] = []
        self.arrivals: list[tuple[float, float]] = []
        """Conversation → due and started."""
        self.ended: dict[int, float] = {}
        self.in_flight = 0
        self.model_calls: defaultdict[int, int] = defaultdict(int)
        self.model_spent: defaultdict[int, float] = defaultdict(float)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self.neighbour_s: defaultdict[int, float] = defaultdict(float)
        """Second → seconds of the processor that another process got."""
        self._rng = random.Random(f"simulated/{load.seed}")
        self.now = 0.0
        self.cpu, self.lock, self.redis = Server("cpu"), Server("lock"), Server("redis")

    @property
    def arrivals_end(self) -> float:
        """When the last conversation may begin."""
        return self.load.warmup_s + self.load.seconds

    def run(self) -> Simulation:
        """Until every conversation has ended."""
        for due in self._arrivals():
            self._at(due, self._conversation(due))
        if self.load.neighbour is not None:
            self._neighbour(*self.load.neighbour)
        while self._events:
            self.now, _, action = heapq.heappop(self._events)
            action()
        return self

    def _arrivals(self) -> Iterator[float]:
        base = self.load.rate / MEAN_TURNS
        most = base * max(change[-1] for change in self._changes())
        t = 0.0
        while (t := t + self._rng.expovariate(most)) < self.arrivals_end:
            if self._rng.random() < self._factor(t) * base / most:
                yield t

    def _neighbour(self, start: float, end: float, share: float) -> None:
        seconds = share * NEIGHBOUR_EVERY_S

        def got() -> None:
            self.neighbour_s[int(self.now)] += seconds

        for n in range(round((end - start) / NEIGHBOUR_EVERY_S)):
            at = start + n * NEIGHBOUR_EVERY_S
            self._at(at, lambda: self._use(self.cpu, seconds, got))

    def _changes(self) -> Iterator[tuple[float, ...]]:
        yield (1.0,)
        for change in (self.load.overload, self.load.alternating):
            if change is not None:
                yield change

    def _factor(self, t: float) -> float:
        if self.load.alternating is not None:
            stage_s, factor = self.load.alternating
            stage = math.floor((t - self.load.warmup_s) / stage_s)
            return factor if t < self.load.warmup_s or stage % 2 else 1.0
        if self.load.overload is None:
            return 1.0
        start, end, factor = self.load.overload
        return factor if start <= t < end else 1.0

    def _at(self, t: float, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (t, self._count, action))

    def _late(self) -> float:
        """How late the generator is."""
        return self._rng.uniform(0.0, 1.2) if self.load.starved else 0.001

    def _conversation(self, due: float) -> Callable[[], None]:
        def begin() -> None:
            late = self._late()
            index = len(self.arrivals)
            self.arrivals.append((due, due + late))
            self._at(due + late, lambda: self._send(Turn(index, 0, due, due + late)))

        return begin

    def _send(self, turn: Turn) -> None:
        self._attempt(turn)

    def _attempt(self, turn: Turn) -> None:
        turn.attempts += 1
        began = self.now
        state = {"over": False}
        limit = min(ATTEMPT_S, turn.sent + DEADLINE_S - self.now)
        if self.in_flight >= self.service.in_flight:
            turn.error = "HTTP 503: turns are running here; try again"
            self._retry(turn)
            return

        def answered() -> None:
            self.in_flight -= 1
            if not state["over"]:
                state["over"] = True
                turn.ok = True
                self._end(turn)

        def given_up() -> None:
            if not state["over"]:
                state["over"] = True
                turn.unsure += 1
                turn.error = f"no complete response within {limit:g} s"
                self._retry(turn)

        self._at(began + limit, given_up)
        self.in_flight += 1
        self._play(turn, answered)

    def _retry(self, turn: Turn) -> None:
        pause = self._rng.uniform(0, min(1.0, 0.1 * 2 ** (turn.attempts - 1)))
        if self.now + pause >= turn.sent + DEADLINE_S:
            self._end(turn)
        else:
            self._at(self.now + pause, lambda: self._attempt(turn))

    def _end(self, turn: Turn) -> None:
        turn.done = self.now
        self.turns.append(turn)
        self.ended[turn.conversation] = self.now
        if turn.ok and self._rng.random() < ONWARD and turn.number < 19:
            due = self.now + self.load.think_s * self._rng.lognormvariate(0, 0.8)
            sent = due + self._late()
            nxt = Turn(turn.conversation, turn.number + 1, due, sent)
            self._at(sent, lambda: self._send(nxt))

    def _play(self, turn: Turn, done: Callable[[], None]) -> None:
        """Processor, model, lock and Redis, model, processor, Redis."""
        service = self.service
        shape = 1 / service.spread**2
        cpu, lock, redis = (
            mean * self._rng.gammavariate(shape, 1 / shape)
            for mean in (self._cpu_s(turn), service.lock_s, service.redis_s)
        )
        steps: list[Callable[[Callable[[], None]], None]] = [
            lambda after: self._use(self.cpu, cpu / 2, after),
            lambda after: self._use(self.lock, lock, after),
            lambda after: self._use(self.redis, redis / 2, after),
            self._model,
            self._model,
            lambda after: self._use(self.cpu, cpu / 2, after),
            lambda after: self._use(self.redis, redis / 2, after),
        ]

        def step(number: int) -> None:
            if number == len(steps):
                done()
            else:
                steps[number](lambda: step(number + 1))

        step(0)

    def _cpu_s(self, turn: Turn) -> float:
        service = self.service
        opening = service.open_s if turn.number == 0 else 0.0
        return service.cpu_s + service.earlier_s * turn.number + opening

    def _model(self, after: Callable[[], None]) -> None:
        pause = self.service.model_s * self._rng.lognormvariate(0, 0.3)
        self.model_calls[int(self.now)] += 1
        self.model_spent[int(self.now + pause)] += pause
        self._at(self.now + pause, after)

    def _use(self, server: Server, seconds: float, after: Callable[[], None]) -> None:
        if not seconds:
            after()
            return
        server.waiting.append((seconds, after))
        if not server.busy:
            self._serve(server)

    def _serve(self, server: Server) -> None:
        seconds, after = server.waiting[server.head]
        server.head += 1
        if server.head > 1000:
            del server.waiting[: server.head]
            server.head = 0
        if server is self.cpu and self.now - server.idle_since >= IDLE_S and not server.busy:
            seconds += self.service.wake_s
        server.busy = True
        self._account(server, self.now, self.now + seconds)

        def over() -> None:
            if server.head < len(server.waiting):
                self._serve(server)
            else:
                server.busy, server.idle_since = False, self.now
            after()

        self._at(self.now + seconds, over)

    def _account(self, server: Server, start: float, end: float) -> None:
        for second in range(math.floor(start), math.floor(end) + 1):
            server.used[second] += max(0.0, min(end, second + 1) - max(start, second))
