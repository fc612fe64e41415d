"""The load of all runs is sized once."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.run.plan import Plan
from harness.run.progress import Progress
from harness.versus import load
from reports.records.sizing import Sizing
from tests.harness.versus.test_sides import asked


class Rehearsals:
    """Stands for the rehearsals: the factor of each number of replicas."""

    def __init__(self, factors: dict[int, float]) -> None:
        self.factors, self.seeds = factors, list[int]()

    def __call__(self, plan: Plan, run_dir: Path, progress: Progress) -> Plan:
        self.seeds.append(plan.seed)
        if plan.replicas not in self.factors:
            raise ConfigError("app shopmax: every turn fails")
        return plan.sized(
            Sizing(
                mode="auto",
                factor=self.factors[plan.replicas],
                cores=2.0,
                planned_peak_turns_per_s=10.0,
                peak_turns_per_s=10.0 * self.factors[plan.replicas],
            )
        )


def sized(
    monkeypatch: pytest.MonkeyPatch, folder: Path, factors: dict[int, float], *words: str
) -> tuple[float, str, list[int]]:
    rehearsals = Rehearsals(factors)
    monkeypatch.setattr(load, "size_only", rehearsals)
    request = asked("", "--replicas 3", "--seed", "5", *words)
    factor, said = load.size(request, folder, Progress(quiet=True))
    assert list(folder.iterdir()) == []
    return factor, said, rehearsals.seeds


def test_both_sides_are_rehearsed_and_the_smaller_factor_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    factor, said, seeds = sized(monkeypatch, tmp_path, {2: 0.9, 3: 0.7})
    assert factor == 0.7
    assert said.startswith("sized to this machine: 0.7 × tiny")
    assert said.endswith("(side B)")
    assert seeds == [5, 5]


def test_a_scale_of_the_user_is_taken_without_a_rehearsal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    factor, said, seeds = sized(monkeypatch, tmp_path, {}, "--scale", "0.5")
    assert (factor, said, seeds) == (0.5, "sized as asked: 0.5 × tiny", [])


def test_without_a_rehearsal_the_load_is_not_scaled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    factor, _, seeds = sized(monkeypatch, tmp_path, {}, "--no-rehearsal")
    assert (factor, seeds) == (1.0, [])


def test_a_side_that_fails_in_its_rehearsal_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="--b: app shopmax: every turn fails"):
        sized(monkeypatch, tmp_path, {2: 0.9})


def test_equal_sides_are_rehearsed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rehearsals = Rehearsals({2: 0.9})
    monkeypatch.setattr(load, "size_only", rehearsals)
    load.size(asked("", "", "--seed", "5"), tmp_path, Progress(quiet=True))
    assert rehearsals.seeds == [5]
