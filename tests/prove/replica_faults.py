"""The serving replica is killed, or frozen, in every turn; the customer repeats it at another.

A frozen replica is the worse one: it wakes when the repeat is done, and goes on with its turn as
if nothing had happened.
"""

from __future__ import annotations

import contextlib
import random
import time
import uuid
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from tests.prove import customer, moments, script
from tests.prove.customer import Events, Stuck, Turn, Unanswered
from tests.prove.judge import Sent, Violation, differences, judge, turn_of
from tests.prove.outcome import Outcome, spread
from tests.prove.proof_fleet import ProofFleet, Replica, Spares
from tests.prove.script import Reference

_AT_ONCE = 6
_AHEAD = 8
_SHORTEST = 3


Fault = Literal["killed", "frozen"]


@dataclass
class _Conversation:
    """One customer's talk, with a fault in every turn."""

    user: str
    reference: Reference
    texts: tuple[str, ...]
    draw: random.Random
    session: str = "s"
    sent: list[Sent] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    """Where in its turn the fault met the replica."""
    takeovers: list[float] = field(default_factory=list)
    """Seconds from the fault to the repeat's answer, of turns that had not been written by then."""
    attempts: int = 0


def prove(
    fleet: ProofFleet,
    replicas: list[Replica],
    references: list[Reference],
    fault: Fault,
    count: int,
    seed: int,
) -> Outcome:
    """`count` turns, each with this fault in the replica that serves it."""
    spares = Spares(fleet, fault, count, min(count, _AHEAD))
    draw = random.Random(seed)
    talks: list[_Conversation] = []
    length = min(script.LENGTH, max(_SHORTEST, count // _AT_ONCE))
    for first in range(0, count, length):
        number = len(talks) % script.SCRIPTS
        texts = script.texts(number)[: min(length, count - first)]
        user = f"{fault}-{uuid.uuid4().hex[:8]}"
        rolled = random.Random(draw.random())
        talks.append(_Conversation(user, references[number], texts, rolled))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(_play, fleet, replicas, spares, talk, fault) for talk in talks]:
            done.result()
    outcome = Outcome(f"replica {fault}", faults=count, turns=count)
    ends: Counter[str] = Counter()
    for talk in talks:
        outcome.attempts += talk.attempts
        outcome.violations += talk.violations
        ends += talk.ends
    met = ", ".join(f"{number} {where}" for where, number in ends.most_common())
    takeovers = [seconds for talk in talks for seconds in talk.takeovers]
    outcome.notes = [
        f"it was {fault} {met}",
        f"from then to the repeat's answer, where nothing had been written: {spread(takeovers)}",
    ]
    return outcome


def _play(
    fleet: ProofFleet, replicas: list[Replica], spares: Spares, talk: _Conversation, fault: Fault
) -> None:
    try:
        customer.create(replicas, talk.user, talk.session, talk.draw)
        for number, text in enumerate(talk.texts):
            turn = Turn(
                talk.user, talk.session, f"t{number}", text, streaming=talk.draw.random() < 0.5
            )
            _one_fault(fleet, replicas, spares.take(), talk, turn, fault)
    except Stuck as error:
        talk.violations.append(Violation("stuck", str(error)))
    for replica in replicas:
        events = customer.history(replica, talk.user, talk.session)
        found = judge(events, talk.sent) + differences(events, talk.reference.history)
        talk.violations += found
        if found:
            break  # the other replicas would only count it again


def _one_fault(
    fleet: ProofFleet,
    replicas: list[Replica],
    victim: Replica,
    talk: _Conversation,
    turn: Turn,
    fault: Fault,
) -> None:
    draw, before = talk.draw, list(talk.sent)
    talk.sent.append(Sent(turn.id, turn.text, ()))
    if draw.random() < 0.5:
        # It knows the history by heart then, and must not say anything else than the others.
        shown = customer.history(victim, talk.user, talk.session)
        talk.violations += judge(shown, before)
    moment = moments.draw_moment(draw, talk.reference.seconds[len(before)])
    with moments.watch(fleet.redis.url, turn) as lease, ThreadPoolExecutor(1) as pool:
        attempt = pool.submit(customer.ask, victim, turn)
        try:
            moments.wait_for(moment, attempt, lease)
            (victim.kill if fault == "killed" else victim.freeze)()
            met = time.monotonic()
            first = _answers(attempt) if fault == "killed" else ()
            replica = draw.choice(replicas)
            left = customer.history(replica, talk.user, talk.session)
            # Nobody has repeated the turn yet: history holds it whole, or nothing of it.
            talk.violations += judge(left, [*before, Sent(turn.id, turn.text, first)])
            settled = customer.settle(replicas, turn, draw)
            took = time.monotonic() - met
            if fault == "frozen":
                victim.thaw()
                first = _answers(attempt)
        finally:
            victim.close()
    stored = any(turn_of(event) == turn.id for event in left)
    if not stored:
        talk.takeovers.append(took)
    talk.ends[_where(stored, bool(first) and fault == "killed")] += 1
    talk.attempts += 1 + settled.attempts
    talk.sent[-1] = Sent(turn.id, turn.text, (*first, settled.reply))


def _answers(attempt: Future[Events]) -> tuple[Events, ...]:
    """The reply to the attempt that met the fault, if one came."""
    with contextlib.suppress(Unanswered):
        return (attempt.result(),)
    return ()


def _where(stored: bool, answered: bool) -> str:
    if answered:
        return "after its answer"
    return "after its write" if stored else "before its write"
