"""What a run used from second to second is kept with its result."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reports.records import Sample
from tests.reports.a_run import Run, redis_sample
from tests.validate.compare.course import course, spent


def test_the_course_holds_what_each_part_used_in_each_second(tmp_path: Path) -> None:
    run = Run()
    run.conversation(8.0).turn(took=0.5)
    # Between two whole seconds, as a sampler that began at any time.
    run.samples = [
        sample
        for t in range(-3, 100)
        for sample in (
            Sample(t + 0.5, "replica:r01", {"cpu_s": _dearer_once(t), "pid": 1.0}),
            Sample(t + 0.5, "envoy", {"cpu_s": 0.02 * t, "pid": 2.0}),
            Sample(t + 0.5, "balancer:r01", {"requests": 7.0 * t, "connect_fail": 0.0}),
            Sample(t + 0.5, "host", {"cpu_percent": 10.0, "work_s": 0.0006}),
            redis_sample(t + 0.5, 1e6, cpu_s=0.01 * t),
        )
    ]
    found = course(run.history(tmp_path))
    seconds = len(found["work"])
    assert seconds > 20
    assert {len(values) for values in found.values()} == {seconds}
    assert found["envoy"] == pytest.approx([20.0] * seconds)
    assert found["redis"] == pytest.approx([10.0] * seconds)
    assert found["balancer:r01"] == pytest.approx([7.0] * seconds)
    assert found["work"] == [600] * seconds
    usual, second = 100.0, found["replica:r01"].index(300.0)
    assert found["replica:r01"][second : second + 2] == pytest.approx([300.0, 300.0])
    assert sum(found["replica:r01"]) == pytest.approx(usual * seconds + 400.0)


def _dearer_once(t: int) -> float:
    """0.1 s of CPU a second, and once 0.4 s more, between 20.5 and 21.5."""
    return 1.0 + 0.1 * t + (0.4 if t > 20 else 0.0)


def test_a_run_without_a_load_has_no_course(tmp_path: Path) -> None:
    history = Run().history(tmp_path)
    history.marks = []
    assert course(history) == {}


@pytest.mark.service
def test_cpu_of_a_process_and_its_descendants_is_counted() -> None:
    words = "import time\nwhile time.process_time() < 0.2: pass"
    below = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {words!r}])"
    with spent() as used:
        subprocess.run([sys.executable, "-c", below], check=True)
    assert used.values["user_s"] + used.values["system_s"] >= 0.2
    assert used.values["faults"] > 0
    with spent() as nothing:
        pass
    assert not any(nothing.values.values())
