"""A new part needs exactly the files and rows that the pages name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks, example
from tests.harness import command
from tests.reports.gated import busy
from tests.reports.render_fixtures import FIXTURES

_JUDGE = """
import sys
from pathlib import Path
from reports.checks import run_checks
from reports.gates import gate
from reports.records.history import read
(found,) = [f for f in run_checks(read(Path(sys.argv[1]))) if f.check == "errors.attempts"]
print(found.status.value, gate(found.check).meaning)
"""


_RENDER = """
import json, sys
from reports.render import html, summary_md
result = json.load(open(sys.argv[1], encoding="utf-8"))
print(html.render(result), "<!-- summary -->", summary_md.render(result))
"""


def run_beside(folder: Path, program: str, argument: Path) -> str:
    """The output of a program that imports the copies of the rooms in this folder."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(argument)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout


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
    judged = run_beside(tmp_path, _JUDGE, run)
    assert judged == "pass No acknowledged turn needed more than 6 attempts.\n"


@pytest.mark.service
def test_the_section_of_the_page_is_made_with_its_file_and_one_row(tmp_path: Path) -> None:
    shutil.copytree(command.ROOT / "reports", tmp_path / "reports")
    sections = tmp_path / "reports" / "render" / "sections"
    (sections / "first_words.py").write_text(example("report-section.md", "python"))
    table = (sections / "__init__.py").read_text()
    table = table.replace("import faults, latency,", "import faults, first_words, latency,")
    table = table.replace(
        "    latency.SECTION,\n", "    latency.SECTION,\n    first_words.SECTION,\n"
    )
    (sections / "__init__.py").write_text(table)
    page, summary = run_beside(tmp_path, _RENDER, FIXTURES / "go.json").split("<!-- summary -->")
    assert "<h2>First words</h2>" in page
    assert "### First words\n\n| Phase | p50 | p99 |" in summary
