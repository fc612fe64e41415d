"""`--diya-env target`: the plugin drives a running server, and judges it by its API."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.harness import command
from tests.harness.pytest_plugin import repository

TOKEN = "t0ken-of-the-target"
TTL_S = 5
"""As the tiny profile's."""
TESTS = f"""
TINY = {repository.TINY!r}

@pytest.mark.readiness(profile=TINY, ttl={TTL_S}, token_env="TARGET_TOKEN")
def test_whose_ttl_is_known(readiness):
    with readiness.running() as run:
        pass
    run.expect("continuity == 100%")
    run.expect("resurrected == 0")
    run.expect("p99 < 10s")
    run.expect("verdict == GO")

@pytest.mark.readiness(profile=TINY)
def test_whose_ttl_is_not_known(readiness):
    with readiness.running() as run:
        pass
    run.expect("continuity == 100%")
    run.expect("verdict == GO")
    run.expect("resurrected == 0")
"""
ELSEWHERE = f"""
@pytest.mark.readiness(profile={repository.TINY!r})
def test_elsewhere(readiness):
    with readiness.running() as run:
        pass
    run.expect("continuity == 100%")
"""


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    """A fleet behind a token, that pytest has not started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIYA_TOKEN", TOKEN)
        fleet = command.start("up", "--replicas", "2", "--redis", "bundled", "--ttl", str(TTL_S))
    try:
        assert fleet.stdout is not None
        yield fleet.stdout.readline().split()[1]
    finally:
        fleet.terminate()
        fleet.communicate(timeout=20)


@contextlib.contextmanager
def elsewhere(target: str) -> Iterator[str]:
    """The target at an address of this machine that is not loopback."""
    host = next(
        (
            each.address
            for addresses in psutil.net_if_addrs().values()
            for each in addresses
            if each.family == socket.AF_INET and not ipaddress.ip_address(each.address).is_loopback
        ),
        None,
    )
    if host is None:
        pytest.skip("this machine has no address but loopback")
    port = int(target.rpartition(":")[2])

    def pump(source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                to.sendall(data)
        for each in (source, to):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                opened.extend((client, server))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

    opened: list[socket.socket] = []
    with socket.create_server((host, 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://{host}:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        for each in opened:
            each.close()


@pytest.mark.run
def test_continuity_is_proved_at_a_target_and_missing_evidence_does_not_count(
    tmp_path: Path, target: str
) -> None:
    repository.write(tmp_path, TESTS)
    (tmp_path / "pytest.ini").write_text(
        f"[pytest]\ndiya_target = {target}\ndiya_token_env = TARGET_TOKEN\n"
    )
    finished = repository.pytest(tmp_path, "-n", "2", TARGET_TOKEN=TOKEN)
    said = finished.stdout
    assert "PASSED test_it.py::test_whose_ttl_is_known" in said, said
    assert "expected resurrected == 0: not known resurrected" in said
    for line in ("continuity == 100%: ", "verdict == GO: "):
        assert f"AssertionError: expected {line}" not in said, said
    runs = [json.loads(path.read_text()) for path in tmp_path.glob("runs/*/run.json")]
    assert [(run["target"], run["token_env"]) for run in runs] == [(target, "TARGET_TOKEN")] * 2
    assert {run["ttl_known"] for run in runs} == {True, False}


@pytest.mark.run
def test_a_target_on_another_machine_needs_permission(tmp_path: Path, target: str) -> None:
    repository.write(tmp_path, ELSEWHERE)
    with elsewhere(target) as address:
        at = ("--diya-target", address, "--diya-token-env", "TARGET_TOKEN", "--diya-ttl", "5")
        refused = repository.pytest(tmp_path, *at, TARGET_TOKEN=TOKEN).stdout
        assert f"PlanError: --diya-target {address}: it is not on this machine" in refused, refused
        assert "only with --diya-authorised, by which you say that you may" in refused
        assert not list(tmp_path.glob("runs/*"))
        passed = repository.pytest(tmp_path, *at, "--diya-authorised", TARGET_TOKEN=TOKEN)
    assert repository.passed_or_late(passed.stdout, "test_elsewhere"), passed.stdout


@pytest.mark.service
def test_faults_at_a_target_are_refused_with_the_alternative(tmp_path: Path) -> None:
    repository.write(tmp_path, repository.THE_ISSUES)
    said = repository.pytest(tmp_path, "--diya-target", "http://127.0.0.1:1").stdout
    assert (
        "PlanError: run.restart: faults need a fleet that diya starts, and --diya-target is not; "
        "it must be --diya-env process or containers"
    ) in said
    assert not list(tmp_path.glob("runs/*"))
