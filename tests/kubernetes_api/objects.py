"""A Deployment and a StatefulSet with their Services, as a user would apply them."""

from __future__ import annotations

from tests.kubernetes_api.controllers import NAMESPACE
from tests.kubernetes_api.store import Object, Store


def deployment(store: Store, name: str = "agent", replicas: int = 3, grace_s: int = 30) -> None:
    """Apply a Deployment and its Service."""
    store.add("deployments", _workload("Deployment", name, replicas, grace_s))
    store.add("services", _service(name))


def statefulset(store: Store, name: str = "redis", replicas: int = 1, grace_s: int = 30) -> None:
    """Apply a StatefulSet and its Service."""
    document = _workload("StatefulSet", name, replicas, grace_s)
    document["spec"]["serviceName"] = name
    store.add("statefulsets", document)
    store.add("services", _service(name))


def _workload(kind: str, name: str, replicas: int, grace_s: int) -> Object:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": dict(labels)},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": dict(labels)},
            "template": {
                "metadata": {"labels": dict(labels)},
                "spec": {
                    "terminationGracePeriodSeconds": grace_s,
                    "containers": [{"name": name, "image": "test"}],
                },
            },
        },
        "status": {},
    }


def _service(name: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8000}]},
    }
