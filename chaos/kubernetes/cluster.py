"""The requests that diya makes of a cluster: what it reads, and the three things that it does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from chaos.kubernetes import objects
from chaos.kubernetes.api import Api, ApiError
from chaos.kubernetes.objects import Owner, Pod, Workload
from chaos.kubernetes.selection import Selection

ROLLED = ("Deployment", "StatefulSet", "DaemonSet")
"""The controllers that replace their pods in turn when their template changes."""
SCALED = ("Deployment", "StatefulSet", "ReplicaSet")
"""The controllers with a number of pods that can be changed."""
_PLURALS = {
    "Deployment": "deployments",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
    "ReplicaSet": "replicasets",
}
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""The annotation that `kubectl rollout restart` changes."""
_NOT_FOUND, _CONFLICT, _FORBIDDEN = 404, 409, 403


class Cluster:
    """One cluster."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._zones: dict[str, str | None] = {}

    def pods(self, selection: Selection) -> list[Pod]:
        """The pods of a selection.  Raises ApiError."""
        path = f"/api/v1/namespaces/{selection.namespace}/pods"
        return [
            objects.pod(each) for each in self.api.items(path, labelSelector=selection.selector)
        ]

    def delete_pod(self, namespace: str, pod: Pod, grace_s: int | None) -> None:
        """Delete exactly this pod, not another one of its name.

        `grace_s` 0: at once; None: with the grace period of its template.  Nothing happens when it
        is gone already.  Raises ApiError.
        """
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": pod.uid},
            **({} if grace_s is None else {"gracePeriodSeconds": grace_s}),
        }
        try:
            self.api.delete(f"/api/v1/namespaces/{namespace}/pods/{pod.name}", options)
        except ApiError as error:
            # 409: the pod of this name has another UID.
            if error.status not in (_NOT_FOUND, _CONFLICT):
                raise

    def controller(self, namespace: str, pod: Pod) -> Owner | None:
        """The controller of a pod that a user knows: of a ReplicaSet, its Deployment.

        None: the pod has none.  Raises ApiError.
        """
        owner = pod.owner
        if owner is None or owner.kind != "ReplicaSet":
            return owner
        document = self.api.read(_path(namespace, owner))
        return objects.owner(document) or owner

    def workload(self, namespace: str, owner: Owner) -> Workload:
        """A controller as it is now.  Raises ApiError."""
        return objects.workload(self.api.read(_path(namespace, owner)))

    def roll_out(self, namespace: str, owner: Owner) -> None:
        """Let a controller replace all its pods, as `kubectl rollout restart` does.

        Raises ApiError.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        annotations = {"metadata": {"annotations": {RESTARTED_AT: now}}}
        self.api.merge(_path(namespace, owner), {"spec": {"template": annotations}})

    def scale(self, namespace: str, owner: Owner, replicas: int) -> None:
        """Change the number of a controller's pods.  Raises ApiError."""
        self.api.merge(f"{_path(namespace, owner)}/scale", {"spec": {"replicas": replicas}})

    def serving(self, namespace: str) -> frozenset[str]:
        """The UIDs of the pods to which the namespace's Services send.  Raises ApiError."""
        path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
        return objects.serving(self.api.items(path))

    def zone(self, pod: Pod) -> str | None:
        """The zone of a pod, by its label or by that of its node.

        None: neither has one, or nodes may not be read.  Raises ApiError.
        """
        if pod.zone is not None or pod.node is None:
            return pod.zone
        if pod.node not in self._zones:
            try:
                labels = self.api.read(f"/api/v1/nodes/{pod.node}")["metadata"].get("labels") or {}
            except ApiError as error:
                if error.status not in (_FORBIDDEN, _NOT_FOUND):
                    raise
                labels = {}
            self._zones[pod.node] = labels.get(objects.ZONE_LABEL)
        return self._zones[pod.node]

    def refused(self, namespace: str) -> Sequence[str]:
        """The permissions that faults need and this user lacks, as `delete pods`.

        Raises ApiError.
        """
        return [
            f"{verb} {resource}{'' if group == '' else '.' + group}"
            for verb, group, resource in PERMISSIONS
            if not self._may(namespace, verb, group, resource)
        ]

    def _may(self, namespace: str, verb: str, group: str, resource: str) -> bool:
        resource, _, subresource = resource.partition("/")
        asked = {
            "namespace": namespace,
            "verb": verb,
            "group": group,
            "resource": resource,
            "subresource": subresource,
        }
        answer = self.api.create(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": asked},
            },
        )
        return bool(answer.get("status", {}).get("allowed"))


PERMISSIONS = (
    ("list", "", "pods"),
    ("delete", "", "pods"),
    ("get", "apps", "replicasets"),
    ("get", "apps", "deployments"),
    ("patch", "apps", "deployments"),
    ("patch", "apps", "deployments/scale"),
    ("list", "discovery.k8s.io", "endpointslices"),
)
"""Verb, group and resource of everything that the faults of a Deployment's pods need."""


def _path(namespace: str, owner: Owner) -> str:
    plural = _PLURALS.get(owner.kind)
    if plural is None:
        raise ApiError(f"{owner} must be one of {', '.join(_PLURALS)}", None)
    return f"/apis/apps/v1/namespaces/{namespace}/{plural}/{owner.name}"
