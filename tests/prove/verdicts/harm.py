"""Changes to the records of a correct service, as a broken one would have left them.

Each harm changes one conversation so that its records show the harm for certain: nothing that was
lost as declared, no attempt of unknown end, no TTL that was nearly over can explain it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from reports.records import (
    AuditRecord,
    HistoryItem,
    Likeness,
    Outcome,
    Seen,
    TurnRecord,
    chain,
    digest,
)
from tests.prove.verdicts.world import World
from tests.reports.a_run import TTL

CALM_S = 3.0
"""A death of the server is at least so many seconds away from the changed records."""

Harm = Callable[[World, random.Random], bool]
"""Harms the world; False when it has no conversation that could show it."""


class _Talk:
    """A conversation that can show a harm, with its turns and the read at its end."""

    def __init__(self, world: World, index: int) -> None:
        self.world, self.index = world, index
        self.turns = [turn for turn in world.turns if turn.conversation == index]
        reads = [audit for audit in world.audits if audit.conversation == index]
        self.end = next((a for a in reads if a.when == "end" and a.status == "found"), None)
        self.late = next((a for a in reads if a.when == "expired"), None)
        # A read that had to be sent again may itself have kept the session alive.
        self.read_once = all(a.asked is None for a in reads)

    @property
    def blocks(self) -> list[list[HistoryItem]]:
        """The history at the end, turn by turn."""
        found: dict[str | None, list[HistoryItem]] = {}
        for item in self.end.history if self.end else ():
            found.setdefault(item.turn_id, []).append(item)
        return list(found.values())

    @property
    def is_plain(self) -> bool:
        """Every turn was acknowledged, in calm, and is in the history."""
        return (
            self.end is not None
            and bool(self.turns)
            and all(_is_calm(self.world, turn) for turn in self.turns)
            and [block[0].turn_id for block in self.blocks] == [t.turn_id for t in self.turns]
        )

    def write(self, blocks: list[list[HistoryItem]]) -> None:
        """Let the read at the end show this."""
        assert self.end is not None
        history = tuple(item for block in blocks for item in block)
        self.read(self.end, replace(self.end, history=history))

    def read(self, old: AuditRecord, new: AuditRecord) -> None:
        """Put one read in another's place."""
        self.world.audits[self.world.audits.index(old)] = new

    def turn(self, old: TurnRecord, new: TurnRecord) -> None:
        """Put one turn in another's place."""
        self.world.turns[self.world.turns.index(old)] = new


def _is_calm(world: World, turn: TurnRecord) -> bool:
    near = (f.start - CALM_S <= turn.done and turn.sent <= f.end for f in world.faults)
    return turn.outcome is Outcome.OK and not turn.unsure and not any(near)


def _talks(world: World, rng: random.Random, turns: int = 1) -> Iterator[_Talk]:
    """Plain conversations of at least so many turns, in any order."""
    order = list(range(len(world.conversations)))
    rng.shuffle(order)
    for index in order:
        talk = _Talk(world, index)
        if talk.is_plain and len(talk.turns) >= turns:
            yield talk


def _in_history(turns: int) -> Callable[[Callable[[_Talk, random.Random], None]], Harm]:
    """Makes a harm from a change to the history of one plain conversation."""

    def make(harm: Callable[[_Talk, random.Random], None]) -> Harm:
        def apply(world: World, rng: random.Random) -> bool:
            talk = next(_talks(world, rng, turns), None)
            if talk is None:
                return False
            harm(talk, rng)
            return True

        return apply

    return make


@_in_history(1)
def lose(talk: _Talk, rng: random.Random) -> None:
    """One turn is not in the history."""
    blocks = talk.blocks
    del blocks[rng.randrange(len(blocks))]
    talk.write(blocks)


@_in_history(1)
def duplicate(talk: _Talk, rng: random.Random) -> None:
    """One turn is there twice."""
    blocks = talk.blocks
    place = rng.randrange(len(blocks))
    again = rng.randint(place, len(blocks))
    talk.write([*blocks[:again], blocks[place], *blocks[again:]])


@_in_history(2)
def reorder(talk: _Talk, rng: random.Random) -> None:
    """Two turns are in each other's place."""
    blocks = talk.blocks
    one, other = rng.sample(range(len(blocks)), 2)
    blocks[one], blocks[other] = blocks[other], blocks[one]
    talk.write(blocks)


@_in_history(3)
def truncate(talk: _Talk, rng: random.Random) -> None:
    """Two turns or more are cut off at an end."""
    blocks = talk.blocks
    kept = rng.randint(1, len(blocks) - 2)
    talk.write(blocks[:kept] if rng.random() < 0.5 else blocks[-kept:])


def fork(world: World, rng: random.Random) -> bool:
    """One turn has another reply than the customer was given."""
    # Of an application that rewrites replies, other words may be its own.
    return not world.redacted and _fork(world, rng)


@_in_history(1)
def _fork(talk: _Talk, rng: random.Random) -> None:
    blocks = talk.blocks
    block = blocks[rng.randrange(len(blocks))]
    block[-1] = replace(block[-1], digest=digest("another reply"))
    talk.write(blocks)


@_in_history(1)
def halve(talk: _Talk, rng: random.Random) -> None:
    """One turn lacks its reply, or its message."""
    blocks = talk.blocks
    del blocks[rng.randrange(len(blocks))][rng.choice((0, -1))]
    talk.write(blocks)


@_in_history(1)
def invent(talk: _Talk, rng: random.Random) -> None:
    """A turn is there that nobody sent."""
    blocks = talk.blocks
    name = f"c{talk.index}t{rng.randint(50, 99)}"
    made = [HistoryItem(name, kind, digest(f"{kind} {name}")) for kind in ("message", "reply")]
    talk.write([*blocks, made])


@_in_history(1)
def leak(talk: _Talk, rng: random.Random) -> None:
    """Another customer's turn is in the history, or the session is another customer's."""
    others = [turn for turn in talk.world.turns if turn.conversation != talk.index]
    if rng.random() < 0.5 and talk.end is not None:
        talk.read(talk.end, replace(talk.end, user="u99"))
        return
    stranger = rng.choice([turn for turn in others if turn.outcome is Outcome.OK])
    message = HistoryItem(stranger.turn_id, "message", stranger.message)
    reply = HistoryItem(stranger.turn_id, "reply", stranger.reply or "")
    talk.write([*talk.blocks, [message, reply]])


@_in_history(2)
def miss(talk: _Talk, rng: random.Random) -> None:
    """The model was not shown one of the turns before."""
    turn = rng.choice(talk.turns[1:])
    before = [other.message for other in talk.turns if other.turn < turn.turn]
    del before[rng.randrange(len(before))]
    talk.turn(turn, replace(turn, seen=Seen(len(before) + 1, chain([*before, turn.message]))))


def resurrect(world: World, rng: random.Random) -> bool:
    """The session is there after its TTL, or after its deletion, as it was at the end."""
    for talk in _talks(world, rng):
        if talk.late is None or talk.end is None or talk.late.status != "gone":
            continue
        record = world.conversations[talk.index]
        last = max(talk.end.done, talk.turns[-1].done)
        held_up = talk.end.at - talk.turns[-1].done > 0.1 or not talk.read_once
        if record.deleted is None and (held_up or talk.late.at - last < TTL + 1.0):
            continue
        if any(f.start - CALM_S <= last + 0.5 and last <= f.end for f in world.faults):
            continue
        found = replace(talk.late, status="found", user=talk.end.user, history=talk.end.history)
        talk.read(talk.late, found)
        return True
    return False


def outlive(world: World, rng: random.Random) -> bool:
    """The same, of a conversation of which one attempt long ago came to an unknown end."""
    for talk in _talks(world, rng, turns=2):
        late, end = talk.late, talk.end
        if late is None or end is None or late.status != "gone":
            continue
        record = world.conversations[talk.index]
        if record.deleted is not None or late.at - end.done < TTL + 1.0:
            continue
        if end.at - talk.turns[-1].done > 0.1 or not talk.read_once:
            continue
        first = talk.turns[0]
        busy = (f.start <= first.done + 12.0 and first.sent <= f.end for f in world.faults)
        if late.at - TTL - 1.0 - first.done < 12.0 or any(busy):
            continue
        talk.turn(first, replace(first, attempts=2, unsure=1, error="connection reset"))
        talk.read(late, replace(late, status="found", user=end.user, history=end.history))
        return True
    return False


def mix_up(world: World, rng: random.Random) -> bool:
    """One turn is stored with the reply to another customer."""
    for talk in _talks(world, rng, turns=1):
        others = [turn for turn in world.turns if turn.conversation != talk.index and turn.reply]
        if not talk.is_plain or not others or talk.end is None:
            continue
        blocks = talk.blocks
        block = blocks[rng.randrange(len(blocks))]
        text = str(rng.choice(others).reply)
        turn = int(str(block[-1].turn_id).partition("t")[2])
        block[-1] = replace(block[-1], digest=text)
        talk.write(blocks)
        like = Likeness(text, "reply", turn, 10, 10, 9, 4, (rng.randrange(900),), (901,))
        (read,) = [
            each
            for each in world.audits
            if (each.conversation, each.at) == (talk.index, talk.end.at)
        ]
        talk.read(read, replace(read, likeness=(*(read.likeness or ()), like)))
        return True
    return False


HARMS: dict[str, Harm] = {
    "lost": lose,
    "duplicated": duplicate,
    "reordered": reorder,
    "truncated": truncate,
    "forked": fork,
    "forked, mixed up": mix_up,
    "half_turn": halve,
    "phantom": invent,
    "leaked": leak,
    "context_missed": miss,
    "resurrected": resurrect,
    "resurrected, after a retry": outlive,
}
"""Each harm by the class of continuity that it breaks."""
