"""The answers of the API server, as far as diya reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ZONE_LABEL = "topology.kubernetes.io/zone"
_OVER = ("Succeeded", "Failed")

Document = Mapping[str, Any]
"""One object of the API."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A controller, which replaces a pod that is gone."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.lower()}/{self.name}"


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod at one moment."""

    name: str
    uid: str
    """New for every pod, also for one of the same name."""
    ready: bool
    gone: bool
    """It is being deleted, or has ended for good."""
    node: str | None
    zone: str | None
    """By the pod's own label; None: only its node may say it."""
    owner: Owner | None


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment, StatefulSet, DaemonSet or ReplicaSet at one moment."""

    wanted: int
    """The pods that it shall have."""
    complete: bool
    """Whether all its pods are of its newest revision and available, as `kubectl rollout status`
    says it."""


def pod(document: Document) -> Pod:
    """A pod of API `v1`."""
    meta, status = document["metadata"], document.get("status", {})
    conditions = {each["type"]: each["status"] for each in status.get("conditions") or ()}
    return Pod(
        name=meta["name"],
        uid=meta["uid"],
        ready=conditions.get("Ready") == "True",
        gone="deletionTimestamp" in meta or status.get("phase") in _OVER,
        node=document.get("spec", {}).get("nodeName"),
        zone=(meta.get("labels") or {}).get(ZONE_LABEL),
        owner=owner(document),
    )


def owner(document: Document) -> Owner | None:
    """The controller of an object; None: nothing replaces it."""
    for each in document["metadata"].get("ownerReferences") or ():
        if each.get("controller"):
            return Owner(each["kind"], each["name"])
    return None


def workload(document: Document) -> Workload:
    """A controller of API `apps/v1`.  The API leaves out counts that are 0."""
    status = document.get("status", {})
    if document["kind"] == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        updated, available = "updatedNumberScheduled", "numberAvailable"
        present = status.get("currentNumberScheduled", 0)
    else:
        wanted = document.get("spec", {}).get("replicas", 1)
        updated, available = "updatedReplicas", "availableReplicas"
        present = status.get("replicas", 0)
    observed = status.get("observedGeneration", 0) >= document["metadata"].get("generation", 0)
    counts = {present, status.get(updated, 0), status.get(available, 0)}
    return Workload(wanted=wanted, complete=observed and counts == {wanted})


def serving(slices: Iterator[Document]) -> frozenset[str]:
    """The UIDs of the pods to which Services send connections, by their EndpointSlices.

    An endpoint whose readiness is not known counts as ready, as the API says.
    """
    found = set()
    for document in slices:
        for endpoint in document.get("endpoints") or ():
            aim = endpoint.get("targetRef") or {}
            ready = (endpoint.get("conditions") or {}).get("ready")
            if aim.get("kind") == "Pod" and ready is not False:
                found.add(str(aim.get("uid")))
    return frozenset(found)
