"""The rooms: who may import whom, and what the command line may not pull in."""

from __future__ import annotations

import ast
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import command

ROOMS = ("target_service", "loadtests", "chaos", "reports", "harness")
MAY_IMPORT = {
    "target_service": set[str](),
    "loadtests": {"reports.records"},
    "chaos": {"reports.records"},
    "reports": set[str](),
    "harness": {
        "chaos",
        "reports",
        "loadtests.profile",
        "loadtests.ledger",
        "loadtests.forecast",
        "loadtests.journeys",
        "loadtests.peak",
        "loadtests.target",
    },
}
GEVENT_HOMES = {
    "locustfile.py",
    "client.py",
    "connections.py",
    "player.py",
    "rehearsal.py",
    "rehearse.py",
    "stream.py",
    "master.py",
    "worker.py",
}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, in full; `from a import b` counts as `a.b` too."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    files = list((command.ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        for module in imported(path):
            owner = module.split(".")[0]
            if owner not in ROOMS or owner == room:
                continue
            allowed = any(
                module == each or module.startswith(each + ".") or each.startswith(module)
                for each in MAY_IMPORT[room]
            )
            assert allowed, f"{path.relative_to(command.ROOT)} imports {module}"


def test_gevent_and_locust_live_where_the_load_is_played_only() -> None:
    for path in command.ROOT.glob("loadtests/**/*.py"):
        heavy = {name.split(".")[0] for name in imported(path)} & {
            "gevent",
            "locust",
            "geventhttpclient",
        }
        assert not heavy or path.name in GEVENT_HOMES, f"{path.name} imports {heavy}"


def test_the_command_line_leaves_the_heavy_packages_out() -> None:
    code = (
        "import sys, harness.cli, harness.readiness, harness.report, harness.demo, harness.up;"
        "import harness.profiles;"
        "print(*{m.split('.')[0] for m in sys.modules} & {'gevent', 'locust', 'numpy'});"
        "print('google.adk' in sys.modules)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=command.ROOT
    )
    assert finished.stdout.split() == ["False"]


def test_help_comes_at_once() -> None:
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert command.run("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # Of the processor, and the best of five: the promise is about the program, not about a machine
    # that others keep busy.
    assert min(seconds() for _ in range(5)) < 0.3
