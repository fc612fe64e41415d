"""A parameter of a fault says its unit and its meaning where it is declared."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chaos.faults.base import parameters
from chaos.faults.catalogue import CATALOGUE
from chaos.faults.parameter import Told, parameter, told_of


@dataclass
class Slow:
    """A fault with one documented parameter, and one without documentation."""

    stall: float = parameter(0.3, "how long it is busy", "s")
    mute: float = 1.0


@dataclass
class Slower(Slow):
    """Has only another default."""

    stall: float = 2.0


def test_a_parameter_has_its_default() -> None:
    assert (Slow().stall, Slower().stall, Slow(stall=5.0).stall) == (0.3, 2.0, 5.0)


def test_another_default_keeps_the_meaning_of_the_base() -> None:
    assert told_of(Slower, "stall") == told_of(Slow, "stall") == Told("how long it is busy", "s")


def test_a_parameter_that_says_nothing_is_refused_with_its_name() -> None:
    with pytest.raises(LookupError, match=r"Slower\.mute must be declared with parameter\("):
        told_of(Slower, "mute")


def test_every_parameter_of_the_catalogue_is_documented() -> None:
    told = [told_of(kind, name) for kind in CATALOGUE for name in parameters(kind)]
    assert all(each.meaning for each in told)
