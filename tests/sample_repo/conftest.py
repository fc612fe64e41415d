"""The repository's own: its tests import the agent from this folder."""

from __future__ import annotations

import pytest


@pytest.fixture
def party() -> int:
    return 4
