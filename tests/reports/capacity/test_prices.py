"""Files of prices, good and bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.capacity.prices import FILE, read
from reports.model_cost.price_file import PriceError

NUMBER = "must be a number from 0 to 1,000,000, got"
ABOVE = "must be a number above 0, at most 1,000,000, got"
GOOD = FILE.read_text(encoding="utf-8")


def written(folder: Path, old: str, new: str) -> Path:
    """The shipped file with one change."""
    assert old in GOOD
    path = folder / "mine.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_shipped_prices_are_dated_and_have_their_sources() -> None:
    found = read()
    assert found.date.isoformat() == "2026-11-27"
    assert found.currency == "USD"
    assert found.replica.source.startswith("https://")
    assert found.redis.source.startswith("https://")
    assert found.model is not None
    assert found.model.source.startswith("https://")
    assert "N. Virginia" in found.line


def test_a_replica_costs_its_core_and_its_memory() -> None:
    assert read().replica.hour == pytest.approx(0.04937)


def test_a_call_costs_its_tokens(tmp_path: Path) -> None:
    tokens = "\ninput_tokens_per_call = 1000\noutput_tokens_per_call = 100\n"
    price = "output_per_million_tokens = 2.50"
    found = read(written(tmp_path, price, price + tokens))
    assert found.model is not None
    assert found.model.call == pytest.approx((1000 * 0.3 + 100 * 2.5) / 1e6)
    shipped = read().model
    assert shipped is not None
    assert shipped.call is None


def test_a_file_without_a_model_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.partition("[model]")[0], encoding="utf-8")
    assert read(path).model is None


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("vcpu_hour = 0.04048", "vcpu_hour = -1", f"replica.vcpu_hour {NUMBER} -1"),
        ("vcpu_hour = 0.04048", 'vcpu_hour = "4"', f"replica.vcpu_hour {NUMBER} '4'"),
        ("vcpu_hour = 0.04048", "vcpu_hour = nan", f"replica.vcpu_hour {NUMBER} nan"),
        ("vcpu_hour = 0.04048", "vcpu_hour = inf", f"replica.vcpu_hour {NUMBER} inf"),
        ("vcpu_hour = 0.04048", "", f"replica.vcpu_hour {NUMBER} nothing"),
        (
            "vcpu_hour =",
            "vcpu_hours =",
            "replica.vcpu_hours must be a known key, got 'vcpu_hours' (did you mean vcpu_hour?)",
        ),
        (
            'currency = "USD"',
            'currency = "dollar"',
            "currency must be a code of three letters such as \"USD\", got 'dollar'",
        ),
        (
            "date = 2026-11-27",
            'date = "soon"',
            "date must be a date such as 2026-11-27, got 'soon'",
        ),
        (
            "nodes_per_shard = 2",
            "nodes_per_shard = 0",
            "redis.nodes_per_shard must be a whole number from 1 to 6, got 0",
        ),
        (
            "memory_gib = 26.32",
            "memory_gib = 0",
            "redis.node 2: memory_gib must be a number above 0, at most 1,000,000, got 0",
        ),
        ("hour = 0.437", "", f"redis.node 2: hour {ABOVE} nothing"),
        ("hour = 0.437", "hour = 0", f"redis.node 2: hour {ABOVE} 0"),
        ("hour = 0.437", "hour = -0.437", f"redis.node 2: hour {ABOVE} -0.437"),
        (
            'currency = "USD"',
            "",
            'currency must be a code of three letters such as "USD", got nothing',
        ),
        (
            "vcpu_hour = 0.04048\ngb_hour = 0.004445",
            "vcpu_hour = 0\ngb_hour = 0",
            "replica.vcpu_hour and replica.gb_hour must not both be 0",
        ),
        (
            "date = 2026-11-27",
            "date = 2026-11-27T10:00:00",
            "date must be a date such as 2026-11-27, got 2026-11-27 10:00:00",
        ),
        (
            "hour = 0.437",
            "price = 0.437",
            "redis.node 2: price must be a known key, got 'price' "
            "(there are name, memory_gib, hour)",
        ),
        (
            "[replica]",
            "[replicas]",
            "replicas must be a known key, got 'replicas' (did you mean replica?)",
        ),
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
        ("", "provider must be a text, got nothing"),
        ("a = ", "must be TOML"),
        ("redis = 4", "redis must be a section, got 4"),
        ("[redis]\nnode = []", "redis.node must be one section or more, got []"),
        ("[redis]\nnode = [1]", "redis.node 1: it must be a section, got 1"),
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


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text.replace("\n", "\r\n"), encoding=encoding, newline="")
    assert read(tmp_path / "mine.toml") == read(FILE)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(PriceError, match="cannot be read"):
        read(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"\xff")
    with pytest.raises(PriceError, match="must be UTF-8"):
        read(tmp_path / "latin.toml")
