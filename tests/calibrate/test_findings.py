"""The page of findings quotes the output of its scripts, under the installed ADK."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chaos.errors import ChaosConfigError
from chaos.fleet.postgres_binary import binaries
from tests import tools

pytestmark = [pytest.mark.service, pytest.mark.slow]

PAGE = (Path(__file__).parent / "findings" / "README.md").read_text()


def _printed(script: str) -> list[str]:
    finished = subprocess.run(
        [sys.executable, "-m", f"tests.calibrate.findings.{script}"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return finished.stdout.splitlines()


def test_adk_s_server_leaves_half_a_turn_behind() -> None:
    printed = _printed("half_turns")
    assert len(printed) == 3
    assert [line for line in printed if line not in PAGE] == []


def test_adk_s_redis_service_behaves_as_documented() -> None:
    *exact, kept, back = _printed("adk_redis")
    assert len(exact) == 2
    assert [line for line in exact if line not in PAGE] == []
    # A race each: how it ends varies, that it is lost does not.
    assert int(kept.split()[-2]) < 20
    assert int(back.split()[-4]) > 0


def test_adk_s_database_service_behaves_as_documented() -> None:
    try:
        binaries()
    except ChaosConfigError as error:
        tools.missing(str(error))
    began, kept, *exact = _printed("adk_database")
    assert len(exact) == 3
    assert [line for line in exact if line not in PAGE] == []
    assert int(began.split()[-2]) > 0
    assert int(kept.split()[-2]) < 20


def test_adk_repeats_the_documented_work_in_every_turn() -> None:
    printed = _printed("adk_turn")
    assert len(printed) == 16
    assert [line for line in printed if line not in PAGE] == []
