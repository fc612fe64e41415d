"""Only the files of a package get into an image, even if its folders hold others.

No engine is needed: the files of a context are listed, those of ours by its own function and those
of a .dockerignore by Docker's Python client.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from chaos.containers import service_image
from tests.harness import command

pytestmark = pytest.mark.service

exclude_paths = pytest.importorskip("docker.utils.build").exclude_paths

SAMPLE = command.ROOT / "tests" / "sample_repo"
ROOMS = service_image._ROOMS
LEFT = (
    *(".adk/session.db", ".env", ".env.local", ".git/config", ".idea/workspace.xml"),
    *(".vscode/settings.json", ".venv/lib/site.py", "venv/lib/site.py", "venv/__init__.py"),
    *("__pycache__/agent.cpython-311.pyc", "key.pem", "tls.key", "sessions.db", "notes.sqlite3"),
    *("service-account.json", "credentials.json", "agent.py~", "agent.py.swp", "debug.log"),
    *(".adk/__init__.py", ".adk/agent.py", ".DS_Store", ".hidden.py"),
)
"""Files that editors, tools and ADK's server leave in the folder of an agent."""
UNPACKAGED = ("notes.txt", "secrets.toml", "dump.json", "venv/lib/python/site.py")
"""Files that only a list of everything that belongs there leaves out."""


def litter(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a customer's message")


def context(folder: Path) -> set[str]:
    """The files that a .dockerignore lets into the context."""
    lines = (folder / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    return {name for name in exclude_paths(str(folder), patterns) if (folder / name).is_file()}


def ours(*folders: str) -> set[str]:
    if not (command.ROOT / ".git").exists():
        pytest.skip("these sources are no clone: nothing says which files belong to them")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders],
        cwd=command.ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    )
    return {name for name in listed.stdout.splitlines() if not name.endswith(".md")}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Our packages, with stray files in each of their folders."""
    for room in ROOMS:
        shutil.copytree(command.ROOT / room, tmp_path / room)
        for folder in [
            tmp_path / room,
            *(p.parent for p in (tmp_path / room).rglob("__init__.py")),
        ]:
            litter(
                folder, tuple(name for name in (*LEFT, *UNPACKAGED) if name != "venv/__init__.py")
            )
    for name in (".dockerignore", "constraints.txt", ".env", "key.pem"):
        if (command.ROOT / name).is_file():
            shutil.copy(command.ROOT / name, tmp_path / name)
        else:
            (tmp_path / name).write_text("secret")
    return tmp_path


def test_the_image_that_diya_builds_holds_the_packages_alone(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_image, "_TOP", sources)
    assert set(service_image._context()) == {*ours(*ROOMS), "Dockerfile", "constraints.txt"}


def test_the_image_built_by_hand_holds_the_same(sources: Path) -> None:
    assert context(sources) - {".dockerignore"} == {*ours(*ROOMS), "constraints.txt"}


def test_the_image_of_an_agent_holds_the_agent_alone(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    litter(folder, LEFT)
    litter(folder / "concierge", LEFT)
    litter(folder / "concierge" / "tools", ("__init__.py", "orders.py", *LEFT))
    assert context(folder) - {".dockerignore", "Dockerfile"} == {
        *("concierge/__init__.py", "concierge/agent.py"),
        *("concierge/tools/__init__.py", "concierge/tools/orders.py"),
    }
