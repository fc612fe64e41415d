"""The runs of a side: their options, their folders, and the ones that prove nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError, RunBroken
from harness.run.run_process import last_line
from harness.versus import player as players
from harness.versus.player import ProcessPlayer
from harness.versus.sides import Side, SideName

RUNS = "20261127T000000Z-tiny-7"


class Runs:
    """Stands for the processes: keeps their options, makes their directories, has a fate."""

    def __init__(self) -> None:
        self.words: list[list[str]] = []
        self.fate: dict[str, Any] | Exception = {"verdict": "GO", "headline": "all is well"}

    def __call__(
        self, arguments: Sequence[str], root: Path, **_: object
    ) -> tuple[dict[str, Any], Path]:
        self.words.append(list(arguments))
        run_dir = Path(arguments[-1]) / f"{RUNS}.{len(self.words)}"
        run_dir.mkdir(parents=True)
        if isinstance(self.fate, Exception):
            raise self.fate
        return self.fate, run_dir


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    found = Runs()
    monkeypatch.setattr(players, "play", found)
    return found


@pytest.fixture
def player(tmp_path: Path) -> ProcessPlayer:
    plan: Any = None  # it is not asked for
    sides: dict[SideName, Side] = {
        "A": Side("A", "", ("--replicas", "2"), plan),
        "B": Side("B", "--rdb", ("--replicas", "2", "--rdb"), plan),
    }
    return ProcessPlayer(tmp_path, sides, seed=7, factor=0.62, said=lambda _: None)


def test_every_run_has_the_same_seed_and_the_same_factor(
    player: ProcessPlayer, runs: Runs, tmp_path: Path
) -> None:
    played = [player.play("A"), player.play("B")]
    load = ["--seed", "7", "--scale", "0.62"]
    assert runs.words == [
        ["--replicas", "2", *load, "--out", str(tmp_path / "A")],
        ["--replicas", "2", "--rdb", *load, "--out", str(tmp_path / "B")],
    ]
    assert [each.run for each in played] == [f"A/{RUNS}.1", f"B/{RUNS}.2"]
    assert [each.problem for each in played] == ["", ""]


def test_an_inconclusive_run_does_not_count_and_its_directory_is_moved(
    player: ProcessPlayer, runs: Runs, tmp_path: Path
) -> None:
    runs.fate = {"verdict": "INCONCLUSIVE", "headline": "The generator was too slow"}
    played = player.play("A")
    assert played.problem == "the run was INCONCLUSIVE: The generator was too slow"
    assert player.leave_out(played).run == f"left-out/A/{RUNS}.1"
    assert (tmp_path / "left-out" / "A" / f"{RUNS}.1").is_dir()
    assert list((tmp_path / "A").iterdir()) == []


def test_a_no_go_counts(player: ProcessPlayer, runs: Runs) -> None:
    runs.fate = {"verdict": "NO-GO", "headline": "3 turns were lost"}
    assert player.play("A").problem == ""


def test_a_run_without_a_verdict_does_not_count(player: ProcessPlayer, runs: Runs) -> None:
    runs.fate = RunBroken("the run ended with code 70 and no verdict:\nlots of text\ndiya: why")
    played = player.play("B")
    assert played.problem == "the run ended with code 70 and no verdict: diya: why"
    assert played.result is None
    assert played.run == f"B/{RUNS}.1"


def test_a_refused_run_is_an_error_of_its_side_until_one_of_it_counts(
    player: ProcessPlayer, runs: Runs
) -> None:
    player.play("A")
    runs.fate = ConfigError("app shopmax: every turn fails")
    with pytest.raises(ConfigError, match="--b: app shopmax: every turn fails"):
        player.play("B")
    assert player.play("A").problem == "the run was refused: app shopmax: every turn fails"


def test_an_interrupted_run_is_left_out(
    player: ProcessPlayer, runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(arguments: Sequence[str], root: Path, **options: object) -> object:
        runs(arguments, root)
        raise KeyboardInterrupt

    monkeypatch.setattr(players, "play", interrupted)
    with pytest.raises(KeyboardInterrupt):
        player.play("A")
    assert list((tmp_path / "A").iterdir()) == []
    assert (tmp_path / "left-out" / "A" / f"{RUNS}.1").is_dir()


@pytest.mark.parametrize(
    ("text", "line"),
    [("", ""), ("half", ""), ("one\ntwo\nhal", "two"), ("one\n  two  \n", "two")],
)
def test_the_last_line_of_a_run_is_the_last_one_that_has_ended(
    tmp_path: Path, text: str, line: str
) -> None:
    log = tmp_path / "log"
    log.write_text(text)
    assert last_line(log) == line
