"""A whole run at a target that somebody else breaks, and marks: by HTTP, by command, and later."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from chaos.fleet.ports import free_port
from harness.run.marks.mark_server import TOKEN_VARIABLE
from reports.records import FaultMark
from tests.harness import command, plain_adk
from tests.loadtests.recorded import records

pytestmark = [pytest.mark.run, pytest.mark.slow]

TOKEN = "the-token-of-another-tool"
STALL_S = 1.5


def listener(port: int) -> int:
    """The process that listens on this port."""
    return next(
        each.pid
        for each in psutil.net_connections("tcp4")
        if each.status == psutil.CONN_LISTEN and each.laddr[1:] == (port,) and each.pid
    )


def post(url: str, edge: str, name: str) -> None:
    body = json.dumps({"edge": edge, "name": name}).encode()
    request = urllib.request.Request(url, body, {"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=20) as response:
        assert response.status == 200


class Played:
    """The run, its output, and what the command answered during it and after it."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "out"
        log, port = folder / "adk.log", free_port()
        with plain_adk.serving("memory://", log) as target:
            self._process = command.start(
                *("readiness", "--profile", str(command.HERE / "tiny.toml"), "--target", target),
                *("--slo", f"steady_p99_s={STALL_S / 3:g}", "--marks", str(port)),
                *("--out", str(self.out)),
            )
            command.wait_until(lambda: command.turns_recorded(self.out) >= 5, 60, "load begins")
            self.run_dir = command.only_run(self.out)
            url = f"http://127.0.0.1:{port}/marks"
            server = listener(int(target.rpartition(":")[2]))
            post(url, "begin", "stall")
            os.kill(server, signal.SIGSTOP)
            time.sleep(STALL_S)  # the length of the fault itself
            os.kill(server, signal.SIGCONT)
            post(url, "end", "stall")
            self.drill = [self._mark(edge, "drill") for edge in ("begin", "end")]
            self.stdout, self.stderr = self._process.communicate(timeout=100)
        self.late = self._mark("begin", "late")
        self.result: dict[str, Any] = json.loads((self.run_dir / "result.json").read_text())

    def _mark(self, edge: str, name: str) -> subprocess.CompletedProcess[str]:
        return command.run("mark", edge, name, "--run", str(self.run_dir))

    @property
    def faults(self) -> dict[str, dict[str, Any]]:
        return {fault["id"]: fault for fault in self.result["faults"]}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TOKEN_VARIABLE, TOKEN)
        yield Played(tmp_path_factory.mktemp("marked"))


def test_a_fault_of_another_tool_gets_its_row_and_its_recovery(played: Played) -> None:
    assert [command.returncode for command in played.drill] == [0, 0]
    assert list(played.faults) == ["stall", "drill"]
    stall = played.faults["stall"]
    assert stall["declared"] == "marked"
    assert stall["downtime_s"] >= STALL_S
    assert stall["disturbed_turns"] > 0
    assert stall["worst_outage_s"] >= STALL_S / 3
    gates = {(gate["name"], gate["phase"]): gate["status"] for gate in played.result["gates"]}
    assert gates["recovery.time", "fault:stall"] == "pass"
    assert gates["validity.faults", "run"] == "pass"
    assert gates["validity.aftermath", "run"] == "pass"


def test_the_screen_and_the_progress_say_that_faults_were_marked(played: Played) -> None:
    assert "2 faults declared, not verified" in played.stdout
    assert "mark: begin stall at" in played.stderr
    assert "mark: end drill at" in played.stderr


def test_the_marks_have_the_times_of_the_run(played: Played) -> None:
    edges = [(mark.name, mark.edge) for mark in records(played.run_dir, FaultMark)]
    assert edges == [(name, edge) for name in ("stall", "drill") for edge in ("begin", "end")]
    timeline = played.result["timeline"]
    for fault in played.faults.values():
        assert timeline["load_start"] < fault["start"] < fault["end"] < timeline["load_end"]


def test_the_run_that_has_ended_takes_no_mark(played: Played) -> None:
    assert played.late.returncode == 104
    assert "the run has ended and takes no more marks" in played.late.stderr


def test_the_token_of_the_tool_is_in_nothing_that_is_left(played: Played) -> None:
    files = [path for path in played.out.rglob("*") if path.is_file()]
    assert not [path for path in files if TOKEN.encode() in path.read_bytes()]
    assert TOKEN not in played.stdout + played.stderr


def test_a_later_report_agrees_and_takes_windows_beside_the_marks(
    played: Played, tmp_path: Path
) -> None:
    again = command.run("report", str(played.run_dir))
    assert again.returncode == played.result["exit_code"]
    assert json.loads((played.run_dir / "result.json").read_text()) == played.result
    start = played.result["timeline"]["load_start"]
    file = tmp_path / "tool.csv"
    file.write_text(f"name,start,end\nearly,{start + 0.1},{start + 0.3}\n")
    command.run("report", str(played.run_dir), "--windows", str(file))
    result = json.loads((played.run_dir / "result.json").read_text())
    assert [(fault["id"], fault["declared"]) for fault in result["faults"]] == [
        ("early", "tool.csv"),
        ("stall", "marked"),
        ("drill", "marked"),
    ]
