"""How often the judge is right: about correct services, and about each harm."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from reports.checks.continuity import check_continuity
from reports.checks.records import check_records
from reports.gates import VIOLATIONS
from reports.records import Finding, Status
from tests.prove.verdicts.harm import HARMS
from tests.prove.verdicts.world import World, draw


@dataclass
class Trial:
    """The verdicts on many runs of one kind."""

    runs: int = 0
    convicted: int = 0
    """How many were convicted of anything."""
    rightly: int = 0
    """How many were convicted of the class that was broken."""
    unknown: int = 0
    """How many were neither convicted nor acquitted."""
    examples: list[str] = field(default_factory=list)
    """The first runs that were judged wrongly."""

    @property
    def share(self) -> float:
        """Of all runs, those that were convicted."""
        return self.convicted / max(1, self.runs)


def judge(world: World) -> list[Finding]:
    """The findings of continuity and of the records themselves."""
    history = world.history()
    return check_records(history) + check_continuity(history)


def acquit(seeds: Iterable[int]) -> Trial:
    """Judge correct services, none of which may be convicted."""
    trial = Trial()
    for seed in seeds:
        findings = judge(draw(seed))
        failed = [f for f in findings if f.status is Status.FAIL]
        trial.runs += 1
        trial.convicted += bool(failed)
        trial.unknown += not failed and any(f.status is Status.UNKNOWN for f in findings)
        if failed:
            evidence = failed[0].evidence[:1] or (failed[0].summary,)
            trial.examples.append(f"seed {seed}: {failed[0].check}: {evidence[0]}")
    return trial


def convict(kind: str, runs: int, first_seed: int = 0) -> Trial:
    """Judge so many runs that were harmed in one way; seeds that cannot show it are passed over."""
    trial, seed = Trial(), first_seed
    harm, named = HARMS[kind], VIOLATIONS[kind.partition(",")[0]].name
    while trial.runs < runs:
        world = draw(seed)
        if harm(world, random.Random(seed)):
            findings = judge(world)
            failed = {f.check for f in findings if f.status is Status.FAIL}
            trial.runs += 1
            trial.convicted += bool(failed)
            trial.rightly += named in failed
            trial.unknown += not failed and any(f.status is Status.UNKNOWN for f in findings)
            if not failed:
                trial.examples.append(f"seed {seed}: {kind} was not found")
        seed += 1
    return trial
