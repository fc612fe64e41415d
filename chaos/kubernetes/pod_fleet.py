"""All places of a fleet of pods, and the controllers that fill them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property

from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.waiting import holds_within, wait_for
from chaos.kubernetes.cluster import ROLLED, SCALED, Cluster
from chaos.kubernetes.objects import Owner, Pod
from chaos.kubernetes.pod_node import POLL_S, PodNode
from chaos.kubernetes.selection import Selection

_LOG = logging.getLogger(__name__)

REPLACED_S = 180.0
"""A pod may take so long to be scheduled, pulled, started and ready."""
_ROLLED_OUT_S = 900.0
_SERVED_S = 5.0


class PodFleet:
    """The pods of a selection, which were all ready when the run began."""

    def __init__(
        self, cluster: Cluster, selection: Selection, *, replaced_within_s: float = REPLACED_S
    ) -> None:
        """Read the pods.  Raises ChaosConfigError when they cannot be the replicas of a run."""
        self._cluster = cluster
        self.selection = selection
        self._lock = threading.Lock()
        try:
            pods = sorted(self._present(), key=lambda pod: pod.name)
            self.controllers: Sequence[Owner] = self._controllers(pods)
            self._require_ready(pods)
            self.served = self._served(pods)
            """The number of pods to which Services sent connections then: all or none."""
        except ChaosConfigError:
            raise
        except ChaosError as error:
            raise ChaosConfigError(f"{selection}: {error}") from None
        self.size = len(pods)
        """The number of replicas that it had when the run began."""
        self.nodes: Mapping[str, PodNode] = {
            f"r{number:02}": PodNode(self, pod, replaced_within_s)
            for number, pod in enumerate(pods, 1)
        }
        """The places, r01 and so on, in the order of the pods' names."""

    def _controllers(self, pods: Sequence[Pod]) -> Sequence[Owner]:
        if not pods:
            raise ChaosConfigError(
                f"{self.selection} must select pods that are there, got none; "
                f"`kubectl -n {self.selection.namespace} get pods --show-labels` shows them"
            )
        found: dict[Owner, None] = {}
        for direct in {pod.owner: pod for pod in pods}.values():
            owner = self._cluster.controller(self.selection.namespace, direct)
            if owner is None:
                raise ChaosConfigError(
                    f"{self.selection}: {direct.name} has no controller, so nothing would replace "
                    "it; it must belong to a Deployment, StatefulSet, DaemonSet or ReplicaSet"
                )
            found[owner] = None
        return list(found)

    def _require_ready(self, pods: Sequence[Pod]) -> None:
        unready = [pod.name for pod in pods if not pod.ready]
        if unready:
            raise ChaosConfigError(
                f"{self.selection}: every pod must be ready before a run, got "
                f"{', '.join(unready)}, not ready"
            )

    def _served(self, pods: Sequence[Pod]) -> int:
        """How many of these pods get connections from Services.

        A pod that has just become ready gets them a moment later.
        """
        found = 0

        def is_all_or_none() -> bool:
            nonlocal found
            serving = self._cluster.serving(self.selection.namespace)
            found = sum(pod.uid in serving for pod in pods)
            return found in (0, len(pods))

        if not holds_within(is_all_or_none, _SERVED_S, poll=POLL_S):
            raise ChaosConfigError(
                f"{self.selection}: all of the pods must be behind a Service, or none of them, got "
                f"{found} of {len(pods)}; a narrower selector leaves the others out"
            )
        return found

    # For the places.

    def _present(self) -> list[Pod]:
        return [pod for pod in self._cluster.pods(self.selection) if not pod.gone]

    def find(self, uid: str) -> Pod | None:
        """The pod of this UID as it is now; None: it is no more, or is being deleted.

        Raises ChaosError.
        """
        return next((pod for pod in self._present() if pod.uid == uid), None)

    def listed(self, uid: str) -> bool:
        """Whether the API server still has a pod of this UID.  Raises ChaosError."""
        return any(pod.uid == uid for pod in self._cluster.pods(self.selection))

    def serves(self, uid: str) -> bool | None:
        """Whether Services send connections to the pod of this UID.

        None where they sent to no pod of the fleet when the run began.  Raises ChaosError.
        """
        if self.served == 0:
            return None
        return uid in self._cluster.serving(self.selection.namespace)

    def delete(self, pod: Pod, grace_s: int | None) -> None:
        """Delete the pod; `grace_s` as in `Cluster.delete_pod`.  Raises ChaosError."""
        grace = "its own grace period" if grace_s is None else f"grace {grace_s} s"
        _LOG.info("Kubernetes: delete pod %s (%s) with %s", pod.name, pod.uid, grace)
        self._cluster.delete_pod(self.selection.namespace, pod, grace_s)

    def successor(self, pod: Pod, wait_s: float) -> Pod:
        """A ready pod of no other place, of the same name if there is one.

        Raises ChaosError when there is none within `wait_s` seconds.
        """
        found: list[Pod] = []

        def is_there() -> bool:
            with self._lock:
                taken = {node.pod.uid for node in self.nodes.values()}
                free = [each for each in self._present() if each.uid not in taken and each.ready]
                free.sort(key=lambda each: each.name != pod.name)
                found[:] = free[:1]
            return bool(found)

        wait_for(is_there, wait_s, f"a ready pod in the place of {pod.name}", poll=POLL_S)
        _LOG.info("Kubernetes: pod %s took the place of %s", found[0].name, pod.name)
        return found[0]

    # For the whole fleet.

    @cached_property
    def zones(self) -> Mapping[str, Sequence[PodNode]]:
        """The places by the zone of their pods when this was first asked; none if unknown."""
        found: dict[str, list[PodNode]] = {}
        for node in self.nodes.values():
            zone = self._cluster.zone(node.pod)
            if zone is not None:
                found.setdefault(zone, []).append(node)
        return dict(sorted(found.items()))

    @property
    def can_roll_out(self) -> bool:
        """Whether its controllers replace pods in turn when their template changes."""
        return all(owner.kind in ROLLED for owner in self.controllers)

    @property
    def scalable(self) -> Owner | None:
        """The controller whose number of pods can be changed; None: there is none, or several."""
        only = self.controllers[0] if len(self.controllers) == 1 else None
        return only if only is not None and only.kind in SCALED else None

    def roll_out(self, cancelled: threading.Event) -> None:
        """Let the controllers replace all pods; returns when they have, or the run ends.

        Raises ChaosError.
        """
        for owner in self.controllers:
            _LOG.info("Kubernetes: roll out %s", owner)
            self._cluster.roll_out(self.selection.namespace, owner)
        wait_for(
            lambda: cancelled.is_set() or self._rolled_out(),
            _ROLLED_OUT_S,
            f"the rollout of {self.controllers[0]}",
            poll=POLL_S,
        )

    def wait_rolled_out(self) -> None:
        """Wait until the controllers have nothing more to replace, and fill the places anew.

        Raises ChaosError.
        """
        wait_for(self._rolled_out, _ROLLED_OUT_S, f"the rollout of {self.controllers[0]}")
        self.fill()

    def _rolled_out(self) -> bool:
        namespace = self.selection.namespace
        return all(self._cluster.workload(namespace, owner).complete for owner in self.controllers)

    def fill(self) -> None:
        """Give every place whose pod is gone the pod that took its place.  Raises ChaosError."""
        for node in self.nodes.values():
            if not node.running:
                node.start()

    def scale(self, replicas: int) -> None:
        """Change the number of pods.  Raises ChaosError."""
        if self.scalable is None:
            raise ChaosError(f"{self.selection} must have one controller that can be scaled")
        _LOG.info("Kubernetes: scale %s to %d", self.scalable, replicas)
        self._cluster.scale(self.selection.namespace, self.scalable, replicas)

    def scaled_to(self, replicas: int) -> bool:
        """Whether exactly this many pods are wanted, there, ready, and get connections.

        Raises ChaosError.
        """
        if self.scalable is None:
            return False
        if self._cluster.workload(self.selection.namespace, self.scalable).wanted != replicas:
            return False
        pods = self._present()
        return len(pods) == replicas and self._useful(pods) == replicas

    def _useful(self, pods: Sequence[Pod]) -> int:
        serving = self._cluster.serving(self.selection.namespace) if self.served else None
        return sum(pod.ready and (serving is None or pod.uid in serving) for pod in pods)

    def is_complete(self) -> bool:
        """Whether as many pods as before are ready and get connections.

        Fewer are enough where something else than diya has lowered their number meanwhile.  Raises
        ChaosError.
        """
        namespace = self.selection.namespace
        wanted = sum(self._cluster.workload(namespace, owner).wanted for owner in self.controllers)
        return self._useful(self._present()) >= min(self.size, wanted)
