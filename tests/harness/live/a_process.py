"""A run directory that a test writes, shown by the real process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.live.messages import Address, Ready
from harness.live.options import Watching
from harness.live.watcher import Watcher
from reports.records import Record, RecordWriter, Sample, run_file
from reports.records.run_description import RunDescription
from tests.reports.a_run import Run

ANY_PORT = Address("127.0.0.1", 0)


@dataclass
class Played:
    """A run under way."""

    run_dir: Path
    watcher: Watcher
    ready: Ready
    writer: RecordWriter

    def begin(self, conversations: int = 20) -> None:
        """Write a load of that many sound conversations, begun and not ended."""
        run = Run(arrivals=100, marks=["start", "phase:warmup"])
        for number in range(conversations):
            run.sound(start=10.0 + number / 4)
        for record in run.records():
            if not isinstance(record, Sample):
                self.writer.write(record)
        sample = {"open_conversations": 7.0, "started": 27.0, "lag_p99": 0.002}
        self.writer.write(Sample(20.0, "generator", sample))

    def write(self, *records: Record) -> None:
        """Write further records."""
        for record in records:
            self.writer.write(record)


@contextmanager
def shown(
    folder: Path, *, page: bool = True, metrics: bool = True, collector: str | None = None
) -> Iterator[Played]:
    """A run that has just begun, and the process that shows it."""
    run_dir = folder / "20261128T010000Z-tiny-7"
    written = Run().write(run_dir)
    for path in written.glob("*.jsonl"):
        path.unlink()
    description = run_file.read(run_dir, RunDescription)
    description = RunDescription(
        schema_version=1,
        run_id=description.run_id,
        origin=time.time() - 30,
        seed=7,
        target="http://127.0.0.1:8000",
        profile=description.profile,
        ttl_seconds=30,
    )
    run_file.write(run_dir, description)
    watching = Watching(ANY_PORT if page else None, ANY_PORT if metrics else None, collector)
    watcher = Watcher(run_dir, watching, folder / "live.log")
    with RecordWriter(run_dir) as writer:
        try:
            yield Played(run_dir, watcher, watcher.ready(), writer)
        finally:
            watcher.stop()
