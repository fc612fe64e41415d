"""Hand-written logs of the calls of a model, for the turns of a hand-written run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec import structs

from reports.checks import run_checks
from reports.checks.continuity import check_continuity
from reports.records import Finding, HistoryItem, ModelCall, Outcome, Status, TurnRecord
from tests.reports.a_run import Conversation, Run, message, reply, step

R1, R2, R3 = "r01", "r02", "r03"
Shows = Callable[[Conversation, int], Sequence[int] | None]
"""(conversation, turn) -> the turns whose messages its model is shown; None: it is not asked."""


def a_run(**values: Any) -> Run:
    """A run whose model is played by a stand-in."""
    return Run(stand_in=True, model="stand-in", **values)


def talk(
    run: Run, start: float, replicas: Sequence[str], *, audit: bool = True, **values: Any
) -> Conversation:
    """A conversation with a turn at each of these replicas, read back at its end."""
    conversation = run.conversation(start)
    for replica in replicas:
        conversation.turn(seen=None, replica=replica, steps=(step("").digest,), **values)
    return conversation.audit() if audit else conversation


def night(run: Run, seed: int = 1, *, talks: int = 60, turns: int = 4, fleet: int = 3) -> None:
    """Conversations over the whole load, whose turns go to any of a few replicas."""
    rng = random.Random(seed)
    for number in range(talks):
        replicas = [f"r{rng.randint(1, fleet):02}" for _ in range(turns)]
        talk(run, 5.0 + 50.0 * number / talks, replicas)


def everything(conversation: Conversation, turn: int) -> list[int]:
    """All acknowledged turns, and this one."""
    before = conversation.turns[:turn]
    return [each.turn for each in before if each.outcome is Outcome.OK] + [turn]


def last(count: int) -> Shows:
    """Only so many of the last turns."""
    return lambda conversation, turn: everything(conversation, turn)[-count:]


def stale(conversation: Conversation, turn: int) -> list[int]:
    """What a replica holds that reads a session once: what was there then, and its own turns."""
    here = conversation.turns[turn].replica
    first = next(each.turn for each in conversation.turns if each.replica == here)
    own = [each.turn for each in conversation.turns[first : turn + 1] if each.replica == here]
    return [*range(first), *own]


def call(turn: TurnRecord, shown: Iterable[str], after_s: float = 0.01, **values: Any) -> ModelCall:
    """A call for a turn, that shows the messages with these digests."""
    at = turn.sent + after_s
    fields: dict[str, Any] = {
        "t": round(at, 6),
        "done": round(at + 0.05, 6),
        "dialect": "gemini",
        "status": 200,
        "agent": "shop",
        "caller": turn.replica or "",
        "answer": "text",
        "messages": tuple(shown),
    }
    return ModelCall(**{**fields, **values})


def calls_of(conversation: Conversation, shows: Shows, **values: Any) -> list[ModelCall]:
    """Two calls for each turn: the model calls a tool, and then says something about its result."""
    calls: list[ModelCall] = []
    for turn in conversation.turns:
        shown = shows(conversation, turn.turn)
        if turn.outcome is Outcome.FAIL or shown is None:
            continue
        texts = [conversation.turns[each].message for each in shown]
        calls += [
            call(turn, texts, answer="call", names=("find_order",), **values),
            call(turn, texts, 0.1, steps="CR", results=("0" * 16,), **values),
        ]
    return calls


def log(run: Run, shows: Shows = everything, **values: Any) -> None:
    """The calls of all turns of the run."""
    for conversation in run.conversations:
        run.calls += calls_of(conversation, shows, **values)


def same_words(*conversations: Conversation) -> None:
    """Let the customers of these conversations say the same in each turn."""
    for conversation in conversations:
        conversation.turns = [
            structs.replace(turn, message=message(f"turn {turn.turn}"))
            for turn in conversation.turns
        ]
        items = [
            item
            for turn in conversation.turns
            for item in (
                HistoryItem(turn.turn_id, "message", turn.message),
                step(turn.turn_id),
                HistoryItem(turn.turn_id, "reply", reply(turn.turn_id)),
            )
        ]
        conversation.audits.clear()
        conversation.audit(items)


def found(run: Run, tmp_path: Path, gate: str = "context_missed") -> Finding:
    """The finding on the context, or on another question of continuity."""
    findings = run_checks(run.history(tmp_path))
    return next(each for each in findings if each.check == f"continuity.{gate}")


def failed(run: Run, tmp_path: Path) -> dict[str, float | None]:
    """The failed questions of continuity."""
    findings = check_continuity(run.history(tmp_path))
    return {f.check.partition(".")[2]: f.value for f in findings if f.status is Status.FAIL}


def calm(run: Run, talks: int = 6, turns: int = 5, *, at: float = -20.0) -> list[Conversation]:
    """Conversations of the rehearsal, each at one replica; they are no part of the run."""
    played = Run()
    for number in range(talks):
        talk(played, at + number, [f"r{number % 3 + 1:02}"] * turns)
    run.rehearsed += [turn for each in played.conversations for turn in each.turns]
    return played.conversations
