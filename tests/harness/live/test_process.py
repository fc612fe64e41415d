"""The process that shows a run: what it answers, when it ends, and that it harms no run."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from chaos.fleet.ports import free_port
from harness.live.messages import Address
from harness.live.options import Watching
from harness.live.watcher import Watcher
from reports.records import FaultMark, FaultWindow
from tests.harness.command import ROOT, wait_until
from tests.harness.live.a_process import Played, shown
from tests.harness.live.collector import collector

pytestmark = [pytest.mark.service, pytest.mark.slow]

GO = ROOT / "tests" / "reports" / "fixtures" / "go.json"


def get(url: str, **headers: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def state(played: Played, after: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(get(f"{played.ready.page}state?after={after}"))
    return answer


def test_the_page_follows_a_run_from_its_start_to_its_verdict(tmp_path: Path) -> None:
    with shown(tmp_path) as played:
        played.watcher.said("3 replicas ready")
        wait_until(lambda: "3 replicas ready" in state(played)["strip"], 30, "a line")
        assert state(played)["title"] == "diya: starting"
        assert "The report begins with the load." in get(str(played.ready.page))

        played.begin()
        played.watcher.shown(20.0, "hold", "kill-redis-1", 61.0)
        wait_until(lambda: "RUNNING" in state(played)["title"], 60, "the first report")
        strip = state(played)["strip"]
        for said in ("hold", "1:01 left", "kill-redis-1", "<dd>60</dd>", "<dd>7</dd>"):
            assert said in strip, said
        assert state(played)["kind"] == "running"

        played.write(FaultWindow("kill-redis-1", "kill-redis", "redis", 20, 22, 22, False))
        played.watcher.shown(22.0, "hold", None, 59.0)
        wait_until(lambda: "INCONCLUSIVE SO FAR" in state(played)["title"], 60, "its failure")
        assert any("did not take hold" in part for part in state(played)["parts"])

        result = {**json.loads(GO.read_text()), "name": played.run_dir.name}
        (played.run_dir / "result.json").write_text(json.dumps(result))
        farewell = played.watcher.end(judged=True)
        assert farewell is not None
        assert farewell.unsent_spans == 0


def test_a_page_that_is_open_sees_the_verdict_before_the_process_ends(tmp_path: Path) -> None:
    with shown(tmp_path, metrics=False) as played:
        played.begin()
        reader = reading(played)
        (played.run_dir / "result.json").write_text(GO.read_text())
        played.watcher.end(judged=True)
        seen, _ = reader.communicate(timeout=30)
        assert seen.strip().splitlines()[-1].startswith("GO ")


def reading(played: Played) -> subprocess.Popen[str]:
    """A process that asks as the page does, and prints the title of the last state."""
    reader = subprocess.Popen(
        [sys.executable, "-c", _READER, str(played.ready.page), state(played)["version"]],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "open\n"
    return reader


_READER = """
import json, sys, time, urllib.request
url, version = sys.argv[1:]
print("open", flush=True)
while True:
    answer = urllib.request.urlopen(f"{url}state?after={version}", timeout=10)
    state = json.load(answer)
    version = state["version"]
    if state["over"]:
        print(state["title"], flush=True)
        break
    time.sleep(0.5)
"""


def test_a_fault_that_another_tool_marks_is_shown_in_progress(tmp_path: Path) -> None:
    with shown(tmp_path) as played:
        played.begin()
        played.watcher.shown(20.0, "hold", "kill-redis-1", 61.0)
        played.write(FaultMark(21.0, "pod-kill", "begin", "agent-3"))
        wait_until(lambda: "kill-redis-1 + pod-kill" in state(played)["strip"], 30, "the mark")
        series = 'diya_run_fault_in_progress{fault="pod-kill"} 1.0'
        assert series in get(str(played.ready.metrics))
        played.write(FaultMark(22.0, "pod-kill", "end"))
        wait_until(lambda: "pod-kill" not in state(played)["strip"], 30, "its end")
        assert series not in get(str(played.ready.metrics))


def test_a_state_that_the_page_has_is_sent_without_its_report(tmp_path: Path) -> None:
    with shown(tmp_path, metrics=False) as played:
        first = state(played)
        assert "parts" in first
        assert "parts" not in state(played, first["version"])


def test_only_this_machine_reads_the_page_under_a_local_name(tmp_path: Path) -> None:
    with shown(tmp_path) as played:
        url = str(played.ready.page)
        assert url.startswith("http://127.0.0.1:")
        port = int(url.rstrip("/").rpartition(":")[2])
        listening = {
            each.laddr.ip
            for each in psutil.Process(played.watcher.pid).net_connections("tcp")
            if each.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
        for host in (f"localhost:{port}", f"[::1]:{port}", "127.0.0.1"):
            assert get(url, Host=host)
        for host in ("evil.test", f"evil.test:{port}", ""):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                get(url, Host=host)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(f"{url}turns.jsonl")


def test_the_process_ends_with_a_run_that_is_killed(tmp_path: Path) -> None:
    with shown(tmp_path) as played:
        process = psutil.Process(played.watcher.pid)
        copies = Path(tempfile.gettempdir())
        played.begin()
        wait_until(lambda: "RUNNING" in state(played)["title"], 60, "the first report")
        assert list(copies.glob(f"diya-live-{process.pid}-*"))
        played.watcher.hang_up()
        process.wait(30)
        assert not list(copies.glob(f"diya-live-{process.pid}-*"))


def test_the_process_ends_with_a_run_that_is_killed_in_the_middle_of_a_line(tmp_path: Path) -> None:
    with shown(tmp_path) as played:
        process = psutil.Process(played.watcher.pid)
        os.write(played.watcher._lines.fileno(), b'{"type":"sta')
        played.watcher.hang_up()
        process.wait(30)


def test_signals_to_the_group_of_a_run_do_not_end_the_process_before_it(tmp_path: Path) -> None:
    with shown(tmp_path) as played:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(played.watcher.pid, number)
        assert "starting" in state(played)["strip"]


def test_a_process_that_is_stuck_does_not_hold_up_the_run(tmp_path: Path) -> None:
    with shown(tmp_path) as played:
        os.kill(played.watcher.pid, signal.SIGSTOP)
        begun = time.thread_time()
        for number in range(5000):
            played.watcher.said(f"{number} " * 50)
        assert time.thread_time() - begun < 10
        os.kill(played.watcher.pid, signal.SIGCONT)
        wait_until(lambda: "starting" in state(played)["strip"], 30, "an answer")


def test_an_open_page_sees_that_a_run_was_stopped_without_a_verdict(tmp_path: Path) -> None:
    with shown(tmp_path, metrics=False) as played:
        played.begin()
        wait_until(lambda: "RUNNING" in state(played)["title"], 60, "the first report")
        (played.run_dir / "result.json").write_text(GO.read_text())
        reader = reading(played)
        played.watcher.end(judged=False)
        seen, _ = reader.communicate(timeout=30)
        assert seen.strip().splitlines()[-1].startswith("STOPPED ")


def test_a_port_that_was_taken_meanwhile_is_told_and_not_fatal(tmp_path: Path) -> None:
    with shown(tmp_path) as played, socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address("127.0.0.1", taken.getsockname()[1])
        second = Watcher(played.run_dir, Watching(page=address), tmp_path / "second.log")
        try:
            assert second.ready().error == "Address already in use"
            second.said("nobody hears this")
            assert second.end(judged=True) is None
        finally:
            second.stop()


def test_spans_without_page_and_metrics_need_no_port(tmp_path: Path) -> None:
    with (
        collector() as server,
        shown(tmp_path, page=False, metrics=False, collector=f"{server.url}/v1/traces") as played,
    ):
        assert played.ready.page is None
        assert played.ready.metrics is None
        played.begin(20)
        wait_until(lambda: len(server.spans) == 60, 30, "all spans")
        farewell = played.watcher.end(judged=True)
        assert farewell is not None
        assert farewell.unsent_spans == 0


def test_spans_that_nobody_takes_are_counted_at_the_end(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1/traces"
    with shown(tmp_path, page=False, metrics=False, collector=url) as played:
        played.begin(20)
        farewell = played.watcher.end(judged=True)
        assert farewell is not None
        assert (farewell.unsent_spans, farewell.why) == (60, "Connection refused")
