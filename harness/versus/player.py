"""Plays the runs of both sides, each an ordinary `diya readiness` in a process of its own."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from harness.errors import ConfigError, RunBroken
from harness.run.run_process import play
from harness.versus.flow import Played
from harness.versus.sides import Side, SideName
from reports.comparison.versus_file import LEFT_OUT


class ProcessPlayer:
    """A `flow.Player`: the runs of a side are in the folder of its name."""

    def __init__(
        self,
        folder: Path,
        sides: Mapping[SideName, Side],
        seed: int,
        factor: float,
        said: Callable[[str], None],
    ) -> None:
        """`said` gets the last line that the run under way has printed, twice a second."""
        self._folder, self._sides, self._said = folder, sides, said
        self._load = ("--seed", str(seed), "--scale", repr(factor))
        self._counted = dict.fromkeys(sides, 0)

    def play(self, side: SideName) -> Played:
        """See `flow.Player`."""
        begun, chosen = time.monotonic(), self._sides[side]
        out = self._folder / side
        before = _runs(out)
        words = (*chosen.words, *self._load, "--out", str(out))
        problem, result = "", None
        try:
            result, _ = play(words, Path.cwd(), watch=self._said, summary=False)
        except ConfigError as error:
            if not self._counted[side]:
                raise ConfigError(f"{chosen.option}: {error}") from None
            problem = f"the run was refused: {error}"
        except RunBroken as error:
            problem = _first_line(error)
        except BaseException:
            self._leave_out(side, _runs(out) - before)
            raise
        if result is not None and result["verdict"] == "INCONCLUSIVE":
            problem = f"the run was INCONCLUSIVE: {result['headline']}"
        self._counted[side] += not problem
        made = max(_runs(out) - before, default=None)
        run = None if made is None else f"{side}/{made}"
        return Played(run, result, problem, time.monotonic() - begun)

    def leave_out(self, played: Played) -> Played:
        """See `flow.Player`."""
        if played.run is None:
            return played
        side, _, name = played.run.partition("/")
        self._leave_out(side, {name})
        return replace(played, run=f"{LEFT_OUT}/{played.run}")

    def _leave_out(self, side: str, names: set[str]) -> None:
        to = self._folder / LEFT_OUT / side
        for name in names:
            to.mkdir(parents=True, exist_ok=True)
            shutil.move(self._folder / side / name, to / name)


def _runs(folder: Path) -> set[str]:
    """The names of the run directories; a folder that is not there has none."""
    return set(os.listdir(folder)) if folder.is_dir() else set()


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    # The first one says how it ended, the last one why.
    return " ".join(dict.fromkeys((lines[0], lines[-1]))) if lines else "the run broke"
