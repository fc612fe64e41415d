"""Many writers at once: to one user's state, then to one session, over several replicas."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.prove import customer
from tests.prove.customer import Stuck, Turn, Unanswered
from tests.prove.judge import Sent, Violation, judge
from tests.prove.outcome import Outcome
from tests.prove.proof_fleet import Replica

_LAST = "user:last"
_COMMON = "common"


@dataclass(frozen=True)
class Write:
    """One write of the key that all writers share."""

    value: str
    sent: float
    done: float | None
    """None: never answered, so it may have been applied at any time."""


@dataclass
class _Writer:
    number: int
    user: str
    draw: random.Random
    patience_s: float
    rounds: int
    answered: int = 0
    attempts: int = 0
    writes: list[Write] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)

    @property
    def session(self) -> str:
        return f"w{self.number:02}"

    @property
    def counter(self) -> str:
        return f"user:counter-{self.number:02}"

    @property
    def own(self) -> str:
        return f"user:own-{self.number:02}"


def prove(
    name: str,
    replicas: list[Replica],
    writers: int,
    rounds: int,
    seed: int,
    *,
    patience_s: float = customer.PATIENCE_S,
    shown_only: bool = False,
) -> Outcome:
    """`writers` threads, each with `rounds` turns that change the user's state, in a session of
    its own; then each with half as many in one session, where they must wait for one another.
    """
    user = f"shared-{uuid.uuid4().hex[:8]}"
    draw = random.Random(seed)
    everyone = [
        _Writer(number, user, random.Random(draw.random()), patience_s, rounds)
        for number in range(writers)
    ]
    customer.create(replicas, user, _COMMON, draw)
    took = []
    with ThreadPoolExecutor(writers) as pool:
        for phase in (_write_state, _write_session):
            start = time.monotonic()
            for done in [pool.submit(phase, replicas, writer) for writer in everyone]:
                done.result()
            took.append(time.monotonic() - start)
    turns = sum(len(writer.writes) + len(writer.sent) for writer in everyone)
    outcome = Outcome(name, turns=turns, shown_only=shown_only)
    outcome.notes = [f"the user's state took {took[0]:.1f} s, the one session {took[1]:.1f} s"]
    for writer in everyone:
        outcome.attempts += writer.attempts
        outcome.violations += writer.violations
    state = _state(replicas[0], user, _COMMON)
    outcome.violations += [found for writer in everyone for found in _shortfall(state, writer)]
    writes = [write for writer in everyone for write in writer.writes]
    outcome.violations += lost_write(str(state.get(_LAST)), writes)
    sent = [turn for writer in everyone for turn in writer.sent]
    events = customer.history(replicas[0], user, _COMMON)
    outcome.violations += judge(events, sent, ordered=False)
    return outcome


def lost_write(last: str, writes: Sequence[Write]) -> list[Violation]:
    """Whether the shared key ends with a value that a later write must have replaced."""
    winner = next((write for write in writes if write.value == last), None)
    if winner is None:
        return (
            [Violation("lost update", f"{_LAST} is {last!r}: nobody wrote that")] if writes else []
        )
    if winner.done is None:
        return []
    later = [write for write in writes if write.done is not None and write.sent > winner.done]
    if not later:
        return []
    return [
        Violation(
            "lost update",
            f"{_LAST} is {last}, though {later[0].value} and {len(later) - 1} more were written "
            "after it",
        )
    ]


def _write_state(replicas: list[Replica], writer: _Writer) -> None:
    """Count up, by reading the user's state and writing it with the next turn."""
    draw = writer.draw
    customer.create(replicas, writer.user, writer.session, draw)
    for number in range(1, writer.rounds + 1):
        before = _state(draw.choice(replicas), writer.user, writer.session)
        value = f"{writer.number:02}/{number}"
        state = {
            writer.own: number,
            writer.counter: before.get(writer.counter, 0) + 1,
            _LAST: value,
        }
        turn = Turn(writer.user, writer.session, f"state-{value}", "thanks", state=state)
        start = time.monotonic()
        answered = _settle(replicas, writer, turn) is not None
        writer.writes.append(Write(value, start, time.monotonic() if answered else None))
        writer.answered += answered


def _write_session(replicas: list[Replica], writer: _Writer) -> None:
    for number in range(1, writer.rounds // 2 + 1):
        turn_id = f"turn-{writer.number:02}/{number}"
        text = f"thanks, {turn_id}"
        turn = Turn(writer.user, _COMMON, turn_id, text)
        reply = _settle(replicas, writer, turn)
        writer.sent.append(Sent(turn_id, text, () if reply is None else (reply,)))


def _settle(replicas: list[Replica], writer: _Writer, turn: Turn) -> customer.Events | None:
    try:
        settled = customer.settle(replicas, turn, writer.draw, writer.patience_s)
    except Stuck as error:
        writer.violations.append(Violation("stuck", str(error)))
        return None
    writer.attempts += settled.attempts
    return settled.reply


def _shortfall(state: dict[str, Any], writer: _Writer) -> list[Violation]:
    counted = state.get(writer.counter, 0)
    missing = [
        Violation("lost update", f"{writer.counter} is {counted} after {writer.answered} turns")
    ] * max(0, writer.answered - counted)
    if not missing and writer.answered == writer.rounds and state.get(writer.own) != writer.rounds:
        missing = [Violation("lost update", f"{writer.own} is {state.get(writer.own)}")]
    return missing


def _state(replica: Replica, user: str, session: str) -> dict[str, Any]:
    shown = customer.read(replica, user, session)
    if shown is None:
        raise Unanswered(f"{session} is gone")
    state: dict[str, Any] = shown.get("state", {})
    return state
