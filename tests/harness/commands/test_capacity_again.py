"""`diya capacity --from`: another question, answered from a stored capacity run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chaos.errors import ChaosError
from harness import cli
from harness.capacity import fleet_simulation, stored
from harness.capacity.redis_size import expiry, measure, room, templates
from loadtests.profiles import profile as profiles
from loadtests.simulation import calibration
from reports.capacity.findings import Asked
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
        (["--redis-sizes", "none"], "--redis-sizes none: must be numbers of sessions, with --from"),
        (["--redis-sizes", "3"], "--redis-sizes 3: must be from 1,000 to 10,000,000"),
        (["--redis-sizes", "5000", "--aof", "off"], "--redis-sizes 5000: a Redis without an"),
        (["--redis-sizes", "5000", "--seed", "3"], "--seed: must not be given with --from"),
        (["--redis", "bundled"], "--redis: must not be given with --from"),
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


@pytest.mark.slow
@pytest.mark.service
def test_redis_is_measured_for_a_stored_run_and_kept_in_it(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(expiry, "_WATCH_S", 0.5)
    monkeypatch.setattr(templates, "_VARIANTS", ((2, 4),))
    before = sorted(path.name for path in run.iterdir())
    words = ["--for", "90", "--redis-sizes", "1000,2000,4000", "--redis", "bundled"]
    assert cli.main(["capacity", "--from", str(run), *words]) in (0, 75, 99)
    told = capsys.readouterr()
    assert "Redis: measured with 1,000, 2,000, 4,000 sessions" in told.err
    assert re.search(r"Redis: .*; about \d+ s left", told.err)
    assert "Redis measured up to 4,000 sessions" in " ".join(told.out.split())
    assert "Redis with 4,000 sessions, foreseen from the smaller sizes: live memory" in " ".join(
        told.out.split()
    )
    size = stored.read(run).redis_size
    assert size is not None
    assert [each.sessions for each in size.points] == [1000, 2000, 4000]
    assert stored.read(run).asked == Asked()
    assert {path.name for path in run.iterdir()} - {*before} == {
        *("answer.json", "answer.md", "report.html", "calibration.json"),
    }


def test_no_room_for_redis_is_refused_before_it_starts(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(room, "free_memory", lambda: 1e6)
    assert cli.main(["capacity", "--from", str(run), "--redis-sizes", "50000"]) == 104
    assert "--redis-sizes 50,000: 0.5 GB of memory and 0.5 GB of disk" in capsys.readouterr().err


def test_a_measurement_of_redis_that_fails_keeps_the_answer(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ChaosError("the writer of sessions ended")

    monkeypatch.setattr(measure, "measure", fail)
    before = stored.read(run)
    words = ["--for", "90", "--quiet", "--redis-sizes", "5000"]
    assert cli.main(["capacity", "--from", str(run), *words]) == 0
    told = capsys.readouterr()
    assert "the measurement of Redis failed: the writer of sessions ended" in told.err
    assert stored.read(run) == before
