"""The disk is full in the middle of a run: one sentence, nothing left, and never GO."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.records import FILES, TurnRecord
from tests import tools
from tests.harness import command

pytestmark = pytest.mark.run

# A disk of its own, which nobody else sees and which is gone with the shell.
SCRIPT = """
mount -t tmpfs -o size=64m tmpfs "$DISK" || exit 200
"$@"; code=$?
rm -f "$DISK/ballast"
"$PYTHON" -m harness.cli report "$DISK"/runs/*
echo "run: $code, report: $?"
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A readiness run whose run directory is on a small disk."""
    unshare = [tools.require("unshare"), *([] if os.getuid() == 0 else ["-r"]), "-m"]
    probe = [*unshare, "mount", "-t", "tmpfs", "tmpfs", str(tmp_path)]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        tools.missing("no disk can be mounted here")
    run = [*command.DIYA, "readiness", *command.TINY, *command.ONE_KILL]
    process = subprocess.Popen(
        [*unshare, "sh", "-c", SCRIPT, "sh", *run, "--out", str(tmp_path / "runs")],
        cwd=command.ROOT,
        env={**os.environ, "DISK": str(tmp_path), "PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    process.communicate(timeout=30)


def test_a_disk_that_fills_up_ends_the_run_in_one_sentence(
    tmp_path: Path, disk: subprocess.Popen[str]
) -> None:
    seen = Path(f"/proc/{disk.pid}/root{tmp_path}")
    turns = FILES[TurnRecord]
    command.wait_until(lambda: any(seen.glob(f"runs/*/{turns}")), 60, "turns are recorded")
    (run_dir,) = seen.glob("runs/*")
    run_id = json.loads((run_dir / "run.json").read_text())["run_id"]
    with contextlib.suppress(OSError), (seen / "ballast").open("wb", buffering=0) as ballast:
        while ballast.write(b"x" * 65536):
            pass
    stdout, stderr = disk.communicate(timeout=90)
    assert "run: 70, report: 75" in stdout, stdout + stderr
    assert "Traceback" not in stderr
    sentence = [line for line in stderr.splitlines() if "No space left" in line]
    assert len(sentence) == 1, stderr
    assert sentence[0].startswith("diya: ")
    assert sentence[0].endswith("the run was ended and everything healed")
    assert command.nothing_left(run_id)
