"""`diya shrink`: the fewest faults of a failed run with which it fails the same way again."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chaos.experiment.subset import PinnedExperiment
from harness.commands.ddmin import minimise
from harness.errors import ConfigError, RunBroken
from harness.run.directory import rundir
from harness.run.run_process import play
from reports import gates
from reports.basics.exit_codes import ExitCode
from reports.records import FILES, FaultWindow, LoadMark
from reports.records.lines import read
from reports.verdict import judge

SHRUNK = "shrunk.yaml"
"""File in the run directory: the smallest experiment so far that fails."""
_RUNS = "shrink"
"""Folder in the run directory: the runs of the search."""
_TRIES = 2
"""Attempts for each part: an inconclusive run is played once more."""


class _Enough(Exception):
    """The limit of runs or of time is reached."""


def main(args: argparse.Namespace) -> int:
    """Shrink; 0 when no fault can be left out any more, 75 when that is not proven.

    Raises ConfigError or HistoryError for a directory that is not that of a failed run.
    """
    run_dir = Path(args.run_dir)
    if args.most_runs < 1:
        raise ConfigError(f"--most-runs {args.most_runs}: must be at least 1")
    gate = _gate(run_dir, args.gate)
    shrinking = _Shrinking(run_dir, gate, args.most_runs, args.most_minutes * 60, args.redis)
    faults = shrinking.faults
    _say(f"{gate} failed with {len(faults)} faults: {', '.join(faults) or 'none'}")
    try:
        # A gate that fails without any fault is not caused by a fault.
        left = [] if not faults or shrinking.fails(()) else minimise(faults, shrinking.fails)
        if faults and len(left) == len(faults) and not shrinking.fails(tuple(faults)):
            _say(
                f"played again with all {len(faults)} faults, {gate} did not fail: not reproducible"
            )
            return ExitCode.INCONCLUSIVE
        proven = True
    except _Enough as limit:
        left, proven = shrinking.smallest, False
        _say(f"{limit}: not every smaller experiment was played")
    path = shrinking.keep(left)
    word = "and no fewer" if proven else "perhaps fewer"
    _say(f"{gate} fails with {len(left)} of {len(faults)} faults, {word}: {', '.join(left) or '-'}")
    print(f"diya readiness --replay {shlex.quote(str(run_dir))} --experiment {shlex.quote(path)}")
    return ExitCode.GO if proven else ExitCode.INCONCLUSIVE


class _Shrinking:
    """Plays parts of one experiment, each once, within limits."""

    def __init__(
        self, run_dir: Path, gate: str, most_runs: int, most_seconds: float, redis: str
    ) -> None:
        self._run_dir, self._gate, self._redis = run_dir, gate, redis
        self._most_runs, self._until = most_runs, time.monotonic() + most_seconds
        self._pinned = _pinned(run_dir)
        self._known: dict[tuple[str, ...], bool] = {}
        self._runs = 0
        self._folder = run_dir / _RUNS
        self._folder.mkdir(exist_ok=True)
        self.smallest = self.faults
        """The smallest part that has failed so far."""

    @property
    def faults(self) -> list[str]:
        """The faults that the run injected."""
        return self._pinned.faults

    def keep(self, faults: Sequence[str]) -> str:
        """Write the experiment with these faults beside the run; its path."""
        path = self._run_dir / SHRUNK
        path.write_text(self._pinned.only(faults), encoding="utf-8")
        return str(path)

    def fails(self, faults: Sequence[str]) -> bool:
        """Whether the gate fails with these faults.  Raises _Enough."""
        key = tuple(faults)
        if key not in self._known:
            self._known[key] = self._fails(key)
            if self._known[key] and len(key) < len(self.smallest):
                self.smallest = list(key)
                self.keep(key)
        return self._known[key]

    def _fails(self, faults: tuple[str, ...]) -> bool:
        for _ in range(_TRIES):
            verdict, failing = self._play(faults)
            if self._gate in failing:
                return True
            if verdict != "INCONCLUSIVE":
                return False
        return False

    def _play(self, faults: tuple[str, ...]) -> tuple[str, list[str]]:
        if self._runs >= self._most_runs:
            raise _Enough(f"{self._most_runs} runs were made")
        if time.monotonic() > self._until:
            raise _Enough("the time is up")
        self._runs += 1
        path = self._folder / f"{self._runs:02d}.yaml"
        path.write_text(self._pinned.only(faults), encoding="utf-8")
        begun = time.monotonic()
        where = self._folder / f"{self._runs:02d}"
        options = ["--replay", self._run_dir, "--experiment", path, "--out", where]
        arguments = [str(each) for each in (*options, "--redis", self._redis)]
        try:
            result, _ = play(arguments, Path.cwd())
        except RunBroken as error:
            _say(str(error))
            return "INCONCLUSIVE", []
        failing = _failing(result)
        fate = "fails" if self._gate in failing else "does not fail"
        _say(
            f"run {self._runs}, {time.monotonic() - begun:.0f} s: {result['verdict']}, "
            f"{self._gate} {fate} with {', '.join(faults) or 'no fault'}"
        )
        return str(result["verdict"]), failing


def _gate(run_dir: Path, wanted: str | None) -> str:
    """The gate that must fail again.  Raises ConfigError unless it failed in the run."""
    failing = _failing(judge.judge(run_dir))
    if not failing:
        raise ConfigError(f"{run_dir}: must be a run that was NO-GO, but no gate failed")
    if wanted is None:
        return next(
            (name for name in failing if gates.gate(name).kind is gates.Kind.FACT), failing[0]
        )
    if wanted not in failing:
        raise ConfigError(f"--gate {wanted}: must be one of {', '.join(failing)}")
    return wanted


def _failing(result: dict[str, Any]) -> list[str]:
    return [
        each["name"]
        for each in result["gates"]
        if each["status"] == "fail" and gates.gate(each["name"]).kind is not gates.Kind.VALIDITY
    ]


def _pinned(run_dir: Path) -> PinnedExperiment:
    path = run_dir / rundir.EXPERIMENT_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"{run_dir}: must be a run with faults, but it has no {path.name}"
        ) from None
    marks = read(run_dir / FILES[LoadMark], LoadMark)
    start = next((mark.t for mark in marks if mark.mark == "start"), None)
    if start is None:
        raise ConfigError(f"{run_dir}: must be a run whose load began")
    windows = list(read(run_dir / FILES[FaultWindow], FaultWindow))
    return PinnedExperiment(text, path, start, windows)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
