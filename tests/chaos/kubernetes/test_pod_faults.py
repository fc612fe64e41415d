"""Faults of the catalogue on pods, each by an API server that keeps pods as the schemas say."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from random import Random

import pytest

from chaos.errors import ChaosConfigError
from chaos.experiment import reader
from chaos.experiment.schedule import Schedule
from chaos.faults.base import Fault, perform
from chaos.faults.freeze import FreezeReplica
from chaos.faults.kill_many import KillHalf, KillZone
from chaos.faults.kill_replica import KillReplica
from chaos.faults.kill_streaming import KillStreaming
from chaos.faults.redis_outage import KillRedis
from chaos.faults.rolling_restart import RollingRestart
from chaos.faults.scale_down import ScaleDown
from chaos.faults.terminate_replica import TerminateReplica
from chaos.kubernetes.cluster import Cluster
from chaos.kubernetes.objects import Workload
from chaos.kubernetes.pod_fleet import PodFleet
from chaos.kubernetes.system import PodSystem
from reports.records import FaultWindow, RecordWriter, RunClock
from tests.chaos.kubernetes.conftest import AGENT, Broken, Kept, ready, uids
from tests.kubernetes_api.controllers import NAMESPACE, delete_pod
from tests.kubernetes_api.server import ApiServer
from tests.target_service.processes import wait_until


def done(fault: Fault, system: PodSystem) -> FaultWindow:
    """The window of a fault that was done."""
    return perform(f"{fault.kind}-1", fault, system, RunClock(time.time()), Random(1))


def names(system: PodSystem) -> list[str]:
    return [replica.name for replica in system.replicas.values()]


def test_a_killed_pod_is_replaced_by_another_one(system: PodSystem, server: ApiServer) -> None:
    before, old = uids(server), names(system)
    window = done(KillReplica(replica="r02", downtime=0.1), system)
    assert (window.took_hold, window.error, window.target) == (True, None, old[1])
    assert window.recovered_at is not None
    assert len(uids(server) - before) == 1
    assert ready(server) == 3
    assert names(system)[1] not in old
    assert [names(system)[0], names(system)[2]] == [old[0], old[2]]


def test_a_killed_pod_gets_no_grace_and_a_terminated_one_its_own(
    system: PodSystem, server: ApiServer
) -> None:
    graces = []
    real = server._delete

    def noted(pod: object, options: dict[str, object], query: object) -> object:
        graces.append(options.get("gracePeriodSeconds"))
        return real(pod, options, query)  # type: ignore[arg-type]

    server._delete = noted  # type: ignore[method-assign,assignment]
    assert done(KillReplica(downtime=0.1), system).took_hold
    window = done(TerminateReplica(duration=0.1), system)
    assert (window.took_hold, window.error) == (True, None)
    assert graces == [0, None]


def test_the_pods_of_one_zone_die_together(system: PodSystem, server: ApiServer) -> None:
    zone_b = [node.name for node in system.in_zone("b")]
    assert (list(system.zones), len(zone_b)) == (["a", "b", "c"], 1)
    window = done(KillZone(zone=2, downtime=0.1), system)
    assert (window.took_hold, window.target) == (True, ",".join(zone_b))
    assert ready(server) == 3


def test_a_zone_that_there_is_not_is_refused(system: PodSystem, fleet: PodFleet) -> None:
    fleet.zones = {"a": fleet.zones["a"], "b": fleet.zones["b"]}
    with pytest.raises(ValueError, match=r"zone must be at most 2 \(a, b\), got 3"):
        KillZone(zone=3).check(system)
    fleet.zones = {}
    with pytest.raises(ValueError, match="two known zones at least"):
        KillZone(zone=1).check(system)


def test_a_pod_that_is_behind_no_service_is_replaced_too(
    cluster: Cluster, server: ApiServer
) -> None:
    server.store.remove("services", NAMESPACE, "agent")
    server.store.remove("endpointslices", NAMESPACE, "agent-abcde")
    fleet = PodFleet(cluster, AGENT, replaced_within_s=20)
    node = fleet.nodes["r01"]
    node.kill()
    assert not node.ready()
    node.start()
    assert (fleet.served, node.ready(), fleet.is_complete()) == (0, True, True)


def test_pods_of_which_only_some_are_behind_a_service_are_refused(
    cluster: Cluster, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaos.kubernetes.pod_fleet._SERVED_S", 0.3)
    some = frozenset(sorted(uids(server))[:2])
    monkeypatch.setattr(cluster, "serving", lambda _: some)
    with pytest.raises(ChaosConfigError, match=r"all of the pods must be behind .* got 2 of 3"):
        PodFleet(cluster, AGENT)


def test_half_of_the_pods_die(system: PodSystem, server: ApiServer) -> None:
    before = uids(server)
    window = done(KillHalf(downtime=0.1), system)
    assert window.took_hold
    assert len(uids(server) - before) == 1


def test_a_rolling_restart_replaces_every_pod_and_never_has_fewer(
    system: PodSystem, server: ApiServer
) -> None:
    before, least = uids(server), [3]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            least.append(ready(server))

    thread = threading.Thread(target=watch)
    thread.start()
    window = done(RollingRestart(), system)
    over.set()
    thread.join()
    assert (window.took_hold, window.error) == (True, None)
    assert len(window.target.split(",")) == 3
    assert not before & uids(server)
    assert min(least) == 3


def test_a_rollout_that_stands_still_did_not_take_hold(
    system: PodSystem, broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaos.kubernetes.pod_fleet._ROLLED_OUT_S", 1.0)
    broken.now = True
    window = done(RollingRestart(), system)
    assert not window.took_hold
    assert "waiting for the rollout of deployment/agent" in str(window.error)


def test_a_deployment_is_scaled_down_and_up_again(
    system: PodSystem, server: ApiServer, kept: Kept
) -> None:
    seen = []
    fault = ScaleDown(count=2, duration=0.1)
    real = fault.hold

    def hold() -> None:
        seen.append((ready(server), list(kept.undoings)))
        real()

    fault.hold = hold  # type: ignore[method-assign]
    window = done(fault, system)
    assert (window.took_hold, window.error, window.target) == (True, None, "deployment/agent")
    assert seen == [(1, ["scale staging deployment/agent"])]
    assert ready(server) == 3
    assert kept.undoings == {}  # nothing is left to undo


def test_the_guardian_can_restore_the_size_before_it_is_lowered(
    system: PodSystem, server: ApiServer, kept: Kept
) -> None:
    server.denied.add(("patch", "deployments"))
    window = done(ScaleDown(duration=0.1), system)
    assert not window.took_hold
    assert kept.seen[0].call == {
        "context": None,
        "namespace": NAMESPACE,
        "kind": "Deployment",
        "name": "agent",
        "replicas": 3,
        "target": "deployment/agent",
        "by_hand": "kubectl -n staging scale deployment/agent --replicas=3",
    }
    assert "heal it by hand: kubectl -n staging scale deployment/agent" in str(window.error)
    assert window.by_hand == "kubectl -n staging scale deployment/agent --replicas=3"


def test_a_controller_that_wants_more_pods_than_are_selected_is_not_scaled(
    system: PodSystem, cluster: Cluster, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "workload", lambda *_: Workload(wanted=4, complete=True))
    window = done(ScaleDown(duration=0.1), system)
    assert not window.took_hold
    assert "does not have its 3 ready replicas" in str(window.error)
    assert not [each for each in server.requests if each.startswith("PATCH")]


def test_a_size_that_another_controller_restores_did_not_take_hold(
    system: PodSystem, server: ApiServer
) -> None:
    real = server.store.change

    def autoscaled(plural: str, namespace: str, name: str, edit: object) -> object:
        def both(document: dict[str, object]) -> None:
            edit(document)  # type: ignore[operator]
            if plural == "deployments":
                document["spec"]["replicas"] = 3  # type: ignore[index]

        return real(plural, namespace, name, both)

    server.store.change = autoscaled  # type: ignore[method-assign,assignment]
    window = done(ScaleDown(duration=0.1, drain_timeout=1.0), system)
    assert not window.took_hold


def test_the_last_pod_is_never_scaled_away(system: PodSystem) -> None:
    with pytest.raises(ValueError, match="count must be at most 2 of 3 replicas, got 3"):
        ScaleDown(count=3).check(system)


def test_a_pod_that_never_becomes_ready_is_no_recovery(
    cluster: Cluster, system: PodSystem, broken: Broken
) -> None:
    for node in system.replicas.values():
        node._replaced_within_s = 1.0  # type: ignore[attr-defined]
    broken.now = True
    window = done(KillReplica(downtime=0.1), system)
    assert window.recovered_at is None
    assert "waiting for a ready pod in the place of" in str(window.error)


def test_a_deletion_that_is_forbidden_is_an_error_and_no_fault(
    system: PodSystem, server: ApiServer
) -> None:
    server.denied.add(("delete", "pods"))
    before = uids(server)
    window = done(KillReplica(downtime=0.1), system)
    assert not window.took_hold
    assert 'cannot "delete"' in str(window.error)
    assert uids(server) == before


@pytest.mark.parametrize("fault", [FreezeReplica(), KillStreaming(), KillRedis()])
def test_a_fault_that_pods_cannot_have_is_refused(fault: Fault, system: PodSystem) -> None:
    with pytest.raises(ValueError, match=r"capabilities|--redis-fleet"):
        fault.check(system)


def test_an_experiment_of_the_program_is_accepted_for_pods(
    system: PodSystem, tmp_path: Path
) -> None:
    with RecordWriter(tmp_path) as writer:
        for name in ("zone-loss", "rolling-deploy"):
            Schedule(reader.load(name), system, RunClock(time.time()), writer, 1)
        with pytest.raises(ChaosConfigError, match="redis"):
            Schedule(reader.load("memory-squeeze"), system, RunClock(time.time()), writer, 1)


def test_pods_without_a_controller_are_refused(cluster: Cluster, server: ApiServer) -> None:
    server.paused.set()
    pod = server.store.all("pods", NAMESPACE)[0]["metadata"]["name"]
    server.store.change(
        "pods", NAMESPACE, pod, lambda d: d["metadata"].__setitem__("ownerReferences", [])
    )
    with pytest.raises(ChaosConfigError, match=f"{pod} has no controller"):
        PodFleet(cluster, AGENT)


def test_pods_that_are_not_ready_are_refused(
    cluster: Cluster, server: ApiServer, broken: Broken
) -> None:
    broken.now = True
    delete_pod(server.store, server.store.all("pods", NAMESPACE, AGENT.selector)[0], 0)
    wait_until(lambda: len(uids(server)) == 3, 10, "another pod")
    with pytest.raises(ChaosConfigError, match="every pod must be ready before a run"):
        PodFleet(cluster, AGENT)


def test_a_selection_without_pods_is_refused(cluster: Cluster) -> None:
    from chaos.kubernetes import selection

    with pytest.raises(ChaosConfigError, match="must select pods that are there, got none"):
        PodFleet(cluster, selection.parse("--fleet", "kubernetes:staging/app=nobody"))
