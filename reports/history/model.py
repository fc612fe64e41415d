"""The history of the runs of a folder, as the terminal, the page and `history.json` show it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

SCHEMA_VERSION: Final = 1


class PlayedRun(Struct, frozen=True, kw_only=True):
    """One run."""

    name: str
    path: str
    """The folder of its `result.json`, below the folder of the history."""
    run_id: str
    started: str
    """UTC, as `2026-11-27T13:30:00Z`."""
    verdict: str
    headline: str
    seed: int | None
    machine: str
    """The identity of the machine, or its description where the run recorded no identity."""
    load: str
    """12 hex digits: the same for runs whose profile, after scaling, was the same."""
    scale: float | None
    """The factor on the rates of the profile; None: not recorded."""
    versions: dict[str, str]
    """Software → its version."""
    figures: dict[str, float | None]
    """Key of the figure → its value in its base unit; None: not measured."""


class Hint(Struct, frozen=True, kw_only=True):
    """A figure seems to have changed at a run.  A hint, never a verdict."""

    figure: str
    title: str
    unit: str
    run: str
    """The name of the first run after the change."""
    before: float
    """The median of the runs before it, back to the previous change."""
    after: float
    """The median of the runs from it on, up to the next change."""
    runs_before: int
    runs_after: int
    changed: tuple[str, ...]
    """The versions that differ from those of the run before, as `redis-py 8.1.0 → 8.2.0`."""

    @property
    def ratio(self) -> float:
        """after / before, or infinity."""
        return self.after / self.before if self.before else float("inf")


class Group(Struct, frozen=True, kw_only=True):
    """Runs of one set-up, in the order of their starts."""

    set_up: dict[str, str]
    """Title → value, as a person reads it."""
    runs: tuple[PlayedRun, ...]
    hints: tuple[Hint, ...]


class RunHistory(Struct, frozen=True, kw_only=True):
    """All runs below a folder."""

    schema_version: int = SCHEMA_VERSION
    folder: str
    groups: tuple[Group, ...]
    """In the order of their last runs, the latest first."""
    skipped: tuple[str, ...] = ()
    """One sentence for each file that is no result."""
    note: str = ""
    """Why changes were not sought, one sentence; empty when they were."""
