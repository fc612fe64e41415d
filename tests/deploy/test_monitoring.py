"""The dashboard and the alerts name metrics that a run has, and Prometheus accepts them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from harness.live.board import Board
from harness.live.figures import Figures
from harness.live.messages import State
from harness.live.metrics import RunMetrics
from reports.records import FaultWindow
from tests import tools
from tests.harness import command
from tests.reports.a_run import Run

DEPLOY = command.ROOT / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
DASHBOARD = DEPLOY / "grafana" / "diya-run.json"


@pytest.fixture
def exposed(tmp_path: Path) -> dict[str, dict[str, set[str]]]:
    """Every series of a run with everything in it: its name → label → values."""
    run = Run()
    run.sound()
    run.fault("kill-redis", 12.0, 13.0)
    run_dir = run.write(tmp_path / "tiny")
    figures = Figures(run_dir)
    figures.look()
    generator = {"open_conversations": 1.0, "started": 1.0, "lag_p99": 0.1}
    figures.samples |= {
        "generator": generator,
        "host": {"cpu_percent": 50.0},
        "redis": {"used_memory": 1.0, "keys": 1.0},
        "replica:r01": {"rss": 1.0},
    }
    figures.faults.append(FaultWindow("x-1", "x", "r01", 1, 2, 2, True))
    board = Board("run1")
    gates = [{"name": "errors.rate", "phase": "run", "status": "fail"}]
    board._result = {"verdict": "NO-GO SO FAR", "gates": gates}
    state = State(1.0, "hold", 2.0, "kill-redis-1")
    metrics = RunMetrics(figures, board, lambda: state, lambda: 11.0, None)
    # The profile of a hand-written run cannot be played, so its plan is a flat one.
    figures.planned_rate = lambda now: 4.0  # type: ignore[method-assign]
    registry = CollectorRegistry()
    registry.register(metrics)
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return loaded


def expressions() -> list[str]:
    """Every expression of the dashboard and the alerts."""
    board = dashboard()
    found = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    found += [each["expr"] for each in board["annotations"]["list"]]
    rules = yaml.safe_load((PROMETHEUS / "diya-alerts.yml").read_text())
    found += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    return found


def test_every_expression_names_metrics_and_labels_that_a_run_has(
    exposed: dict[str, dict[str, set[str]]],
) -> None:
    told = expressions()
    assert len(told) > 20
    for expression in told:
        names = re.findall(r"\bdiya_\w+", expression)
        assert names, expression
        for name in names:
            assert name in exposed, f"{name} in {expression}"
        for name, selector in re.findall(r"\b(diya_\w+)\{([^}]*)\}", expression):
            for label, value in re.findall(r'(\w+)[=!~]+"([^"]*)"', selector):
                if label != "job":
                    assert label in exposed[name], f"{label} of {name} in {expression}"
                if label == "name":
                    assert value in exposed[name]["name"], expression


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x + at["x"], y + at["y"]) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tools.require("promtool"), *arguments],
        cwd=PROMETHEUS,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.service
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "diya-alerts.yml"),
        ("test", "rules", "diya-alerts-test.yml"),
    ],
)
def test_prometheus_accepts_the_files_and_the_alerts_do_what_they_say(
    arguments: tuple[str, ...],
) -> None:
    finished = promtool(*arguments)
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.service
def test_a_wrong_alert_is_noticed(tmp_path: Path) -> None:
    rules = (PROMETHEUS / "diya-alerts.yml").read_text()
    tests = (PROMETHEUS / "diya-alerts-test.yml").read_text()
    (tmp_path / "diya-alerts.yml").write_text(rules.replace("NO-GO SO FAR", "NO-GO SO NEAR"))
    (tmp_path / "diya-alerts-test.yml").write_text(tests)
    assert promtool("test", "rules", str(tmp_path / "diya-alerts-test.yml")).returncode == 1
