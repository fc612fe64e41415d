"""`diya check FILE...`: one line for each file, exit code 104 when one cannot be used."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from chaos.experiment.model import DIRECTORY
from loadtests.profiles import profile
from tests.harness import command

pytestmark = pytest.mark.service

EXPERIMENT = """\
title: Redis is killed
method:
  - type: action
    name: a kill
    provider: {type: python, module: chaos.actions, func: kill_redis, arguments: {downtime: 1}}
"""
PROFILE = 'extends = "smoke"\nname = "mine"\n'
JOURNEYS = '[journey.ask.en]\nopenings = ["Hello."]\nfollow_ups = ["So?"]\n'
LOG = "minute,requests\n0,60\n1,90\n2,30\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("own.yaml", EXPERIMENT, "OK, an experiment: 1 fault (kill-redis-1)"),
        ("own.toml", PROFILE, "OK, a profile: mine, 4 phases, 20 s of load, about 146 turns"),
        ("own.toml", JOURNEYS, "OK, a file of journeys: 1 journey in en"),
        (
            "own.csv",
            LOG,
            "OK, a log of requests per minute: 3 lines, 1 min apart, at most 90 requests per "
            "minute",
        ),
    ],
)
def test_a_file_that_can_be_used_is_one_line_that_names_its_kind(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    finished = command.run_here("check", str(path))
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == f"{path}: {said}\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "own.yaml",
            EXPERIMENT.replace("downtime: 1", "downtime: -1"),
            r"taken for an experiment: {path}: .*downtime must be at least 0 seconds, got -1",
        ),
        (
            "own.json",
            '{"title": 1, "method": []}',
            r"taken for an experiment: {path}: title must be a text, got 1",
        ),
        (
            "own.toml",
            PROFILE + "[load]\nbase_rat = 2\n",
            r"taken for a profile: {path} line 4: .*'base_rat' .*did you mean base_rate",
        ),
        (
            "own.toml",
            JOURNEYS.replace("openings", "opening"),
            r"taken for a file of journeys: {path} line 2: .*did you mean openings",
        ),
        (
            "own.csv",
            LOG.replace("90", "many"),
            r"taken for a log of requests per minute: {path} line 3: .*got 'many'",
        ),
        ("own.md", "", r"{path}: the file's name must end in \.yaml, .*, got \.md"),
        ("own", "", r"{path}: the file's name must end in \.yaml, .*, got no ending"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence_and_104(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    finished = command.run_here("check", str(path))
    assert (finished.returncode, finished.stdout) == (104, "")
    (sentence,) = finished.stderr.splitlines()
    assert re.match("diya: " + said.format(path=re.escape(str(path))), sentence), sentence


def test_a_log_that_a_profile_names_is_read_too(tmp_path: Path) -> None:
    phase = '[[phase]]\nname = "day"\ncsv = "rpm.csv"\npeak = 1\n'
    own = tmp_path / "own.toml"
    own.write_text(PROFILE + phase)
    (tmp_path / "rpm.csv").write_text(LOG.replace("90", "-90"))
    finished = command.run_here("check", str(own))
    assert finished.returncode == 104
    assert re.search(r"taken for a profile: .*rpm\.csv line 3: .*-90", finished.stderr)


def test_a_profile_may_name_journeys_of_another_file(tmp_path: Path) -> None:
    own, book = tmp_path / "own.toml", tmp_path / "book.toml"
    own.write_text(PROFILE + "[journeys]\nask = 1\n")
    book.write_text(JOURNEYS)
    alone = command.run_here("check", str(own))
    assert alone.returncode == 104
    assert "unknown journey 'ask'" in alone.stderr
    assert command.run_here("check", str(own), "--journeys", str(book)).returncode == 0
    book.write_text("")
    assert command.run_here("check", str(own), "--journeys", str(book)).returncode == 104


def test_no_program_of_an_experiment_is_run(tmp_path: Path) -> None:
    mark, own = tmp_path / "mark", tmp_path / "own.yaml"
    probe = f"{{type: process, path: touch, arguments: [{mark}]}}"
    own.write_text(
        f"configuration:\n  calm: {{type: probe, provider: {probe}}}\n"
        f"{EXPERIMENT}    pauses: {{before: '${{calm}}'}}\n"
    )
    finished = command.run_here("check", str(own))
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "; configuration.calm is asked when a run begins" in finished.stdout
    assert command.run_here("experiments").returncode == 0
    assert not mark.exists()


def test_every_file_is_checked_also_after_a_bad_one(tmp_path: Path) -> None:
    good = tmp_path / "good.yml"
    good.write_text(EXPERIMENT)
    missing, folder = tmp_path / "missing.yaml", tmp_path / "folder.toml"
    folder.mkdir()
    finished = command.run_here("check", str(missing), str(folder), str(good))
    assert finished.returncode == 104
    assert finished.stdout.startswith(f"{good}: OK, an experiment")
    assert finished.stderr.splitlines() == [
        f"diya: {missing}: must be a file, got none",
        f"diya: {folder}: must be a file, got a folder",
    ]


def test_a_part_of_an_experiment_that_is_passed_over_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(EXPERIMENT + "controls: []\n")
    finished = command.run_here("check", str(path))
    assert finished.returncode == 0
    assert finished.stdout == (
        f"{path}: OK, an experiment: 1 fault (kill-redis-1); controls is passed over\n"
    )


def test_all_files_that_come_with_diya_can_be_used(tmp_path: Path) -> None:
    for path in (*DIRECTORY.glob("*.yaml"), *profile.FOLDER.glob("*.toml")):
        shutil.copy(path, tmp_path)
    paths = sorted(str(path) for path in tmp_path.iterdir())
    assert len(paths) > 15
    finished = command.run_here("check", *paths)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert len(finished.stdout.splitlines()) == len(paths)
