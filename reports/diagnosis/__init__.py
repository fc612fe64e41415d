"""Why a gate of latency, outage, recovery or errors failed, from the records of its own time.

Each cause is a function `Scene -> Cause | None`, and causes come before their effects: a full
machine makes event loops late, late loops make turns pile up, and a reached bound is the last
effect.  The first cause that explains half of the waits is named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.checks.waits import waits_of
from reports.diagnosis.bounds import connections, in_flight, memory
from reports.diagnosis.event_loop import event_loop
from reports.diagnosis.machine import dearer, full, of_unknown_use, others
from reports.diagnosis.model import model
from reports.diagnosis.one_core import replica, shared
from reports.diagnosis.queue import queue
from reports.diagnosis.quota import quota
from reports.diagnosis.redis_silent import redis_silent
from reports.diagnosis.said import answered_with, errors
from reports.diagnosis.scene import Cause, Scene
from reports.diagnosis.unhealed import unhealed
from reports.diagnosis.where import one_replica, one_shard
from reports.records import Finding, Status
from reports.records.history import History

CAUSES: tuple[Callable[[Scene], Cause | None], ...] = (
    unhealed,
    quota,
    dearer,
    others,
    full,
    of_unknown_use,
    shared,
    memory,
    connections,
    redis_silent,
    model,
    replica,
    event_loop,
    in_flight,
    answered_with,
    one_shard,
    one_replica,
)
UNEXPLAINED = "nothing recorded explains it"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The causes of one failed gate."""

    gate: str
    phase: str
    since: float
    until: float
    """From the first wait to the last, run time, seconds."""
    waits: int
    examined: int
    """The number of examined waits: of turns, and of reads of sessions."""
    causes: tuple[Cause, ...]
    """The first one is named; the others hold as well."""
    errors: tuple[tuple[str, int], ...]
    """The most frequent errors of the waiting turns, with their counts."""
    queue: str | None

    @property
    def cause(self) -> str | None:
        """The named cause; None: nothing recorded explains it."""
        return self.causes[0].name if self.causes else None

    @property
    def sentence(self) -> str:
        """For a person, without a full stop."""
        told = self.causes[0].sentence if self.causes else UNEXPLAINED
        if self.errors and not (self.causes and self.causes[0].name == "errors"):
            text, count = self.errors[0]
            told += f'; most frequent error: "{text}" ({count} of {self.examined})'
        return told


def diagnose(history: History, finding: Finding) -> Diagnosis | None:
    """The diagnosis of a gate; None for one that did not fail, or without waits."""
    if finding.status is not Status.FAIL:
        return None
    waits = waits_of(history, finding)
    if waits is None:
        return None
    scene = Scene(history, finding, waits)
    since, until = waits.span
    return Diagnosis(
        gate=finding.check,
        phase=finding.phase,
        since=since,
        until=until,
        waits=len(waits.waits),
        examined=scene.examined,
        causes=tuple(cause for find in CAUSES if (cause := find(scene)) is not None),
        errors=errors(scene),
        queue=queue(scene),
    )


def diagnoses(history: History, findings: Sequence[Finding]) -> list[Diagnosis]:
    """The diagnoses of all failed gates, in their order."""
    found = (diagnose(history, finding) for finding in findings)
    return [each for each in found if each is not None]
