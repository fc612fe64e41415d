"""The fixed piece of work whose processor time shows the speed of the machine."""

from __future__ import annotations

import threading

from harness.run.sampling.reference_work import ReferenceWork
from tests.harness.command import wait_until


def test_the_work_is_measured_until_it_is_stopped() -> None:
    work = ReferenceWork()
    assert work.read() is None
    work.start()
    seen: list[float] = []

    def measured() -> bool:
        seen.extend([] if (seconds := work.read()) is None else [seconds])
        return len(seen) >= 5

    wait_until(measured, 30, "five values")
    work.stop()
    assert all(0 < seconds < 1 for seconds in seen)
    assert "reference-work" not in {thread.name for thread in threading.enumerate()}


def test_work_that_never_began_can_be_stopped() -> None:
    ReferenceWork().stop()
