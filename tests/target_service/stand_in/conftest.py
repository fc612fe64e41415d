"""Fixtures: a stand-in whose replies are those of the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.target_service.stand_in import servers


@pytest.fixture(scope="module")
def shared_stand_in() -> Iterator[servers.Client]:
    """One for all tests of a file."""
    with servers.running() as client:
        yield client


@pytest.fixture
def stand_in(shared_stand_in: servers.Client) -> Iterator[servers.Client]:
    """A stand-in without a fault, and without one afterwards."""
    yield shared_stand_in
    shared_stand_in.set_faults()
