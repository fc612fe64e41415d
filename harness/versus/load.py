"""The load of all runs, sized once: two runs with different loads cannot be compared."""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import replace
from pathlib import Path

from chaos.errors import ChaosConfigError
from harness.errors import ConfigError
from harness.run.play import size_only
from harness.run.progress import Progress
from harness.versus.request import Request
from harness.versus.sides import Side
from reports.records import run_file
from reports.records.sizing import Sizing, in_words

_FOLDER = "rehearsal"


def size(asked: Request, folder: Path, progress: Progress) -> tuple[float, str]:
    """The factor on the profile's rates for every run, and how it was found, one sentence.

    Each side that has a fleet is rehearsed, and the smaller factor taken: a load that one side
    cannot carry would make its runs unsound.  Raises ConfigError, which names the side, when a
    service does not answer or the machine is too small.
    """
    if asked.scale is not None:
        return asked.scale, f"sized as asked: {asked.scale:g} × {asked.a.plan.profile.name}"
    found = [
        (side.name, sizing)
        for side in _rehearsed(asked.a, asked.b)
        if (sizing := _sizing(side, asked.seed, folder, progress)) is not None
    ]
    if not found:
        return 1.0, f"not scaled: {asked.a.plan.profile.name}; nothing was rehearsed"
    name, sizing = min(found, key=lambda each: each[1].factor)
    words = in_words(sizing.to_dict(), asked.a.plan.profile.name)
    return sizing.factor, f"{words} (side {name})"


def _rehearsed(a: Side, b: Side) -> list[Side]:
    """The sides to rehearse: one, where both have the same options."""
    each = [a] if a.words == b.words else [a, b]
    return [side for side in each if side.plan.target is None and side.plan.rehearse]


def _sizing(side: Side, seed: int, folder: Path, progress: Progress) -> Sizing | None:
    run_dir = folder / _FOLDER / side.name
    (run_dir / "logs").mkdir(parents=True)
    plan = replace(side.plan, seed=seed, run_id=secrets.token_hex(6), origin=time.time())
    run_file.write(run_dir, plan.description())
    progress.note(f"side {side.name}: rehearsal, by which the load of all runs is sized")
    try:
        return size_only(plan, run_dir, progress).sizing
    except (ConfigError, ChaosConfigError) as error:
        raise ConfigError(f"{side.option}: {error}") from None
    finally:
        shutil.rmtree(folder / _FOLDER, ignore_errors=True)
