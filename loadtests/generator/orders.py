"""What the load is told while it is played: more customers, or all of them cut off at once.

Faults of the load, and the harness, write commands into the run directory
(`reports.records.load_commands`).  The process that leads the load (the only one, or the master)
looks there, answers each command with a mark, and hands it to the players:

- `spike`: `arrivals` more customers will come, numbered from `first` on; they belong to the plan
  from then on, and each of them has one fate as all others do;
- `extend`: as a spike, but from the planned end of the load on, which comes later then;
- `storm`: so many `players` cut their customers off, and answer with a `storm-cut` each;
- `order-refused`: too late, or too much; the log says which.

Every mark carries the number of its order.  The marks say all that is needed to know the arrivals
of a spike again (`Spike.of`, `spikes.shard`), whatever becomes of the process that made them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from loadtests.arrivals import spikes
from loadtests.arrivals.spikes import Spike
from loadtests.generator.milestones import HEAD_START_S, Marks
from loadtests.generator.settings import RunSettings
from reports.records import load_commands
from reports.records.load_commands import ExtendCommand, LoadCommand, SpikeCommand, StormCommand

LOOK_S = 0.1
GIVE_WAY_S = 0.001
"""The pause between two slices of a long count."""
MOST_ARRIVALS = 1_000_000
"""Of one spike."""

log = logging.getLogger("diya.load")


@dataclass(frozen=True, slots=True)
class Storm:
    """Every customer in a conversation is cut off, and comes back within `seconds`."""

    order: int
    seconds: float
    seed: int


Order = Spike | Storm


def to_message(order: Order) -> dict[str, Any]:
    """For a worker."""
    return {"what": type(order).__name__.lower(), **asdict(order)}


def from_message(message: Mapping[str, Any]) -> Order:
    """What `to_message` made."""
    values = {key: value for key, value in message.items() if key not in ("what", "run")}
    return Spike(**values) if message["what"] == "spike" else Storm(**values)


class OrderBook:
    """The orders of one load, in the hands of whoever leads it."""

    def __init__(self, run: RunSettings, marks: Marks, planned: int) -> None:
        """`planned` arrivals are numbered already."""
        self._run, self._marks = run, marks
        self._path, self._position = run.run_dir / load_commands.FILE, 0
        self.planned = planned
        """How many arrivals there are with those of the spikes."""

    def take(self, now: float, start: float, players: int) -> list[Order]:
        """The orders that came since the last look, answered.

        `now` and `start` (of the load) are run time; `players` processes will obey.
        """
        taken: list[Order] = []
        for command in self._new():
            order: Order | None
            if isinstance(command, StormCommand):
                order = Storm(command.order, command.seconds, command.seed)
                self._marks.mark("storm", now, order=command.order, players=players)
            else:
                order = self._spike(command, now - start + HEAD_START_S)
                if order is not None:
                    order = self._counted(order)
                    self._marks.mark("spike", now, **asdict(order))
            if order is None:
                self._marks.mark("order-refused", now, order=command.order)
            else:
                taken.append(order)
        return taken

    def _spike(self, command: SpikeCommand | ExtendCommand, at: float) -> Spike | None:
        """The spike from `at` on, or from the load's end on; None for what cannot be done.

        A player whose load is over has nobody to wait for: an order that comes so late is refused.
        """
        end = self._marks.load_end
        extends = isinstance(command, ExtendCommand)
        spike = Spike(
            order=command.order,
            start=round(end if extends else at, 3),
            seconds=command.seconds,
            factor=1.0 if isinstance(command, ExtendCommand) else command.factor,
            seed=command.seed,
            first=self.planned,
            rate=command.rate if isinstance(command, ExtendCommand) else 0.0,
        )
        expected = spikes.expected(self._run.profile, self._run.seed, spike)
        if at >= end or expected > MOST_ARRIVALS:
            log.error("a spike of %.0f arrivals, %.1f s after the start: refused", expected, at)
            return None
        if extends:
            self._marks.load_end = spike.start + spike.seconds
        return spike

    def _counted(self, spike: Spike) -> Spike:
        count = 0
        for so_far in spikes.counting(self._run.profile, self._run.seed, spike):
            count = so_far
            # Locust makes time.sleep give way: customers talk meanwhile.
            time.sleep(GIVE_WAY_S)
        self.planned += count
        return replace(spike, arrivals=count)

    def _new(self) -> list[LoadCommand]:
        """The whole lines that nobody has read yet."""
        return [load_commands.decode(line) for line in self._read().splitlines()]

    def _read(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                whole, newline, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return b""
        self._position += len(whole) + len(newline)
        return whole
