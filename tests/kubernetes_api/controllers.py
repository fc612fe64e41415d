"""The controllers: each look makes the world a little more like the specs."""

from __future__ import annotations

import copy
import hashlib
import json
import secrets
from typing import Any

from tests.kubernetes_api.store import Object, Refused, Store

NAMESPACE = "staging"


def is_ready(pod: Object) -> bool:
    """Whether its `Ready` condition is true and it is not being deleted."""
    conditions = {c["type"]: c["status"] for c in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def reconcile(store: Store) -> None:
    """One look of every controller."""
    with store.lock:
        for deployment in store.all("deployments", NAMESPACE):
            _deployment(store, deployment)
        for replicaset in store.all("replicasets", NAMESPACE):
            _replicaset(store, replicaset)
        for statefulset in store.all("statefulsets", NAMESPACE):
            _statefulset(store, statefulset)
        for service in store.all("services", NAMESPACE):
            _slice(store, service)


def owned(store: Store, plural: str, owner: Object) -> list[Object]:
    """The objects that a controller has made."""
    uid = owner["metadata"]["uid"]
    return [
        each
        for each in store.all(plural, NAMESPACE)
        if any(ref["uid"] == uid for ref in each["metadata"].get("ownerReferences", ()))
    ]


def hash_of(template: Any) -> str:
    """The name of a pod template's revision."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:9]


def _alive(pods: list[Object]) -> list[Object]:
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def _deployment(store: Store, deployment: Object) -> None:
    """A rolling update with `maxSurge` 1 and `maxUnavailable` 0."""
    meta, spec = deployment["metadata"], deployment["spec"]
    revision = hash_of(spec["template"])
    sets = owned(store, "replicasets", deployment)
    newest = next(
        (s for s in sets if s["metadata"]["labels"]["pod-template-hash"] == revision), None
    )
    if newest is None:
        newest = _new_set(store, deployment, revision)
        sets.append(newest)
    old = [each for each in sets if each["metadata"]["name"] != newest["metadata"]["name"]]
    pods = {each["metadata"]["name"]: _alive(owned(store, "pods", each)) for each in sets}
    wanted, total = spec["replicas"], sum(map(len, pods.values()))
    new_pods = pods[newest["metadata"]["name"]]
    room = max(0, wanted + 1 - total) if old and total > len(new_pods) else wanted
    _resize(store, newest, min(wanted, len(new_pods) + room) if old else wanted)
    ready = sum(is_ready(pod) for each in pods.values() for pod in each)
    for each in old:
        surplus = max(0, ready - wanted)
        size = min(each["spec"]["replicas"], len(pods[each["metadata"]["name"]]))
        _resize(store, each, max(0, size - surplus))
        ready -= surplus
    everything = [pod for each in pods.values() for pod in each]
    store.change("deployments", NAMESPACE, meta["name"], lambda d: _tell(d, everything, new_pods))


def _tell(document: Object, pods: list[Object], updated: list[Object]) -> None:
    """Write the counts of a status; the API leaves out those that are 0."""
    ready = sum(map(is_ready, pods))
    counts = {
        "replicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "updatedReplicas": len(updated),
    }
    document["status"] = {
        "observedGeneration": document["metadata"]["generation"],
        **{name: count for name, count in counts.items() if count},
    }


def _new_set(store: Store, deployment: Object, revision: str) -> Object:
    template = copy.deepcopy(deployment["spec"]["template"])
    template["metadata"]["labels"]["pod-template-hash"] = revision
    name = deployment["metadata"]["name"]
    document = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name}-{revision}",
            "namespace": NAMESPACE,
            "labels": dict(template["metadata"]["labels"]),
            "ownerReferences": [_reference(deployment)],
        },
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": dict(template["metadata"]["labels"])},
            "template": template,
        },
        "status": {"replicas": 0},
    }
    return store.add("replicasets", document)


def _reference(owner: Object) -> Object:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _resize(store: Store, replicaset: Object, replicas: int) -> None:
    def edit(document: Object) -> None:
        document["spec"]["replicas"] = replicas

    store.change("replicasets", NAMESPACE, replicaset["metadata"]["name"], edit)


def _replicaset(store: Store, replicaset: Object) -> None:
    pods = _alive(owned(store, "pods", replicaset))
    wanted = replicaset["spec"]["replicas"]
    for _ in range(wanted - len(pods)):
        _new_pod(store, replicaset, f"{replicaset['metadata']['name']}-{secrets.token_hex(3)[:5]}")
    # The newest go first, those that are not ready before all others.
    pods.sort(key=lambda pod: (is_ready(pod), -int(pod["metadata"]["resourceVersion"])))
    for pod in pods[: max(0, len(pods) - wanted)]:
        delete_pod(store, pod, None)
    store.change(
        "replicasets", NAMESPACE, replicaset["metadata"]["name"], lambda d: _tell(d, pods, pods)
    )


def _statefulset(store: Store, statefulset: Object) -> None:
    """Pods of one name each; the next revision takes the last pod first."""
    meta, spec = statefulset["metadata"], statefulset["spec"]
    pods = {pod["metadata"]["name"]: pod for pod in owned(store, "pods", statefulset)}
    names = [f"{meta['name']}-{number}" for number in range(spec["replicas"])]
    for name in names:
        if name not in pods:
            _new_pod(store, statefulset, name)
            break
    revision = hash_of(spec["template"])
    updated = [
        pod
        for pod in pods.values()
        if pod["metadata"]["labels"]["controller-revision-hash"] == revision
    ]
    old = [name for name in names if name in pods and pods[name] not in updated]
    if old and all(map(is_ready, pods.values())) and len(pods) == len(names):
        delete_pod(store, pods[old[-1]], None)
    for name in set(pods) - set(names):
        delete_pod(store, pods[name], None)
    alive = _alive(list(pods.values()))
    store.change(
        "statefulsets", NAMESPACE, meta["name"], lambda d: _tell(d, alive, _alive(updated))
    )


def _new_pod(store: Store, owner: Object, name: str) -> None:
    template = copy.deepcopy(owner["spec"]["template"])
    labels = template["metadata"]["labels"]
    if owner["kind"] == "StatefulSet":
        labels["controller-revision-hash"] = hash_of(owner["spec"]["template"])
    document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": labels,
            "annotations": template["metadata"].get("annotations", {}),
            "ownerReferences": [_reference(owner)],
        },
        "spec": template["spec"],
        "status": {"phase": "Pending"},
    }
    store.add("pods", document)


def delete_pod(store: Store, pod: Object, grace_s: int | None) -> None:
    """Begin the deletion; with grace 0 the object is gone at once.  Raises Refused (404)."""
    name = pod["metadata"]["name"]
    grace = pod["spec"].get("terminationGracePeriodSeconds", 30) if grace_s is None else grace_s
    if grace == 0:
        store.get("pods", NAMESPACE, name)
        store.remove("pods", NAMESPACE, name)
        return

    def edit(document: Object) -> None:
        before = document["metadata"].get("deletionGracePeriodSeconds", grace)
        document["metadata"].setdefault("deletionTimestamp", "2026-11-08T19:00:00Z")
        document["metadata"]["deletionGracePeriodSeconds"] = min(before, grace)

    store.change("pods", NAMESPACE, name, edit)


def _slice(store: Store, service: Object) -> None:
    """One EndpointSlice for each Service."""
    selector = ",".join(f"{key}={value}" for key, value in service["spec"]["selector"].items())
    endpoints = [
        {
            "addresses": [pod["status"]["podIP"]],
            "conditions": {
                "ready": is_ready(pod),
                "serving": is_ready(pod),
                "terminating": "deletionTimestamp" in pod["metadata"],
            },
            "nodeName": pod["spec"].get("nodeName"),
            "targetRef": {
                "kind": "Pod",
                "namespace": NAMESPACE,
                "name": pod["metadata"]["name"],
                "uid": pod["metadata"]["uid"],
            },
        }
        for pod in store.all("pods", NAMESPACE, selector)
        if "podIP" in pod["status"]
    ]
    name = f"{service['metadata']['name']}-abcde"
    try:
        store.change(
            "endpointslices", NAMESPACE, name, lambda d: d.__setitem__("endpoints", endpoints)
        )
    except Refused:
        store.add(
            "endpointslices",
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": name,
                    "namespace": NAMESPACE,
                    "labels": {"kubernetes.io/service-name": service["metadata"]["name"]},
                },
                "addressType": "IPv4",
                "ports": [{"name": "http", "port": 8000, "protocol": "TCP"}],
                "endpoints": endpoints,
            },
        )
