"""Tools that a fresh machine may lack: their tests are skipped there, and never in CI."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

REQUIRE = "DIYA_REQUIRE_TOOLS"
SERVERS = ["bundled", pytest.param("system", marks=pytest.mark.system)]
"""The kinds of Redis server for a parametrised test or fixture."""


def require(*names: str) -> str:
    """The path of the first of these programs on PATH.

    Without any, the test is skipped with the reason; with DIYA_REQUIRE_TOOLS=1 it fails.
    """
    for name in names:
        if found := shutil.which(name):
            return found
    missing(f"no {names[0]} on PATH")


def missing(reason: str) -> NoReturn:
    """Skip the test for this reason; with DIYA_REQUIRE_TOOLS=1 it fails."""
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{reason}, and {REQUIRE}=1")
    pytest.skip(f"{reason} ({REQUIRE}=1 makes this a failure)")
