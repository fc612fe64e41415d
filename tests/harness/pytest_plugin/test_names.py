"""A repository with packages of our rooms' names: whose they are, and where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import diya_start
from tests.harness import command

pytestmark = pytest.mark.service


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder with five packages of our names, and one of its own that imports them."""
    for name in (*diya_start.ROOMS, "mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("OWNER = 'the repository'\n")
    (tmp_path / "reports" / "daily.py").write_text("TITLE = 'today'\n")
    return tmp_path


def python(folder: Path, *words: str, **variables: str) -> str:
    """The output of such a process."""
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    finished = subprocess.run(
        words, cwd=folder, env={**environ, **variables}, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


@pytest.mark.parametrize("path", ["", "."])
def test_a_process_of_diya_imports_diyas_rooms_in_any_folder(theirs: Path, path: str) -> None:
    words = diya_start.command("harness.cli", "profile", "list")
    assert "diwali" in python(theirs, *words, PYTHONPATH=path)


def test_a_replica_has_its_own_room_and_the_users_modules(theirs: Path) -> None:
    (theirs / "mine" / "look.py").write_text(
        "import sys, reports.daily\nprint(reports.daily.TITLE, *sys.argv)\n"
    )
    said = python(theirs, *diya_start.command("mine.look", "--port", "1", users=True))
    assert said == f"today {theirs}/mine/look.py --port 1"
    words = diya_start.command("target_service", "--help", users=True)
    assert "python -m target_service" in python(theirs, *words)


def test_the_process_of_a_test_has_both(theirs: Path) -> None:
    code = """
import sys
sys.path.insert(0, "")
import chaos, diya_start
with diya_start.our_names():
    import reports.render.view as ours
    from harness.pytest_plugin import run
    assert "harness.pytest_plugin.run" in sys.modules
assert "harness.pytest_plugin.run" not in sys.modules and "reports" not in sys.modules
import reports.daily, chaos as again, harness
assert again is chaos and chaos.OWNER == harness.OWNER == "the repository"
with diya_start.our_names():
    import reports.render.view
    assert reports.render.view is ours and not hasattr(reports, "daily")
print(reports.render.view.Result, sys.modules["reports"].daily.TITLE)
"""
    ours = {"PYTHONPATH": str(command.ROOT)}
    assert python(theirs, sys.executable, "-P", "-c", code, **ours).endswith(" today")


def test_diyas_modules_stay_imported_without_a_collision(tmp_path: Path) -> None:
    code = """
import sys, diya_start
before = list(sys.meta_path)
with diya_start.our_names():
    import reports.render.view as ours
import reports.render.view
assert reports.render.view is ours and sys.meta_path == before
"""
    python(tmp_path, sys.executable, "-P", "-c", code, PYTHONPATH=str(command.ROOT))
