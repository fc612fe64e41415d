"""Redis is killed again and again under concurrent turns, and comes back with its file."""

from __future__ import annotations

import bisect
import itertools
import random
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

import redis

from chaos.fleet.redis_client import connect
from tests.prove import customer, script
from tests.prove.customer import Stuck, Turn
from tests.prove.judge import SERVERS_LOSS, Sent, Violation, differences, judge
from tests.prove.outcome import Outcome, spread
from tests.prove.proof_fleet import ProofFleet, Replica
from tests.prove.script import Reference

Durability = Literal["aof", "fsync"]

_CUSTOMERS = 12
_DOWN_S = (0.3, 2.0)
_UP_S = (0.2, 1.5)
_MUTE_S = (0.0, 0.1)
_CONTROL = "prove:control"


@dataclass
class _Talk:
    user: str
    reference: Reference
    sent: list[Sent] = field(default_factory=list)
    attempts: int = 0
    known_again: int = 0
    """Turns that had been written when they were repeated."""
    seconds: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    """When the session was there, and each turn was answered."""
    violations: list[Violation] = field(default_factory=list)


class Control:
    """A plain writer beside the service: shows whether the server itself keeps acknowledged writes.

    Under `everysec` the server answers before a write has left its own memory, as long as a flush
    of the second before still runs.  Killed then, it loses its last acknowledged writes in order,
    so the first plain write that is gone tells when the loss began.
    """

    def __init__(self, url: str) -> None:
        self._client = connect(url)
        self._sent: dict[int, float] = {}
        """When each acknowledged write was sent."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, name="control")

    def start(self) -> None:
        """Begin to write, to nothing."""
        self._client.delete(_CONTROL)
        self._thread.start()

    def stop(self) -> None:
        """End it, and find out which writes were kept and which were lost."""
        self._stop.set()
        self._thread.join()
        stored = {int(each) for each in self._client.lrange(_CONTROL, 0, -1)}
        self._client.close()
        self.written = len(self._sent)
        self.lost = sorted(sent for number, sent in self._sent.items() if number not in stored)
        self.kept = sorted(sent for number, sent in self._sent.items() if number in stored)

    def _write(self) -> None:
        for number in itertools.count():
            sent = time.monotonic()
            try:
                self._client.rpush(_CONTROL, number)
                self._sent[number] = sent
            except redis.RedisError:
                self._stop.wait(0.05)
            if self._stop.wait(0.003):
                return


def loss_windows(
    kept: Sequence[float], lost: Sequence[float], deaths: Sequence[float]
) -> list[tuple[float, float]]:
    """From the last plain write that the server kept to its death, wherever it lost any.

    All are sorted times.  While the server is down, a customer may read data that was written
    before: that time belongs to the window.
    """
    found = []
    for before, death in itertools.pairwise([0.0, *deaths]):
        if any(before < sent < death for sent in lost):
            last = bisect.bisect(kept, death)
            found.append((kept[last - 1] if last else before, death + _DOWN_S[0]))
    return found


def prove(
    fleet: ProofFleet,
    replicas: list[Replica],
    references: list[Reference],
    kills: int,
    seed: int,
    *,
    durability: Durability,
) -> Outcome:
    """`kills` deaths of Redis while customers talk all the time.

    `durability` is that of the replicas.  Under `aof`, whose promise is that of the server's file,
    a loss is set aside if the server lost plain writes at the same moment; `fsync` needs a server
    that always flushes its file, and nothing is set aside.
    """
    draw = random.Random(seed)
    stop = threading.Event()
    control = Control(fleet.redis.url)
    control.start()
    deaths = []
    with ThreadPoolExecutor(_CUSTOMERS) as pool:
        try:
            customers = [
                pool.submit(_talk_until, stop, replicas, references, random.Random(draw.random()))
                for _ in range(_CUSTOMERS)
            ]
            for _ in range(kills):
                time.sleep(draw.uniform(*_UP_S))
                deaths.append(_die(fleet, draw))
        finally:
            stop.set()
        talks = [talk for each in customers for talk in each.result()]
    control.stop()
    outcome = Outcome(f"Redis killed, {durability}", faults=kills)
    lossy = loss_windows(control.kept, control.lost, deaths) if durability == "aof" else []
    _audit(outcome, replicas, talks, lossy)
    waited = [seconds for talk in talks for seconds in talk.seconds]
    outcome.notes = [
        f"a turn took, repeats included: {spread(waited)}",
        f"{sum(talk.known_again for talk in talks)} turns had been written, unanswered, when they "
        "were repeated",
        f"the server itself lost {len(control.lost)} of {control.written} plain writes that it "
        "had acknowledged",
    ]
    return outcome


def _die(fleet: ProofFleet, draw: random.Random) -> float:
    """Half of the deaths are sudden; in the others Redis writes on, unheard, before it dies.

    Returns when it was dead.
    """
    if draw.random() < 0.5:
        fleet.proxy.mute()
        time.sleep(draw.uniform(*_MUTE_S))
    fleet.redis.kill()
    death = time.monotonic()
    fleet.proxy.unmute()
    time.sleep(draw.uniform(*_DOWN_S))
    fleet.redis.start()
    fleet.redis.wait_ready()
    return death


def _talk_until(
    stop: threading.Event, replicas: list[Replica], references: list[Reference], draw: random.Random
) -> list[_Talk]:
    talks = []
    while not stop.is_set():
        number = draw.randrange(script.SCRIPTS)
        talk = _Talk(f"outage-{uuid.uuid4().hex[:8]}", references[number])
        talks.append(talk)
        try:
            customer.create(replicas, talk.user, "s", draw)
            talk.answered.append(time.monotonic())
            for at, text in enumerate(script.texts(number)):
                if stop.is_set():
                    break
                turn = Turn(talk.user, "s", f"t{at}", text, streaming=draw.random() < 0.5)
                talk.sent.append(Sent(turn.id, text, ()))
                settled = customer.settle(replicas, turn, draw)
                talk.sent[-1] = Sent(turn.id, text, (settled.reply,))
                talk.answered.append(time.monotonic())
                talk.attempts += settled.attempts
                talk.known_again += settled.known_again
                talk.seconds.append(settled.seconds)
        except Stuck as error:
            talk.violations.append(Violation("stuck", f"{talk.user}: {error}"))
    return talks


def _audit(
    outcome: Outcome,
    replicas: list[Replica],
    talks: Iterable[_Talk],
    lossy: Sequence[tuple[float, float]],
) -> None:
    for talk in talks:
        outcome.turns += len(talk.sent)
        outcome.attempts += talk.attempts
        found = list(talk.violations)
        for replica in replicas:
            events = customer.history(replica, talk.user, "s")
            audited = judge(events, talk.sent) + differences(events, talk.reference.history)
            if audited:
                found += audited
                break  # the other replicas would only count it again
        if any(start <= at <= end for at in talk.answered for start, end in lossy):
            found = set_aside(found)
        outcome.violations += found


def set_aside(found: list[Violation]) -> list[Violation]:
    """Put the consequences of lost acknowledged writes down to the server; keep all others."""
    ours = [each for each in found if each.kind not in ("lost", "stuck", "other reply")]
    if len(ours) == len(found):
        return ours
    return [*ours, Violation(SERVERS_LOSS, found[0].evidence)]
