"""`--model-prices FILE` of the commands that tell the cost of a model."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reports.model_cost.prices import FILE
from reports.records import RecordWriter
from tests.harness import command
from tests.reports.model_cost.a_log import log, run

pytestmark = pytest.mark.service

BAD = "currency must be a code of three letters such as \"USD\", got 'dollar'"


@pytest.fixture
def bad(tmp_path: Path) -> str:
    """A file of prices with a bad currency."""
    path = tmp_path / "bad.toml"
    text = FILE.read_text(encoding="utf-8")
    path.write_text(text.replace('currency = "USD"', 'currency = "dollar"'), encoding="utf-8")
    return str(path)


def test_profile_show_tells_what_a_model_would_cost() -> None:
    finished = command.run_here("profile", "show", "diwali")
    assert finished.returncode == 0, finished.stderr
    text = " ".join(finished.stdout.split())
    tokens = r"Model assumed [\d,]+ calls, [\d.]+ M tokens in, [\d.]+ M out"
    assert re.search(tokens + r": [\d.]+ USD with gemini", text)
    assert re.search(r"the night [\d,]+ USD, a million conversations [\d,]+ USD", text)
    assert re.search(r"at prices of \d{4}-\d\d-\d\d", text)


def test_profile_show_takes_the_user_s_prices(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'currency = "INR"\ndate = 2026-11-01\nsource = "ours"\nassumed_model = "m"\n[[model]]\n'
        'name = "m"\ninput_per_million_tokens = 0\noutput_per_million_tokens = 0\nsource = "us"\n'
    )
    finished = command.run_here("profile", "show", "smoke", "--model-prices", str(path))
    assert finished.returncode == 0, finished.stderr
    assert "0.00 INR with m" in " ".join(finished.stdout.split())


@pytest.mark.parametrize(
    "words", [("profile", "show", "smoke"), ("readiness",), ("capacity",)], ids=" ".join
)
def test_a_bad_file_is_told_in_one_sentence(words: tuple[str, ...], bad: str) -> None:
    finished = command.run_here(*words, "--model-prices", bad)
    assert finished.returncode == 104, finished.stderr
    assert finished.stdout == ""
    assert finished.stderr == f"diya: --model-prices {bad}: {BAD}\n"


def test_report_judges_a_stored_run_with_other_prices(tmp_path: Path, bad: str) -> None:
    made = run(6, 4)
    folder = made.write(tmp_path / "run")
    with RecordWriter(folder) as writer:
        for call in log(made):
            writer.write(call)
    refused = command.run_here("report", str(folder), "--model-prices", bad)
    assert refused.returncode == 104
    assert refused.stderr == f"diya: --model-prices {bad}: {BAD}\n"
    finished = command.run_here("report", str(folder), "--model-prices", str(FILE))
    assert "a million" in finished.stdout
    result = json.loads((folder / "result.json").read_text())
    assert result["model_cost"]["prices"].endswith("USD")
