"""`diya profile`: a load looked at before anything runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.commands import profile as profiles
from loadtests.profiles import profile
from tests.harness import command

pytestmark = pytest.mark.service


def test_the_list_names_and_describes_every_profile() -> None:
    finished = command.run_here("profile", "list")
    assert finished.returncode == 0, finished.stderr
    for name in profile.names():
        assert re.search(rf"^{name} +\w", finished.stdout, re.MULTILINE)
    assert max(map(len, finished.stdout.splitlines())) <= 80


def test_show_draws_the_night_and_counts_its_load() -> None:
    finished = command.run_here("profile", "show", "diwali")
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    text = finished.stdout
    assert "1 s stands for 240 s of the sale: 93 s of load, a TTL of 30 s for 2 h" in text
    for phase in ("presale", "evening", "the TTL drains"):
        assert phase in text
    conversations = re.search(r"^Arrivals +([\d,]+) conversations", text, re.MULTILINE)
    assert conversations is not None
    assert int(conversations[1].replace(",", "")) == pytest.approx(1368, abs=1)
    for row in ("Turns", "Open", "Sessions", "Redis", "Real day"):
        assert re.search(rf"^{row} +\S", text, re.MULTILINE), row
    assert re.search(r"Redis +at most [\d.]+ MiB", text)


@pytest.mark.parametrize("name", profile.names())
@pytest.mark.parametrize("seed", [None, 3])
def test_every_profile_fits_a_screen_of_eighty_columns(name: str, seed: int | None) -> None:
    lines = profiles.show(profile.load(name), seed)
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 40
    assert any("█" in line for line in lines)


def test_a_seed_draws_its_own_arrivals() -> None:
    first, again, other = (
        command.run_here("profile", "show", "smoke", "--seed", seed).stdout
        for seed in ("1", "1", "2")
    )
    assert "(seed 1)" in first
    assert first == again
    assert first.replace("seed 1", "") != other.replace("seed 2", "")


def test_a_load_of_one_s_own_is_shown_before_it_is_run(tmp_path: Path) -> None:
    (tmp_path / "rpm.csv").write_text("minute,rpm\n" + "".join(f"{m},60\n" for m in range(240)))
    (tmp_path / "mine.toml").write_text(
        'extends = "diwali"\nname = "mine"\n[[phase]]\nname = "log"\ncsv = "rpm.csv"\n'
    )
    finished = command.run_here("profile", "show", str(tmp_path / "mine.toml"))
    assert finished.returncode == 0, finished.stderr
    # A request a second for a minute of real time, and eight chats of four turns (sliding_ttl).
    assert re.search(r"^Turns +(8\d|9\d) ", finished.stdout, re.MULTILINE)


def test_a_profile_that_names_another_agent_s_journeys_is_shown_with_them(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "smoke"\nname = "mine"\n[journeys]\nlate_parcel = 1\n')
    alone = command.run_here("profile", "show", str(mine))
    assert alone.returncode == 104
    assert "unknown journey 'late_parcel'" in alone.stderr
    book = str(command.HERE / "mine.toml")
    finished = command.run_here("profile", "show", str(mine), "--journeys", book)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith("mine: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diwalli",), r"unknown profile 'diwalli' \(did you mean diwali\?\)"),
        (("no/such.toml",), r"no/such\.toml"),
        (("diwali", "--seed", "-1"), r"--seed -1: must be a whole number"),
    ],
)
def test_input_that_cannot_be_shown_is_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    finished = command.run_here("profile", "show", *arguments)
    assert finished.returncode == 104
    assert finished.stdout == ""
    (sentence,) = finished.stderr.splitlines()
    assert re.search(said, sentence)


def test_the_memory_shown_is_that_of_the_server_that_would_run() -> None:
    smoke = profile.load("smoke")
    redis, valkey = ("\n".join(profiles.show(smoke, 3, server=s)) for s in ("redis", "valkey"))
    assert re.search(r"Redis +at most [\d.]+ \w+ in Redis", redis)
    assert re.search(r"Redis +at most [\d.]+ \w+ in Valkey", valkey)
    assert redis.replace("in Redis", "") != valkey.replace("in Valkey", "")
