"""`--fleet kubernetes:…`: processes as pods of the tests' API server, broken and judged."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.kubernetes.api import Api
from chaos.kubernetes.system import PodSystem
from harness import parser
from harness.run import read_plan
from harness.run.target import dry, pod_target
from reports.basics.exit_codes import ExitCode
from reports.records import FILES, FaultWindow, from_json
from tests.harness import command
from tests.kubernetes_api import objects
from tests.kubernetes_api.controllers import NAMESPACE, is_ready
from tests.kubernetes_api.kubelet import Pretended
from tests.kubernetes_api.server import TOKEN, ApiServer
from tests.kubernetes_api.staging import Staging, staging
from tests.target_service.processes import wait_until

FLEET = ("--fleet", "kubernetes:staging/app=agent")
REDIS_FLEET = ("--redis-fleet", "kubernetes:staging/app=redis")
TTL_S = 5.0
FAULTS = {
    "kill_replica": {"downtime": 0.2},
    "rolling_restart": {},
    "kill_zone": {"zone": 2, "downtime": 0.2},
    "scale_down": {"duration": 1.0},
    "kill_redis": {"downtime": 0.2},
}


def experiment(path: Path, *functions: str, before: float = 1.0) -> str:
    """A file with these faults, one after the other."""
    method = [
        {
            "type": "action",
            "name": f"{function} {number}",
            "provider": {
                "type": "python",
                "module": "chaos.actions",
                "func": function,
                "arguments": FAULTS[function],
            },
            "pauses": {"before": before},
        }
        for number, function in enumerate(functions)
    ]
    document = {"title": "Pods go", "description": "Pods go.", "method": method}
    path.write_text(json.dumps(document))
    return str(path)


def windows(out: Path) -> list[FaultWindow]:
    lines = (command.only_run(out) / FILES[FaultWindow]).read_bytes().splitlines()
    return [from_json(FaultWindow, line) for line in lines]


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Staging]:
    folder = tmp_path / "staging"
    folder.mkdir()
    with staging(folder, TTL_S) as found:
        monkeypatch.setenv("KUBECONFIG", str(found.kubeconfig))
        yield found


def options(town: Staging, out: Path) -> tuple[str, ...]:
    # Five faults need their time: a pod takes ten seconds to be ready on a busy machine.
    profile = out.parent / "pods.toml"
    profile.write_text(
        f'extends = "{command.HERE / "tiny.toml"}"\nname = "pods"\n[change.steady]\nminutes = 840\n'
    )
    return (
        *("readiness", "--profile", str(profile), "--seed", "3"),
        *("--target", town.url, "--ttl", f"{TTL_S:g}", "--redis", town.redis_url),
        *("--break-target", *FLEET, *REDIS_FLEET, "--out", str(out)),
    )


@pytest.mark.run
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_staging_of_pods_is_broken_and_judged_as_a_fleet_of_diyas_own(
    town: Staging, tmp_path: Path
) -> None:
    file, out = experiment(tmp_path / "pods.json", *FAULTS), tmp_path / "out"
    finished = command.run(*options(town, out), "--experiment", file, timeout=240)
    result: dict[str, Any] = json.loads((command.only_run(out) / "result.json").read_text())
    assert [(w.fault, w.took_hold, w.error) for w in windows(out)] == [
        (name.replace("_", "-"), True, None) for name in FAULTS
    ], finished.stderr
    assert all(window.recovered_at is not None for window in windows(out))
    gates = {gate["name"]: gate["status"] for gate in result["gates"]}
    continuity = {name: status for name, status in gates.items() if name.startswith("continuity.")}
    assert "fail" not in continuity.values(), continuity
    assert gates["validity.faults"] == "pass"
    assert result["turns"]["ok"] == result["turns"]["offered"] > 20
    # The successors of the pods answered too.
    assert result["turns"]["replicas_seen"] > 3
    assert (town.ready("agent"), town.ready("redis")) == (3, 1)
    shown = finished.stdout + finished.stderr
    assert "Kubernetes: context test-cluster" in shown
    described = json.loads((command.only_run(out) / "run.json").read_text())
    assert described["pods"] == {
        "context": "test-cluster",
        "fleet": "kubernetes:staging/app=agent",
        "redis_fleet": "kubernetes:staging/app=redis",
        "aof": "everysec",
        "durability": "aof-everysec",
    }
    assert described["topology"]["replicas"] == 3
    leaked = [
        path for path in out.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()
    ]
    assert not leaked
    assert TOKEN not in shown


@pytest.mark.run
@pytest.mark.slow
@pytest.mark.timeout(200)
def test_a_harness_that_is_killed_leaves_the_deployment_at_its_size(
    town: Staging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAULTS, "scale_down", {"duration": 600.0, "count": 2})
    file, out = experiment(tmp_path / "pods.json", "scale_down", before=0.0), tmp_path / "out"
    running = command.start(*options(town, out), "--no-rehearsal", "--experiment", file)

    def size() -> int:
        deployment = town.server.store.get("deployments", NAMESPACE, "agent")
        replicas: int = deployment["spec"]["replicas"]
        return replicas

    command.wait_until(lambda: size() == 1, 60, "the Deployment is scaled down")
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    assert command.wait_until(lambda: size() == 3, 10, "it is scaled up") < 10
    command.wait_until(lambda: town.ready("agent") == 3, 60, "its replicas are ready")


REFUSALS = [
    (("--fleet", "kubernetes:staging/app=agent"), "--fleet: must be given with a --target"),
    (
        ("--target", "http://127.0.0.1:9", "--fleet", "kubernetes:staging/app=agent"),
        "--break-target",
    ),
    (
        ("--target", "http://127.0.0.1:9", "--break-target", "--fleet", "kubernetes:staging"),
        "must be kubernetes:NAMESPACE/SELECTOR",
    ),
    (
        ("--target", "http://127.0.0.1:9", "--break-target", *FLEET, *REDIS_FLEET),
        "--redis-fleet: must be given with --redis redis://",
    ),
    (
        ("--target", "http://127.0.0.1:9", "--break-target", *REDIS_FLEET),
        "--redis-fleet: must be given with --fleet",
    ),
    (("--kube-context", "x"), "--kube-context: must be given with --fleet"),
]


@pytest.mark.parametrize(("words", "told"), REFUSALS, ids=[each[1] for each in REFUSALS])
def test_options_that_do_not_go_together_are_refused(words: tuple[str, ...], told: str) -> None:
    finished = command.run_here("readiness", *words)
    assert finished.returncode == ExitCode.BAD_CONFIGURATION
    assert told in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    with ApiServer(lambda pod: Pretended()) as server:
        monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path / "config")))
        objects.deployment(server.store)
        wait_until(
            lambda: sum(map(is_ready, server.store.all("pods", NAMESPACE))) == 3, 20, "ready pods"
        )
        yield server


@pytest.mark.service
def test_a_fault_that_the_pods_cannot_have_is_refused_before_any_load(
    pretended: ApiServer, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    finished = command.run(
        *("readiness", "--profile", str(command.HERE / "tiny.toml")),
        *("--target", "http://127.0.0.1:9", "--break-target", *FLEET, "--out", str(out)),
        *("--experiment", "redis-restart"),
    )
    assert finished.returncode == ExitCode.BAD_CONFIGURATION, finished.stderr
    assert "--redis-fleet" in finished.stderr
    assert list(out.iterdir()) == []
    assert not [each for each in pretended.requests if each.startswith(("DELETE", "PATCH"))]


@pytest.mark.service
def test_a_dry_run_shows_the_pods_and_the_faults_and_does_nothing(
    pretended: ApiServer, tmp_path: Path
) -> None:
    words = ("readiness", "--target", "http://127.0.0.1:9", "--break-target", *FLEET, "--dry")
    file = experiment(tmp_path / "pods.json", "kill_zone", "scale_down")
    finished = command.run_here(*words, "--experiment", file)
    assert finished.returncode == ExitCode.GO, finished.stderr
    shown = finished.stdout
    assert "Kubernetes: context test-cluster" in shown
    assert "3 ready pods of deployment/agent, 3 of them behind a Service" in shown
    assert "Kubernetes: zones a (1), b (1), c (1)" in shown
    assert "to pods such as deployment/agent" in shown
    refused = command.run_here(*words, "--experiment", experiment(tmp_path / "x", "kill_redis"))
    assert refused.returncode == ExitCode.BAD_CONFIGURATION
    assert "--redis-fleet" in refused.stderr
    assert not [each for each in pretended.requests if each.startswith(("DELETE", "PATCH"))]


@pytest.mark.service
@pytest.mark.usefixtures("pretended")
def test_an_undo_names_the_context_though_another_may_become_the_current_one() -> None:
    words = ("readiness", "--target", "http://127.0.0.1:9", "--break-target", *FLEET)
    plan = read_plan.from_args(parser.build().parse_args(words))
    with pod_target.connected(plan, dry.target_system(plan)) as found:
        assert isinstance(found.system, PodSystem)
        assert found.system.scale_by_hand == (
            "kubectl --context test-cluster -n staging scale deployment/agent --replicas=3"
        )


@pytest.mark.service
def test_a_cluster_on_another_machine_is_broken_only_with_authorised(
    pretended: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Api, "host", "cluster.example.com")
    file = experiment(tmp_path / "pods.json", "kill_replica")
    words = ("readiness", "--target", "http://127.0.0.1:9", "--break-target", *FLEET)
    refused = command.run_here(*words, "--experiment", file, "--dry")
    assert refused.returncode == ExitCode.BAD_CONFIGURATION
    assert "context test-cluster at cluster.example.com is not on this machine" in refused.stderr
    assert {each.rstrip("/") for each in pretended.requests} == {"GET /version"}
    allowed = command.run_here(*words, "--authorised", "--experiment", file, "--dry")
    assert allowed.returncode == ExitCode.GO, allowed.stderr
