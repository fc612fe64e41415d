"""A field with its bounds is all that a key of a profile takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from harness.reference.profile import meaning
from loadtests.profiles.fields import Bounds, read, written
from loadtests.profiles.source import ProfileError, Source
from loadtests.profiles.table import Table


@dataclass(frozen=True)
class Talk:
    """A section with three keys, of which one is required."""

    think_floor: Annotated[float, Bounds(0, 86_400)] = 0.0
    """Sale seconds: no think time is shorter."""
    most: Annotated[int, Bounds(1, 9, key="max")] = 3
    """No conversation has more."""
    gaps: Annotated[tuple[float, ...], Bounds(0.5, 2)] = ()
    """Multiples of the TTL."""
    told: str = "no key"


def section(values: dict[str, Any], text: str = "") -> Table:
    return Table(Source("mine.toml", text, {}), "talk", 0, values)


def test_values_are_read_under_their_keys() -> None:
    values = {"think_floor": 2, "max": 5, "gaps": [1]}
    assert Talk(**read(Talk, section(values))) == Talk(2.0, 5, (1.0,))


def test_fields_are_written_under_their_keys() -> None:
    assert written(Talk(2.0, 5, (1.0,))) == {"think_floor": 2.0, "max": 5, "gaps": [1.0]}


def test_a_missing_key_has_the_default_of_its_field() -> None:
    assert Talk(**read(Talk, section({}))) == Talk()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"think_floor": -1}, "'think_floor' in [talk] must be a number from 0 to 86400, got -1"),
        ({"max": 2.5}, "'max' in [talk] must be a whole number from 1 to 9, got 2.5"),
        ({"gaps": 1}, "'gaps' in [talk] must be a list of numbers from 0.5 to 2, got 1"),
    ],
)
def test_a_wrong_value_is_refused_with_its_line(values: dict[str, Any], expected: str) -> None:
    (key,) = values
    with pytest.raises(ProfileError) as refused:
        read(Talk, section(values, f"[talk]\n{key} = 0\n"))
    assert str(refused.value) == f"mine.toml line 2: {expected}"


def test_the_reference_page_holds_the_docstring_of_each_field() -> None:
    source = Source("mine.toml", "", {})
    read(Talk, Table(source, "talk", 0, {}))
    assert [(key.name, key.default, meaning(key)) for key in source.asked.values()] == [
        ("think_floor", 0.0, "Sale seconds: no think time is shorter."),
        ("max", 3, "No conversation has more."),
        ("gaps", (), "Multiples of the TTL."),
    ]
