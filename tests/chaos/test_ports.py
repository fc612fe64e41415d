from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chaos.errors import ChaosConfigError
from chaos.fleet.ports import ensure_free, free_port

pytestmark = pytest.mark.service


def test_a_free_port_is_below_the_ephemeral_range() -> None:
    kernel = Path("/proc/sys/net/ipv4/ip_local_port_range")
    low = int(kernel.read_text().split()[0]) if kernel.exists() else 49_152
    assert 1024 < free_port() < max(low, 17_000)


def test_the_same_port_is_never_handed_out_twice() -> None:
    ports = [free_port() for _ in range(200)]
    assert len(set(ports)) == 200


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(ChaosConfigError, match=f"port {port} on 127.0.0.1 is in use"):
            ensure_free(port)


def test_a_port_that_was_just_given_back_is_free() -> None:
    port = free_port()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        with socket.create_connection(("127.0.0.1", port)) as client:
            server_side, _ = listener.accept()
            server_side.close()  # closes first: this end goes to TIME_WAIT
            client.recv(1)
    ensure_free(port)


def test_a_port_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ChaosConfigError, match="a port must be from 1 to 65535, got 70000"):
        ensure_free(70_000)


TAKE = """
import subprocess, sys
from chaos.fleet.ports import free_port
ports = [free_port() for _ in range(int(sys.argv[1]))]
child = subprocess.Popen(["sleep", "60"], close_fds=False)
print(child.pid, *ports, flush=True)
sys.stdin.read()
"""


@contextmanager
def another_run(ports: int) -> Iterator[subprocess.Popen[str]]:
    """A process that has so many ports, and a child that outlives it; nobody listens on them."""
    with subprocess.Popen(
        [sys.executable, "-c", TAKE, str(ports)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    return [int(word) for word in process.stdout.readline().split()]


def test_two_runs_side_by_side_never_have_the_same_port() -> None:
    # By chance alone, of so many of them some thirty would be the same.
    with another_run(200) as a, another_run(200) as b, another_run(200) as c, another_run(200) as d:
        taken = [told(process) for process in (a, b, c, d)]
        ports = [free_port() for _ in range(200)]
        for child, *theirs in taken:
            os.kill(child, 9)
            ports += theirs
        assert len(set(ports)) == len(ports) == 1000


def test_a_port_of_another_run_is_not_free_until_that_has_died_however_it_dies() -> None:
    with another_run(1) as process:
        child, port = told(process)
        with pytest.raises(ChaosConfigError, match=f"port {port} on 127.0.0.1 is in use"):
            ensure_free(port)
        process.kill()
        process.wait()
        began = time.monotonic()
        ensure_free(port)  # although a child of it goes on
        os.kill(child, 9)
        assert time.monotonic() - began < 5.0


def test_a_child_inherits_no_file_of_a_reserved_port() -> None:
    code = """
import subprocess
from chaos.fleet.ports import free_port
free_port()
subprocess.run(["ls", "-l", "/dev/fd/"], close_fds=False, check=True)
"""
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "diya-ports" not in finished.stdout


def test_a_file_of_another_user_is_named(tmp_path: Path) -> None:
    (tmp_path / f"diya-ports-{os.getuid()}").symlink_to(tmp_path / "somewhere")
    finished = subprocess.run(
        [sys.executable, "-c", TAKE, "1"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"ChaosError: {tmp_path}/diya-ports-{os.getuid()}: " in finished.stderr
    assert "must be a file of this user that can be locked" in finished.stderr
    assert not (tmp_path / "somewhere").exists()
