"""The packages that the command line and the rooms may not pull in."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from tests.harness import command
from tests.harness.rooms import COMMANDS, ROOMS, imported

CONTAINERS = sorted((command.ROOT / "chaos" / "containers").rglob("*.py"))
GEVENT_HOMES = {
    "locustfile.py",
    "client.py",
    "connections.py",
    "kept_token.py",
    "player.py",
    "rehearsal.py",
    "rehearse.py",
    "response.py",
    "stream.py",
    "master.py",
    "worker.py",
}


def test_gevent_and_locust_live_where_the_load_is_played_only() -> None:
    for path in command.ROOT.glob("loadtests/**/*.py"):
        heavy = {name.split(".")[0] for name in imported(path)} & {
            "gevent",
            "locust",
            "geventhttpclient",
        }
        assert not heavy or path.name in GEVENT_HOMES, f"{path.name} imports {heavy}"


@pytest.mark.service
def test_the_command_line_leaves_the_heavy_packages_out() -> None:
    code = (
        "import sys, harness.cli;"
        "from harness.commands import demo, profile, readiness, report, up;"
        "print(*{m.split('.')[0] for m in sys.modules} & {'gevent', 'locust', 'numpy'});"
        "print('google.adk' in sys.modules)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=command.ROOT
    )
    assert finished.stdout.split() == ["False"]


NOT_NEEDED = ("pytest", "_pytest", "docker", "testcontainers", "kr8s", "kubernetes")
"""Extras: every command must work without them."""
WITHOUT_THEM = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1].split(","):
            raise ModuleNotFoundError(f"{name} is blocked", name=name)

sys.meta_path.insert(0, Missing())
"""


def without_extras(code: str) -> subprocess.CompletedProcess[str]:
    """Python code in a fresh interpreter that cannot import the packages of the extras."""
    command_line = [sys.executable, "-c", WITHOUT_THEM + code, ",".join(NOT_NEEDED)]
    return subprocess.run(
        command_line, capture_output=True, text=True, check=False, cwd=command.ROOT, timeout=100
    )


@pytest.mark.service
@pytest.mark.parametrize("name", NOT_NEEDED)
def test_the_blocked_packages_are_really_blocked(name: str) -> None:
    finished = without_extras(f"import {name}")
    assert finished.returncode == 1
    assert f"{name} is blocked" in finished.stderr


@pytest.mark.service
def test_every_command_is_imported_without_the_packages_of_the_extras() -> None:
    lines = [f"import harness.commands.{name}" for name in COMMANDS]
    finished = without_extras("\n".join([*lines, "import harness.error_exit, harness.log"]))
    assert finished.returncode == 0, finished.stderr


@pytest.mark.service
def test_every_command_tells_its_help_without_the_packages_of_the_extras() -> None:
    finished = without_extras(
        "from harness import cli, parser\n"
        "commands = parser.build()._subparsers._group_actions[0].choices\n"
        "for name in commands:\n"
        "    try:\n"
        "        cli.main([name, '--help'])\n"
        "    except SystemExit as ended:\n"
        "        assert not ended.code, name\n"
        "print(*commands)"
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines()[-1].split() == list(COMMANDS)
    for name in COMMANDS:
        assert f"usage: diya {name}" in finished.stdout


def test_pytest_and_docker_are_imported_by_the_plugin_and_the_containers_only() -> None:
    homes = {
        "pytest": {
            "harness/pytest_plugin/fixture.py",
            "harness/pytest_plugin/settings.py",
            "pytest_diya.py",
        },
        "docker": {path.relative_to(command.ROOT).as_posix() for path in CONTAINERS},
        "testcontainers": {path.relative_to(command.ROOT).as_posix() for path in CONTAINERS},
    }
    for path in (p for room in ROOMS for p in (command.ROOT / room).rglob("*.py")):
        owners = {name.partition(".")[0] for name in imported(path)}
        for package, where in homes.items():
            place = path.relative_to(command.ROOT).as_posix()
            assert package not in owners or place in where, f"{place} imports {package}"


@pytest.mark.service
def test_help_comes_at_once() -> None:
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert command.run("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # Of the processor, and the best of five: the promise is about the program, not about a machine
    # that others keep busy.
    assert min(seconds() for _ in range(5)) < 0.3
