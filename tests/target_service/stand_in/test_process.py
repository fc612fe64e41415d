"""The stand-in as a process: its start, its end, and the options that it refuses."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.harness.command import ROOT
from tests.target_service.stand_in.servers import Process
from tests.target_service.stand_in.test_server import ASKED, GENERATE, STREAM

pytestmark = pytest.mark.service


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order_while_a_reply_is_under_way(
    tmp_path: Path, number: signal.Signals
) -> None:
    log = tmp_path / "calls.jsonl"
    with Process("--latency", "0,0.1,0", "--log", str(log)) as server:
        connection = server.connect()
        connection.request("POST", f"{STREAM}?alt=sse", json.dumps(ASKED))
        assert connection.getresponse().status == 200
        begun = time.monotonic()
        code, errors = server.end(number)
        assert (code, errors) == (0, "")
        assert time.monotonic() - begun < 20
        connection.close()
    (line,) = log.read_text().splitlines()
    assert json.loads(line)["done"] is None


def test_it_writes_the_token_only_when_it_drew_it() -> None:
    with Process() as server:
        assert len(server.token) >= 24
    with Process(env={"DIYA_MODEL_TOKEN": "given"}) as server:
        assert server.token == ""
        server.token = "given"
        assert server.calls() == []


def test_it_imports_neither_adk_nor_its_client() -> None:
    code = (
        "import sys, target_service.stand_in.__main__;"
        "print(*{m.split('.')[1] for m in sys.modules if m.startswith('google.')});"
        "print(*{'reports', 'harness', 'chaos', 'loadtests', 'pydantic'} & set(sys.modules))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert finished.stdout.split() == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--latency", "fast"], "--latency: must be none, quick, "),
        (["--bind", "8080"], "--bind: must be HOST:PORT, got '8080'"),
        (["--bind", "127.0.0.1:99999"], "--bind: must be HOST:PORT"),
        (["--bind", "192.0.2.1:0"], "--bind 192.0.2.1:0: must be free to listen at"),
        (["--log", "/no/such/folder/log"], "--log: /no/such/folder/log: must be a file to write"),
        (["--quota", "many"], "--quota: must be "),
        (["--origin", "nan"], "--origin: must be a Unix time"),
        (["--tools", "a b"], "--tools: must be `dry`, `all`, or names of tools"),
        (["--script", "/no/such.json"], "cannot read the script /no/such.json: No such file"),
        (["--replay", "/no/such"], "cannot read the recording /no/such/replies.jsonl"),
        (["--record-from", "http://x"], "--record-from http://x: must come with --record DIR"),
    ],
)
def test_an_option_that_cannot_be_used_is_one_sentence(options: list[str], sentence: str) -> None:
    finished = refused(*options)
    assert finished.returncode == 104
    assert finished.stderr.startswith(f"diya: config: {sentence}")
    assert finished.stderr.count("\n") == 1


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        finished = refused("--bind", f"127.0.0.1:{taken.getsockname()[1]}")
    assert finished.returncode == 104
    assert "must be free to listen at: Address already in use" in finished.stderr


def refused(*options: str) -> subprocess.CompletedProcess[str]:
    """The process that ended by itself."""
    return subprocess.run(
        [sys.executable, "-m", "target_service.stand_in", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_disk_that_takes_no_more_ends_the_log_and_not_the_server() -> None:
    with Process("--log", "/dev/full", "--latency", "none") as server:
        for _ in range(3):
            assert server.ask("POST", GENERATE, ASKED).status == 200
        assert len(server.calls()) == 3
        code, errors = server.end()
    assert code == 0
    assert errors.count("the log of the calls ends here") == 1


def test_an_address_of_every_network_is_told_as_this_machines() -> None:
    with Process("--bind", "0.0.0.0:0") as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert server.ask("GET", "/_diya/health").status == 200
