"""Commands to the load during a run: additional customers, or a cut-off of all customers.

Faults of the load, and the harness, write commands into the run directory
(`reports.records.load_commands`).  The leading process of the load (the only one, or the master)
reads them there, answers each command with a mark, and passes it to the players:

- `spike`: `arrivals` additional customers, numbered from `first` on; they belong to the plan from
  then on, and each of them has exactly one fate;
- `extend`: like a spike after the planned end of the load, which moves to the spike's end;
- `storm`: this many `players` cut their customers off, and answer with a `storm-cut` each;
- `order-refused`: too late, or too large; the log says which.

Every mark has the number of its command as `order`.  The marks hold all values from which a spike's
arrivals can be computed again (`Spike.of`, `spikes.shard`) if the process that planned them dies.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from loadtests.arrivals import spikes
from loadtests.arrivals.spikes import Spike
from loadtests.generator.milestones import HEAD_START_S, Milestones
from loadtests.generator.settings import RunSettings
from reports.records import load_commands
from reports.records.load_commands import ExtendCommand, LoadCommand, SpikeCommand, StormCommand

LOOK_S = 0.1
GIVE_WAY_S = 0.001
"""The pause between two slices of a long count."""
MOST_ARRIVALS = 1_000_000
"""The most arrivals of one spike."""

log = logging.getLogger("diya.load")


@dataclass(frozen=True, slots=True)
class Storm:
    """A cut-off of every customer in a conversation; they reconnect within `seconds`."""

    order: int
    seconds: float
    seed: int


WorkerCommand = Spike | Storm


def to_message(command: WorkerCommand) -> dict[str, Any]:
    """The command as a message to a worker."""
    return {"what": type(command).__name__.lower(), **asdict(command)}


def from_message(message: Mapping[str, Any]) -> WorkerCommand:
    """The inverse of `to_message`."""
    values = {key: value for key, value in message.items() if key not in ("what", "run")}
    return Spike(**values) if message["what"] == "spike" else Storm(**values)


class LoadCommandReader:
    """Reads the commands of one load, in its leading process."""

    def __init__(self, run: RunSettings, milestones: Milestones, planned: int) -> None:
        """`planned` is the number of arrivals so far."""
        self._run, self._milestones = run, milestones
        self._path, self._position = run.run_dir / load_commands.FILE, 0
        self.planned = planned
        """The number of arrivals, including those of the spikes."""

    def take(self, now: float, start: float, players: int) -> list[WorkerCommand]:
        """The new commands since the last call; each is answered with a mark.

        `now` and `start` (of the load) are run time; `players` processes will obey.
        """
        taken: list[WorkerCommand] = []
        for command in self._new():
            planned: WorkerCommand | None
            if isinstance(command, StormCommand):
                planned = Storm(command.order, command.seconds, command.seed)
                self._milestones.mark("storm", now, order=command.order, players=players)
            else:
                planned = self._spike(command, now - start + HEAD_START_S)
                if planned is not None:
                    planned = self._counted(planned)
                    self._milestones.mark("spike", now, **asdict(planned))
            if planned is None:
                self._milestones.mark("order-refused", now, order=command.order)
            else:
                taken.append(planned)
        return taken

    def _spike(self, command: SpikeCommand | ExtendCommand, at: float) -> Spike | None:
        """The spike from `at` on, or from the load's end on; None if the command is refused.

        A command after the end of the load is refused, because its players do not wait for it.
        """
        end = self._milestones.load_end
        match command:
            case ExtendCommand(rate=rate):
                begin, factor = end, 1.0
            case SpikeCommand(factor=factor):
                begin, rate = at, 0.0
        spike = Spike(
            order=command.order,
            start=round(begin, 3),
            seconds=command.seconds,
            factor=factor,
            seed=command.seed,
            first=self.planned,
            rate=rate,
        )
        expected = spikes.expected(self._run.profile, self._run.seed, spike)
        if at >= end or expected > MOST_ARRIVALS:
            log.error("a spike of %.0f arrivals, %.1f s after the start: refused", expected, at)
            return None
        if rate:
            self._milestones.load_end = spike.start + spike.seconds
        return spike

    def _counted(self, spike: Spike) -> Spike:
        count = 0
        for so_far in spikes.counting(self._run.profile, self._run.seed, spike):
            count = so_far
            # Under Locust time.sleep yields to the customers.
            time.sleep(GIVE_WAY_S)
        self.planned += count
        return replace(spike, arrivals=count)

    def _new(self) -> list[LoadCommand]:
        """The commands in the complete lines not read yet."""
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
