"""The fault of `docs/fault.md` is done to a real small fleet."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from chaos.faults.base import Fault
from chaos.fleet.process_fleet import ProcessFleet
from tests.chaos.test_faults import assert_healed, do
from tests.docs.pages import example


@pytest.fixture
def documented(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Fault]:
    """The class, from a module of its own as dataclasses expect it."""
    module = ModuleType("documented_fault")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(example("fault.md", "python"), "fault.md", "exec"), module.__dict__)
    fault: Callable[..., Fault] = module.__dict__["HoldReplica"]
    return fault


def test_the_documented_fault_takes_hold_and_heals(
    documented: Callable[..., Fault], fleet: ProcessFleet
) -> None:
    before = {name: replica.identity for name, replica in fleet.replicas.items()}
    window = do(documented(duration=0.1, replica="r03"), fleet)
    assert (window.fault, window.target) == ("hold-replica", "r03")
    assert (window.took_hold, window.error) == (True, None)
    assert {name: replica.identity for name, replica in fleet.replicas.items()} == before
    assert_healed(window, fleet)
