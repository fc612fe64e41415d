"""`kubernetes:NAMESPACE/SELECTOR`, and what is read of the API's objects."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.errors import ChaosConfigError
from chaos.kubernetes import objects, selection
from chaos.kubernetes.objects import Owner


@pytest.mark.parametrize(
    ("value", "namespace", "selector"),
    [
        ("kubernetes:staging/app=agent", "staging", "app=agent"),
        ("kubernetes:s-1/app.kubernetes.io/name=agent", "s-1", "app.kubernetes.io/name=agent"),
        ("kubernetes:s/app=agent, tier!=web", "s", "app=agent,tier!=web"),
        ("kubernetes:s/app in (agent, desk),!canary", "s", "app in (agent, desk),!canary"),
    ],
)
def test_a_selection_is_a_namespace_and_a_label_selector(
    value: str, namespace: str, selector: str
) -> None:
    found = selection.parse("--fleet", value)
    assert (found.namespace, found.selector) == (namespace, selector)
    assert selection.parse("--fleet", str(found)) == found


@pytest.mark.parametrize(
    "value",
    [
        "staging/app=agent",
        "kubernetes:staging",
        "kubernetes:staging/",
        "kubernetes:/app=agent",
        "kubernetes:staging/app=agent,",
        "kubernetes:Staging/app=agent",
        "kubernetes:../app=agent",
        "kubernetes:staging/app=agent&limit=1",
        "docker:staging/app=agent",
    ],
)
def test_a_selection_that_could_mean_other_pods_is_refused(value: str) -> None:
    with pytest.raises(ChaosConfigError, match="--fleet must be kubernetes:NAMESPACE/SELECTOR"):
        selection.parse("--fleet", value)


def pod(**status: Any) -> dict[str, Any]:
    reference = {"kind": "ReplicaSet", "name": "agent-1", "controller": True}
    meta = {"name": "agent-1-x", "uid": "u", "ownerReferences": [reference]}
    return {"metadata": meta, "spec": {"nodeName": "n"}, "status": status}


def test_a_pod_is_ready_by_its_condition() -> None:
    yes = pod(phase="Running", conditions=[{"type": "Ready", "status": "True"}])
    no = pod(phase="Running", conditions=[{"type": "Ready", "status": "Unknown"}])
    assert objects.pod(yes).ready
    assert not objects.pod(no).ready
    assert not objects.pod(pod(phase="Pending")).ready
    assert objects.pod(yes).owner == Owner("ReplicaSet", "agent-1")


def test_a_pod_that_is_being_deleted_or_was_evicted_is_gone() -> None:
    deleted = pod(phase="Running")
    deleted["metadata"]["deletionTimestamp"] = "2026-11-08T19:00:00Z"
    assert objects.pod(deleted).gone
    assert objects.pod(pod(phase="Failed", reason="Evicted")).gone
    assert not objects.pod(pod(phase="Pending")).gone


def workload(kind: str, observed: int, **status: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "metadata": {"generation": 2},
        "spec": {"replicas": 3},
        "status": {"observedGeneration": observed, **status},
    }


def test_a_rollout_is_complete_when_every_pod_is_new_and_available() -> None:
    counts = {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}
    assert objects.workload(workload("Deployment", 2, **counts)).complete
    # The controller has not seen the change yet: its counts are those of the old template.
    assert not objects.workload(workload("Deployment", 1, **counts)).complete
    for late in (
        {**counts, "replicas": 4},
        {**counts, "updatedReplicas": 2},
        {"replicas": 3, "updatedReplicas": 3},
    ):
        assert not objects.workload(workload("Deployment", 2, **late)).complete


def test_a_daemon_set_has_counts_of_its_own() -> None:
    counts = {
        "desiredNumberScheduled": 2,
        "currentNumberScheduled": 2,
        "updatedNumberScheduled": 2,
        "numberAvailable": 2,
    }
    found = objects.workload(workload("DaemonSet", 2, **counts))
    assert (found.wanted, found.complete) == (2, True)


def test_an_endpoint_of_unknown_readiness_gets_connections() -> None:
    def endpoint(uid: str, **conditions: bool) -> dict[str, Any]:
        return {"targetRef": {"kind": "Pod", "uid": uid}, "conditions": conditions}

    slices: list[dict[str, Any]] = [
        {"endpoints": [endpoint("a", ready=True), endpoint("b", ready=False), endpoint("c")]},
        {"endpoints": None},
    ]
    assert objects.serving(iter(slices)) == {"a", "c"}
