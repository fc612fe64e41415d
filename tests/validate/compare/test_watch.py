"""What is read beside a recorded run."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reports.records import Sample
from tests.harness.command import wait_until
from tests.reports.a_run import Run
from tests.validate.compare.watch import Seen, Watched, read, rises, seconds_of, watch


def test_a_total_rises_between_its_readings_on_a_straight_line() -> None:
    assert rises([0.5, 1.5, 2.5, 3.5], [0, 10, 30, 30], [1.0, 2.0, 3.0]) == [15.0, 10.0]


def test_the_seconds_of_the_load_are_those_of_the_replicas_processes(tmp_path: Path) -> None:
    run = Run()
    run.conversation(8.0).turn(took=0.5)
    run.samples = [
        Sample(float(t), "replica:r01", {"cpu_s": 0.1 * t, "pid": 7.0}) for t in range(100)
    ]
    history = run.history(tmp_path)
    seen = [
        Seen(
            at=history.run.origin + t + 0.25,
            kernel_s={7: 0.02 * t, 8: 5.0 * t},
            faults={7: 30.0 * t, 8: 1.0},
            stolen_s=0.001 * t,
            memory_ns=200.0,
        )
        for t in range(-5, 100)
    ]
    found = seconds_of(history, Watched(seen))
    seconds = len(found["memory"])
    assert seconds > 20
    assert found["replica:r01:kernel"] == pytest.approx([20.0] * seconds)
    assert found["replica:r01:faults"] == pytest.approx([30.0] * seconds)
    assert found["stolen"] == pytest.approx([1.0] * seconds)
    assert found["memory"] == [200.0] * seconds
    # Readings that do not reach to the end of the load say nothing.
    assert seconds_of(history, Watched(seen[:20])) == {}


@pytest.mark.service
def test_page_faults_of_a_process_are_counted() -> None:
    words = "import sys; held = bytearray(40_000_000); print(flush=True); sys.stdin.read()"
    before = read()
    with subprocess.Popen(
        [sys.executable, "-c", words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        after = read()
        process.communicate(b"")
    assert process.pid not in before.faults
    assert after.faults[process.pid] > 40_000_000 / 4096
    assert after.kernel_s[process.pid] >= 0
    assert os.getpid() in before.faults


def test_the_watch_reads_until_the_end_of_the_block() -> None:
    with watch() as watched:
        wait_until(lambda: bool(watched.seen), 30, "a reading")
    assert watched.seen[0].memory_ns > 0
    assert "watch" not in {thread.name for thread in threading.enumerate()}
