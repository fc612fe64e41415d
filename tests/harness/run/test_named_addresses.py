"""Neither load nor a fault reaches an address that was not named and allowed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reports.records import FILES, FaultWindow, from_json
from tests import tools
from tests.harness import command
from tests.harness.two_machines import NAMED, OTHER

pytestmark = [
    pytest.mark.run,
    pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0, reason="a network namespace needs root"
    ),
]
SCRIPT = (
    'ip link set lo up && for a in $1 $2; do ip addr add $a/32 dev lo; done; shift 2; exec "$@"'
)


def test_only_the_named_address_is_reached_and_only_when_both_permissions_are_given(
    tmp_path: Path,
) -> None:
    tools.require("ip")
    unshare = [tools.require("unshare"), "--net"]
    made = subprocess.run([*unshare, "true"], capture_output=True, check=False)
    if made.returncode != 0:
        tools.missing(f"no network namespace can be made here: {made.stderr.decode().strip()}")
    play = [sys.executable, "-m", "tests.harness.two_machines", str(tmp_path)]
    finished = subprocess.run(
        [*unshare, "sh", "-c", SCRIPT, "sh", NAMED, OTHER, *play],
        cwd=command.ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    found: dict[str, dict[str, Any]] = json.loads(finished.stdout)
    for name, permission in (
        ("not authorised", "--authorised"),
        ("not to be broken", "--break-target"),
    ):
        assert found[name]["code"] == 104
        assert permission in found[name]["said"]
        assert found[name]["named"] == []
    assert found["led away"]["code"] == 104
    assert f"the redirect must lead to http://{NAMED}" in found["led away"]["said"]
    assert set(found["allowed"]["named"]) >= {"/break", "/mend", "/state"}
    assert [each["other"] for each in found.values()] == [0, 0, 0, 0]
    (run_dir,) = (tmp_path / "out").iterdir()
    (line,) = (run_dir / FILES[FaultWindow]).read_bytes().splitlines()
    window = from_json(FaultWindow, line)
    assert (window.took_hold, window.error) == (True, None)
    assert window.target == f"{NAMED}:8000/break"
