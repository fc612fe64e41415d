"""Files of the prices of models, good and bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.model_cost.price_file import PriceError
from reports.model_cost.prices import FILE, from_dict, read
from tests.reports.model_cost.a_log import MODEL, PRICES

GOOD = """\
currency = "USD"
date = 2026-11-27
source = "a list"
assumed_model = "one"

[[model]]
name = "one"
input_per_million_tokens = 0.5
output_per_million_tokens = 1.5
source = "https://example.org"

[[model]]
name = "two"
also = ["zwei"]
input_per_million_tokens = 2
output_per_million_tokens = 3
source = "https://example.org"
"""
NUMBER = "must be a number from 0 to 1,000,000, got"


def written(folder: Path, old: str = "", new: str = "") -> Path:
    """The good file with one change."""
    assert old in GOOD
    path = folder / "mine.toml"
    path.write_text(GOOD.replace(old, new, 1) if old else GOOD, encoding="utf-8")
    return path


def test_the_shipped_prices_are_dated_and_have_their_source() -> None:
    found = read()
    assert "genai-prices" in found.source
    assert found.line.endswith("USD")
    assert str(found.date) in found.line
    for each in found.model:
        assert each.source.startswith("https://"), each.name
        assert each.input_per_million_tokens < each.output_per_million_tokens, each.name


@pytest.mark.parametrize("name", ["gemini-2.5-flash", "gpt-4o-mini", "gemini-2.5-pro", "gpt-4o"])
def test_the_usual_models_have_a_shipped_price(name: str) -> None:
    price = read().of(name)
    assert price is not None
    assert price.name == name


def test_a_call_costs_its_tokens() -> None:
    price = PRICES.of(MODEL)
    assert price is not None
    assert price.money(1000, 50) == pytest.approx((1000 + 500) / 1e6)


def test_a_call_with_a_long_prompt_costs_more() -> None:
    price = PRICES.of("gpt-4o-mini")
    assert price is not None
    assert price.money(2000, 10) == pytest.approx((4000 + 200) / 1e6)
    assert price.money(2001, 10) == pytest.approx((8004 + 400) / 1e6)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("gemini-2.5-flash-001", "gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("publishers/google/models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("gpt-4o-mini-old", "gpt-4o-mini"),
        ("gemini-2.5-flash-lite", None),
        ("gpt-4o", None),
        ("", None),
    ],
)
def test_a_model_is_found_by_its_name_with_a_path_or_a_version(
    asked: str, found: str | None
) -> None:
    price = PRICES.of(asked)
    assert (price and price.name) == found


def test_the_prices_of_a_run_are_read_back(tmp_path: Path) -> None:
    mine = read(written(tmp_path))
    assert from_dict(mine.to_dict(), "run.json") == mine
    assert mine.assumed.name == "one"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "output_per_million_tokens = 3",
            "output_per_million_tokens = -1",
            f"model 2: output_per_million_tokens {NUMBER} -1",
        ),
        (
            "output_per_million_tokens = 3",
            "",
            f"model 2: output_per_million_tokens {NUMBER} nothing",
        ),
        (
            "output_per_million_tokens = 3",
            "output_per_milion_tokens = 3",
            "model 2: output_per_milion_tokens must be a known key, got "
            "'output_per_milion_tokens' (did you mean output_per_million_tokens?)",
        ),
        ('also = ["zwei"]', 'also = "zwei"', "model 2: also must be a list of texts, got 'zwei'"),
        (
            'also = ["zwei"]',
            'also = ["one"]',
            "model 2: a name must be given once, got 'one' again",
        ),
        (
            'also = ["zwei"]',
            "long_prompt_tokens = 200000",
            "model 2: the three keys that begin with long_ must be given together, got 1 of them",
        ),
        (
            'assumed_model = "one"',
            'assumed_model = "three"',
            "assumed_model must be the name of one of the models, got 'three'",
        ),
        (
            'currency = "USD"',
            'currency = "$"',
            "currency must be a code of three letters such as \"USD\", got '$'",
        ),
        ("date = 2026-11-27", "", "date must be a date such as 2026-11-27, got nothing"),
    ],
)
def test_a_bad_file_is_told_in_one_sentence(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    path = written(tmp_path, old, new)
    with pytest.raises(PriceError) as refused:
        read(path)
    assert str(refused.value) == f"{path}: {sentence}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "model must be one section or more, got nothing"),
        ("a = ", "must be TOML"),
        ("model = 4", "model must be one section or more, got 4"),
        ("model = [1]", "model 1: it must be a section, got 1"),
        ("modell = 1", "modell must be a known key, got 'modell' (did you mean model?)"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PriceError) as refused:
        read(path)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(f"{path}: ")
    assert sentence in str(refused.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(PriceError, match="cannot be read"):
        read(tmp_path / "none.toml")


def test_the_shipped_file_is_in_the_package() -> None:
    assert FILE.is_file()
