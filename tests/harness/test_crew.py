"""The load over several processes: what is lost is accounted, inconclusive, and leaves nothing."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from chaos.guardian import carriers
from tests.harness import command


def _begun(out: Path, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    quiet = ("--experiment", "none", "--out", str(out))
    process = command.start("readiness", *command.TINY, *quiet, *arguments)
    command.wait_until(lambda: command.turns_recorded(out) >= 10, 60, "turns are played")
    return process, json.loads((command.only_run(out) / "run.json").read_text())["run_id"]


def _locusts(run_id: str, kind: str) -> list[int]:
    return [pid for pid in sorted(carriers(run_id)) if kind in psutil.Process(pid).cmdline()]


def _failed(out: Path) -> set[str]:
    result: dict[str, Any] = json.loads((command.only_run(out) / "result.json").read_text())
    return {gate["name"] for gate in result["gates"] if gate["status"] == "fail"}


def test_a_killed_worker_makes_the_run_inconclusive_with_the_reason(tmp_path: Path) -> None:
    process, run_id = _begun(tmp_path, "--workers", "3")
    workers = _locusts(run_id, "--worker")
    assert len(workers) == 3
    psutil.Process(workers[1]).kill()
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 75, output + errors
    assert {"validity.workers", "validity.arrivals"} <= _failed(tmp_path)
    assert "unaccounted" not in output or "0 unaccounted" in output
    assert command.nothing_left(run_id)


def test_a_killed_master_makes_the_run_inconclusive_and_leaves_no_worker(tmp_path: Path) -> None:
    process, run_id = _begun(tmp_path, "--workers", "2")
    (master,) = _locusts(run_id, "--master")
    psutil.Process(master).kill()
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 75, output + errors
    assert "validity.complete" in _failed(tmp_path)
    assert command.nothing_left(run_id)


def test_workers_join_a_master_and_the_run_comes_to_its_verdict(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    address = f"127.0.0.1:{port}"
    joined = command.start("readiness", "--join", address, "--workers", "2")
    process, run_id = _begun(tmp_path, "--master", "--bind", address, "--workers", "2")
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 0, output + errors
    said, complaints = joined.communicate(timeout=30)
    assert joined.returncode == 0, said + complaints
    assert command.nothing_left(run_id)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--workers", "0"], "--workers 0: a number from 1 to 256 was expected"),
        (["--bind", "127.0.0.1"], "--bind 127.0.0.1: only a --master can be joined"),
        (["--join", "http://h/"], "--join http://h/: HOST or HOST:PORT was expected"),
        (["--join", "h:80"], "--join h:80: HOST or HOST:PORT was expected, port 1024 to 65535"),
        (["--master", "--bind", "10.0.0.1"], "--bind 10.0.0.1: workers of other machines cannot"),
    ],
)
def test_options_that_cannot_be_are_refused_with_one_sentence(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    finished = command.run("readiness", *arguments, "--out", str(tmp_path))
    assert finished.returncode == 104
    assert finished.stderr.startswith(f"diya: {sentence}")
