"""A disk that is full: what is on it is whole lines, and nothing is added after a gap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from reports.lines import read
from reports.records import FILES, LoadMark

# A limit on the size of files cuts a write off in its middle, as a full disk does.
WRITE = """
import resource, sys
from pathlib import Path
from reports.records import LoadMark, RecordWriter
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
writer = RecordWriter(Path(sys.argv[1]))
try:
    for number in range(100):
        writer.write(LoadMark(float(number), "mark", {}))
except OSError as error:
    print(number, error.filename)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    writer.write(LoadMark(1e6, "after the gap", {}))
except OSError as error:
    print(error.strerror)
"""


def test_a_write_that_was_cut_off_leaves_whole_lines_and_is_the_last(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITE, str(tmp_path)], capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    path = tmp_path / FILES[LoadMark]
    assert first.split(" ", 1)[1] == str(path)
    assert second == "File too large", "it takes nothing more, also where there is room again"
    kept = [mark.t for mark in read(path, LoadMark)]
    assert kept == list(range(int(first.split()[0])))
    assert path.read_bytes().endswith(b"\n")
    assert 950 < path.stat().st_size <= 1000
