"""However a run ends, nothing of it is left, and what was recorded can be judged."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.harness import command

QUICK_S = 5.0


def begun(out: Path, moment: str) -> tuple[subprocess.Popen[str], str, list[int]]:
    """A run that has come to `moment`, its id, and the ports its replicas have."""
    process = command.start("readiness", *command.TINY, *command.ONE_KILL, "--out", str(out))
    command.wait_until(lambda: any(out.glob("*/run.json")), 20, "the run begins")
    run_dir = command.only_run(out)
    if moment == "start":
        command.wait_until(lambda: any(run_dir.glob("logs/r03.log")), 20, "replicas start")
    else:
        command.wait_until(lambda: command.turns_recorded(out) >= 10, 60, "turns are played")
    run_id = json.loads((run_dir / "run.json").read_text())["run_id"]
    envoy = json.loads((run_dir / "envoy.json").read_text()) if moment == "load" else {}
    return process, run_id, _ports(envoy)


@pytest.mark.parametrize("moment", ["start", "load"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_and_the_run_can_be_judged(
    tmp_path: Path, moment: str, signum: signal.Signals
) -> None:
    process, run_id, ports = begun(tmp_path, moment)
    process.send_signal(signum)
    command.wait_until(lambda: command.nothing_left(run_id), QUICK_S, "everything has ended")
    _, stderr = process.communicate(timeout=QUICK_S)
    if signum != signal.SIGKILL:
        assert process.returncode == 105, stderr
        assert "Traceback" not in stderr
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, f"port {port} still answers"
    judged = command.run("report", str(command.only_run(tmp_path)))
    assert judged.returncode == 75, judged.stdout + judged.stderr
    assert "INCONCLUSIVE" in judged.stdout


def test_the_password_of_redis_stands_in_no_argument_record_or_log(tmp_path: Path) -> None:
    process, run_id, _ = begun(tmp_path, "load")
    run_dir = command.only_run(tmp_path)
    config = (run_dir / "redis" / "redis.conf").read_text()
    (password,) = (
        line.split()[1].strip('"') for line in config.splitlines() if line.startswith("requirepass")
    )
    arguments = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    process.send_signal(signal.SIGINT)
    said = "".join(process.communicate(timeout=QUICK_S))
    assert command.nothing_left(run_id)
    command.run("report", str(run_dir))
    assert password not in arguments.stdout
    assert password not in said
    files = [path for path in run_dir.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert password.encode() not in path.read_bytes(), path


def test_ctrl_c_ends_diya_up_and_leaves_nothing(tmp_path: Path) -> None:
    process = command.start("up", "--replicas", "2", "--redis", "bundled")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    assert lines[0].startswith("balancer"), lines
    port = int(lines[0].rsplit(":", 1)[1])
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=QUICK_S)
    assert process.returncode == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def _ports(envoy: object) -> list[int]:
    """Every port that stands in the balancer's configuration: its own and the replicas'."""
    if isinstance(envoy, dict):
        own = [envoy["port_value"]] if isinstance(envoy.get("port_value"), int) else []
        return own + [port for value in envoy.values() for port in _ports(value)]
    if isinstance(envoy, list):
        return [port for value in envoy for port in _ports(value)]
    return []
