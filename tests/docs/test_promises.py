"""What the pages promise to somebody who adds a part: these files, these rows, and no others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks
from tests.harness import command
from tests.reports.gated import busy

_JUDGE = """
import sys
from pathlib import Path
from reports.checks import run_checks
from reports.gates import gate
from reports.records.history import read
(found,) = [f for f in run_checks(read(Path(sys.argv[1]))) if f.check == "errors.attempts"]
print(found.status.value, gate(found.check).meaning)
"""


def added(row: str, path: Path) -> None:
    """Write the row at the end of the only table of that file."""
    text = path.read_text().rstrip()
    assert text.endswith("\n)")
    path.write_text(f"{text.removesuffix(')')}{row.rstrip()},\n)\n")


@pytest.mark.service
def test_the_check_of_the_page_is_made_with_its_file_and_one_row(tmp_path: Path) -> None:
    check, row = (each.text for each in blocks(DOCS / "check.md") if each.language == "python")
    shutil.copytree(command.ROOT / "reports", tmp_path / "reports")
    (tmp_path / "reports" / "checks" / "attempts.py").write_text(check)
    added(row, tmp_path / "reports" / "gates" / "service.py")
    run = busy().write(tmp_path / "run")
    judged = subprocess.run(
        [sys.executable, "-c", _JUDGE, str(run)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert judged.stderr == ""
    assert judged.stdout == "pass No acknowledged turn needed more than 6 attempts.\n"
