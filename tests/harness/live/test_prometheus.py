"""A real Prometheus scrapes a running run, and has its last state before the process ends."""

from __future__ import annotations

import json
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from chaos.fleet.ports import free_port
from tests import tools
from tests.harness.command import ROOT, wait_until
from tests.harness.live.a_process import Played, shown

pytestmark = [pytest.mark.service, pytest.mark.slow]

GO = ROOT / "tests" / "reports" / "fixtures" / "go.json"
DEPLOY = ROOT / "deploy" / "prometheus"


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with shown(tmp_path, page=False) as found:
        yield found


class Prometheus:
    """A server with the configuration of `deploy/prometheus`, but for the run's port."""

    def __init__(self, folder: Path, metrics: str) -> None:
        self._port = free_port()
        config = (DEPLOY / "prometheus.yml").read_text()
        target = urllib.parse.urlsplit(metrics).netloc
        assert "127.0.0.1:9464" in config
        folder.mkdir()
        (folder / "prometheus.yml").write_text(
            config.replace("127.0.0.1:9464", target).replace("2s #", "1s #")
        )
        (folder / "diya-alerts.yml").write_text((DEPLOY / "diya-alerts.yml").read_text())
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    tools.require("prometheus"),
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                ],
                stdout=log,
                stderr=log,
            )

    def ask(self, expression: str) -> dict[str, float]:
        """The value of each series, by its labels."""
        query = urllib.parse.urlencode({"query": expression})
        url = f"http://127.0.0.1:{self._port}/api/v1/query?{query}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                found = json.load(answer)["data"]["result"]
        except OSError:
            return {}
        return {_labels(each["metric"]): float(each["value"][1]) for each in found}

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)


def _labels(metric: dict[str, Any]) -> str:
    without = ("__name__", "job", "instance")
    return ",".join(f"{name}={metric[name]}" for name in sorted(metric) if name not in without)


@pytest.fixture
def prometheus(tmp_path: Path, played: Played) -> Iterator[Prometheus]:
    server = Prometheus(tmp_path / "prometheus", str(played.ready.metrics))
    yield server
    server.stop()


def test_prometheus_sees_the_turns_the_fault_and_the_verdict_of_a_run(
    played: Played, prometheus: Prometheus
) -> None:
    played.begin()
    played.watcher.shown(20.0, "hold", "kill-redis-1", 61.0)
    wait_until(
        lambda: prometheus.ask("diya_run_turns_total").get("outcome=ok") == 60, 60, "the turns"
    )
    wait_until(
        lambda: prometheus.ask("diya_run_fault_in_progress") == {"fault=kill-redis-1": 1},
        30,
        "the fault",
    )
    wait_until(
        lambda: prometheus.ask("diya_run_verdict == 1") == {"verdict=RUNNING": 1}, 30, "the verdict"
    )
    wait_until(
        lambda: prometheus.ask('diya_run_gates{status="pass"}').get("status=pass", 0) > 5,
        60,
        "the gates",
    )
    quantile = "histogram_quantile(0.99, diya_run_turn_duration_seconds_bucket)"
    assert 0.1 < prometheus.ask(quantile)[""] <= 0.3
    assert prometheus.ask("diya_run_conversations_open") == {"": 7}
    assert prometheus.ask('diya_run_slo{name="steady_p99_s"}') == {"name=steady_p99_s": 2}

    # From two scrapes on, the process knows when to expect the next one.
    scrapes = "count_over_time(diya_run_over[1m])"
    wait_until(lambda: prometheus.ask(scrapes).get("", 0) >= 2, 30, "two scrapes")
    (played.run_dir / "result.json").write_text(GO.read_text())
    ended = threading.Thread(target=played.watcher.end, kwargs={"judged": True})
    ended.start()
    ended.join(90)
    # The answer to the last scrape has left the process; Prometheus may still be reading it.
    last = "last_over_time(diya_run_verdict[5m]) == 1"
    wait_until(lambda: prometheus.ask(last) == {"verdict=GO": 1}, 30, "the last verdict")
    assert prometheus.ask("last_over_time(diya_run_over[5m])") == {"": 1}


def test_promtool_finds_nothing_wrong_with_the_metrics(played: Played) -> None:
    played.begin()
    played.watcher.shown(20.0, "hold", "kill-redis-1", 61.0)

    def scraped() -> str:
        with urllib.request.urlopen(str(played.ready.metrics), timeout=10) as answer:
            text: str = answer.read().decode()
        return text

    wait_until(lambda: 'outcome="ok"} 60.0' in scraped(), 30, "the turns")
    text = scraped()
    checked = subprocess.run(
        [tools.require("promtool"), "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"diya_run_info", "diya_run_turns", "diya_run_turn_duration_seconds"} <= names
