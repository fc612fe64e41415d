"""The simulator is pure: it opens no connection, starts no process, and never waits."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import command

ROOM = command.ROOT / "loadtests" / "simulation"
FORBIDDEN = {
    *("socket", "subprocess", "gevent", "locust", "asyncio", "threading", "multiprocessing"),
    *("google", "redis", "psutil", "time", "datetime", "selectors", "signal"),
}


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_no_module_imports_what_acts_on_the_world(path: Path) -> None:
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    assert not found & FORBIDDEN


@pytest.mark.service
def test_importing_the_simulator_loads_neither_the_service_nor_the_load_generator() -> None:
    names = [path.stem for path in ROOM.glob("*.py") if path.stem != "__init__"]
    lines = [f"import loadtests.simulation.{name}" for name in names]
    lines.append("import sys; print(*{m.split('.')[0] for m in sys.modules})")
    finished = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=True,
        cwd=command.ROOT,
    )
    heavy = {"gevent", "locust", "google", "redis", "numpy", "asyncio", "starlette"}
    assert not set(finished.stdout.split()) & heavy
