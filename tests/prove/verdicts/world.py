"""Whole runs of a correct service under drawn faults."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from reports.records import AuditRecord, ConversationRecord, FaultWindow, LoadMark, TurnRecord
from reports.records.columns import Audits, Conversations, Turns
from reports.records.history import History
from reports.records.run_description import RunDescription
from tests.prove.verdicts.customer import Customer
from tests.prove.verdicts.redaction import redacted
from tests.prove.verdicts.store import Store
from tests.prove.verdicts.trouble import Network, draw_faults
from tests.reports.a_run import TTL, Run

CUSTOMERS = 12
LENGTH_S = 80.0


@dataclass
class World:
    """The records of one run, to be harmed or judged."""

    seed: int
    faults: list[FaultWindow] = field(default_factory=list)
    conversations: list[ConversationRecord] = field(default_factory=list)
    turns: list[TurnRecord] = field(default_factory=list)
    audits: list[AuditRecord] = field(default_factory=list)
    redacted: float = 0.0
    """The share of the replies that the application rewrites before they are stored."""

    def history(self) -> History:
        """The history that is judged."""
        last = max((audit.done for audit in self.audits), default=LENGTH_S)
        marks = [LoadMark(0.0, "start", {"arrivals": float(len(self.conversations))})]
        marks += [LoadMark(LENGTH_S, "end", {}), LoadMark(last, "audited", {})]
        return History(
            name=f"world-{self.seed}",
            run=_run_info(),
            conversations=Conversations(self.conversations),
            turns=Turns(self.turns),
            audits=Audits(self.audits),
            faults=self.faults,
            marks=marks,
        )


def draw(seed: int) -> World:
    """The run of this seed, of a service without a fault of its own."""
    rng = random.Random(seed)
    faults = draw_faults(rng, LENGTH_S)
    deaths = [fault.death for fault in faults if fault.death is not None]
    network = Network(rng, faults)
    reads_touch = rng.random() < 0.5
    world = World(seed, faults=[fault.window for fault in faults])
    for index in range(CUSTOMERS):
        customer = Customer(
            index=index,
            start=rng.uniform(5.0, LENGTH_S - 20.0),
            rng=rng,
            network=network,
            new_store=lambda: Store(TTL, deaths, rng.uniform(-0.05, 0.05)),
            reads_touch=reads_touch,
        )
        customer.play()
        assert customer.record is not None
        world.conversations.append(customer.record)
        world.turns += customer.turns
        world.audits += customer.audits
    world.audits, world.redacted = redacted(world.audits, random.Random(f"redaction {seed}"))
    return world


@cache
def _run_info() -> RunDescription:
    with tempfile.TemporaryDirectory() as scratch:
        return Run().history(Path(scratch)).run
