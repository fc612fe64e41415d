"""`diya compare`: stored runs on two sides, its files, its exit codes, and bad input."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reports.basics.exit_codes import ExitCode
from tests.harness.command import run_here
from tests.reports.a_run import Run, whole
from tests.reports.gated import busy

ORIGIN = 1793500000.0


def stored(folder: Path, run: Run, seed: int = 7, start: float = 0.0, **values: Any) -> Path:
    """A run directory without a result; `start` is seconds after the first run."""
    run_dir = folder / f"run-{seed}"
    run.run_id = f"{folder.name}-{seed}"
    run.write(run_dir)
    described = json.loads((run_dir / "run.json").read_text())
    described |= {"seed": seed, "origin": ORIGIN + start, **values}
    (run_dir / "run.json").write_text(json.dumps(described))
    return run_dir


def forgetful() -> Run:
    """A run in which the service forgets the second turn of a conversation."""
    run = busy(conversations=3)
    conversation = run.conversation(start=12.0).turn().turn()
    conversation.audit(whole(conversation.id(0)))
    return run


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder is the test's own."""
    monkeypatch.chdir(tmp_path)


def sound(folder: str, pairs: int = 1, start: float = 0.0) -> None:
    """Sound runs of the seeds from 7 on, one every 200 s."""
    for pair in range(pairs):
        run = busy(conversations=3)
        run.sound()
        stored(Path(folder), run, 7 + pair, start + 200 * pair)


def test_a_side_that_forgets_is_worse() -> None:
    sound("a", 2)
    sound("b", 1, start=100)
    stored(Path("b"), forgetful(), 8, start=300)
    finished = run_here("compare", "a", "b")
    assert finished.returncode == ExitCode.NO_GO
    assert finished.stdout.startswith(" ✗ WORSE")
    assert finished.stdout.endswith("Report  comparison/comparison.html\n")
    written = json.loads(Path("comparison/comparison.json").read_text())
    assert written["word"] == "worse"
    first = written["facts"][0]
    assert (first["word"], first["continuity"]) == ("worse", True)
    assert sorted(path.name for path in Path("comparison").iterdir()) == [
        *("comparison.html", "comparison.json", "comparison.md", "junit.xml"),
    ]


def test_one_run_a_side_makes_no_statement_about_figures() -> None:
    sound("a")
    sound("b", start=100)
    finished = run_here("compare", "a/run-7", "b/run-7", "--out", "there", "--same-machine")
    assert finished.returncode == ExitCode.GO
    assert "Report  there/comparison.html" in finished.stdout
    written = json.loads(Path("there/comparison.json").read_text())
    assert written["changes"]
    assert {each["word"] for each in written["changes"]} == {"no statement"}


def test_a_comparison_without_a_statement_fails_only_on_demand() -> None:
    sound("a")
    sound("b", start=100)
    finished = run_here("compare", "a", "b", "--undecided", "fail", "--quiet")
    assert finished.returncode == ExitCode.INCONCLUSIVE
    assert re.fullmatch(r"(undecided|no statement)  comparison  .+\n", finished.stdout)
    assert "<error" in Path("comparison/junit.xml").read_text()


def test_the_margin_of_the_user_is_that_of_every_figure() -> None:
    sound("a", 2)
    sound("b", 2, start=100)
    run_here("compare", "a", "b", "--margin", "7.5%")
    written = json.loads(Path("comparison/comparison.json").read_text())
    assert {each["margin"] for each in written["changes"]} == {0.075}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a", "missing"), "missing: must be a run directory, a folder of runs or a result.json"),
        (("a", "empty"), "empty: must hold at least one run, got none"),
        (("a", "text.json"), "text.json: must be a result.json, got "),
        (("a", "other.json"), "other.json: schema_version must be 1, got 99"),
        (("a", "a"), "A and B must hold different runs, got run-7 in a and a"),
        (("a", "a/run-7"), "A and B must hold different runs, got run-7 in a and a/run-7"),
        (("a", "b", "--out", "text.json"), "--out text.json: must be a folder to write to: "),
        (("a", "b", "--margin", "2"), "--margin: must be a percentage above 0 and below 100"),
        (("a", "b", "--margin", "120%"), "--margin: must be a percentage above 0 and below 100"),
        (("a", "b", "--undecided", "no"), "--undecided: invalid choice: 'no'"),
        (("a",), "a: must be the folder of a `diya versus`, which holds both sides"),
    ],
)
def test_bad_input_is_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    sound("a")
    sound("b", start=100)
    Path("empty").mkdir()
    Path("text.json").write_text("no JSON")
    Path("other.json").write_text('{"schema_version": 99}')
    finished = run_here("compare", *arguments)
    assert finished.returncode == ExitCode.BAD_CONFIGURATION
    assert finished.stdout == ""
    (sentence,) = finished.stderr.splitlines()
    assert sentence.startswith(f"diya: {said}")
    assert not Path("comparison").exists()
