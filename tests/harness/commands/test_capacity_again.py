"""`diya capacity --from`: another question, answered from a stored capacity run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import cli
from harness.capacity import fleet_simulation, stored
from loadtests.profiles import profile as profiles
from loadtests.simulation import calibration
from reports.capacity.prices import FILE
from tests.reports.capacity.a_capacity_run import findings


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stored capacity run; simulated loads are short."""
    monkeypatch.setattr(fleet_simulation, "SECONDS", 30.0)
    folder = tmp_path / "20261127T133000Z-capacity-diwali-41"
    folder.mkdir()
    values = profiles.load("diwali").to_dict()
    stored.write(folder, findings(profile_values=values))
    return folder


@pytest.mark.slow
def test_a_night_of_ten_million_conversations_is_planned_from_a_stored_run(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = ["--for", "diwali", "--conversations", "10M", "--replicas-now", "12"]
    assert cli.main(["capacity", "--from", str(run), *question]) == 99
    told = capsys.readouterr().out
    assert "NO-GO for diwali, 10,000,000 conversations with 12 replicas" in told
    assert "a million conversations" in told
    answer = json.loads((run / "answer.json").read_text())
    assert answer["lines"]["redis.shards"]["figure"]["value"] == 6
    assert answer["target"] == "diwali, 10,000,000 conversations"
    assert (run / "report.html").is_file()
    # The run's own question is kept.
    assert stored.read(run).asked.conversations is None


def test_a_quiet_answer_is_one_line(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["capacity", "--from", str(run), "--for", "90", "--quiet"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--for", "much"], "unknown profile 'much'"),
        (["--for", "30", "--conversations", "5"], "--conversations 5: must be given with a"),
        (["--conversations", "many"], "--conversations: must be a number such as 10M"),
        (["--zones", "0"], "--zones 0: must be from 1 to 99"),
        (["--prices", "none.toml"], "none.toml: cannot be read: No such file"),
        (["--target", "http://127.0.0.1:1"], "--target: must not be given with --from"),
        (["--minutes", "5"], "--minutes: must not be given with --from"),
        (["--redis-sizes", "none"], "--redis-sizes: must not be given with --from"),
        (["--seed", "0"], "--seed: must not be given with --from"),
        (["--profile", "smoke"], "--profile: must not be given with --from"),
        (["--sessions", "memory"], "--sessions: must not be given with --from"),
        (["--header", "A=B"], "--header: must not be given with --from"),
        (["--authorised"], "--authorised: must not be given with --from"),
        (["--out", "elsewhere"], "--out: must not be given with --from"),
        (["--minutes", "5", "--aof", "always"], "--minutes, --aof: must not be given with --from"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    run: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert cli.main(["capacity", "--from", str(run), *words]) == 104
    said = capsys.readouterr().err
    assert sentence in said
    assert len(said.splitlines()) == 1
    assert not (run / "answer.json").exists()
    assert not (run / calibration.FILE).exists(), "calibrated before the question was read"


def test_a_directory_that_is_no_capacity_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["capacity", "--from", str(tmp_path)]) == 104
    assert "must be the directory of a capacity run" in capsys.readouterr().err


@pytest.mark.slow
def test_prices_of_the_user_change_the_cost(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(FILE.read_text().replace('currency = "USD"', 'currency = "INR"'))
    words = ["--for", "90", "--prices", str(mine)]
    assert cli.main(["capacity", "--from", str(run), *words]) == 0
    assert " INR " in capsys.readouterr().out
