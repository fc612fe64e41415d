"""The system under test: a target whose replicas, and perhaps its Redis, are pods."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping, Sequence
from typing import NoReturn

import diya_start
from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.environment import (
    POD_CAPABILITIES,
    Balancer,
    DatabaseNode,
    LoadSwitch,
    ModelSwitch,
    Network,
    RedisStore,
    ReplicaNode,
    SystemUnderTest,
)
from chaos.fleet.undoing import Undoing, UndoKeeper
from chaos.fleet.waiting import wait_for
from chaos.kubernetes.pod_fleet import PodFleet
from chaos.kubernetes.pod_node import POLL_S

_UNDO_LIMIT_S = 40.0
"""For all tries of `chaos.kubernetes.undo`."""


class PodSystem:
    """Replicas and Redis are pods; everything else is that of the target."""

    def __init__(
        self,
        target: SystemUnderTest,
        pods: PodFleet,
        redis: RedisStore | None,
        context: str | None,
    ) -> None:
        """`context`: the kubeconfig's that is used; None: the service account of this pod is.

        An undo names it: the current context may be that of another cluster by then.
        """
        self._target = target
        self._pods = pods
        self._redis = redis
        self._context = context
        self.app = target.app
        self.active_faults = target.active_faults
        self.process_env = target.process_env
        self.replicas: Mapping[str, ReplicaNode] = pods.nodes

    @property
    def capabilities(self) -> frozenset[str]:
        """Those of pods, and those of the target's model."""
        scale = frozenset() if self._pods.scalable is None else frozenset({"scale"})
        return POD_CAPABILITIES | scale | self._target.capabilities

    @property
    def redis(self) -> RedisStore:
        """The pod of Redis.  Raises ChaosConfigError where none was named."""
        if self._redis is None:
            raise ChaosConfigError(
                "faults of Redis must be given its pod, by --redis-fleet "
                "kubernetes:NAMESPACE/SELECTOR, and its address, by --redis"
            )
        return self._redis

    @property
    def database(self) -> DatabaseNode:
        """The target's.  Raises ChaosError."""
        return self._target.database

    @property
    def balancer(self) -> Balancer:
        """Raises ChaosError."""
        _hidden("the balancer")

    def headers_for(self, url: str) -> Mapping[str, str]:
        """The target's."""
        return self._target.headers_for(url)

    @property
    def network(self) -> Network:
        """Raises ChaosError."""
        _hidden("the network")

    @property
    def model(self) -> ModelSwitch:
        """The target's.  Raises ChaosError where diya does not answer for it."""
        return self._target.model

    @property
    def load(self) -> LoadSwitch:
        """The target's."""
        return self._target.load

    @property
    def undo_keeper(self) -> UndoKeeper:
        """The target's."""
        return self._target.undo_keeper

    def wait_balanced(self, timeout: float = 10.0) -> None:
        """Wait until as many pods as before are ready, and Services send to all of them.

        Raises ChaosError after `timeout` seconds.
        """
        wait_for(
            self._pods.is_complete,
            timeout,
            f"{self._pods.size} ready pods of {self._pods.selection} behind its Services",
            poll=POLL_S,
        )

    # Zones.

    @property
    def zones(self) -> Sequence[str]:
        """The names of the zones that have a pod, in order; none where they are not known."""
        return list(self._pods.zones)

    def in_zone(self, zone: str) -> Sequence[ReplicaNode]:
        """The pods of a zone."""
        return self._pods.zones.get(zone, ())

    # Rollouts.

    def roll_out(self, cancelled: threading.Event) -> None:
        """Replace all pods by the controllers' own rules.  Raises ChaosError."""
        if not self._pods.can_roll_out:
            raise ChaosError(
                f"{self._pods.selection} must belong to a Deployment, StatefulSet or DaemonSet to "
                "be rolled out"
            )
        self._pods.roll_out(cancelled)

    def wait_rolled_out(self) -> None:
        """Wait until the controllers have nothing more to replace.  Raises ChaosError."""
        self._pods.wait_rolled_out()

    # The number of pods.

    @property
    def scaled_name(self) -> str:
        """The name of the controller, as `deployment/agent`."""
        return str(self._pods.scalable)

    @property
    def size(self) -> int:
        """The number of pods that it had when the run began."""
        return self._pods.size

    def scale_down(self, replicas: int) -> None:
        """Lower the number; the guardian restores it if this process dies.  Raises ChaosError."""
        owner = self._pods.scalable
        if owner is None:
            raise ChaosError(f"{self._pods.selection} must have one controller to be scaled")
        call = {
            "context": self._context,
            "namespace": self._pods.selection.namespace,
            "kind": owner.kind,
            "name": owner.name,
            "replicas": self.size,
            "target": self.scaled_name,
            "by_hand": self.scale_by_hand,
        }
        command = tuple(diya_start.command("chaos.kubernetes.undo"))
        self.undo_keeper.keep(self._key, Undoing(command, call, _UNDO_LIMIT_S))
        self._pods.scale(replicas)

    def scale_back(self) -> None:
        """Restore the number that it had.  Raises ChaosError."""
        self._pods.scale(self.size)
        self.undo_keeper.drop(self._key)

    def scaled_to(self, replicas: int) -> bool:
        """Whether exactly this many pods are wanted, ready, and get connections.

        Raises ChaosError.
        """
        return self._pods.scaled_to(replicas)

    def fill(self) -> None:
        """Wait for the pods that took the places of those that went.  Raises ChaosError."""
        self._pods.fill()

    @property
    def scale_by_hand(self) -> str:
        """The command with which a person restores the number."""
        context = [] if self._context is None else ["--context", self._context]
        return shlex.join(
            [
                *("kubectl", *context, "-n", self._pods.selection.namespace),
                *("scale", self.scaled_name, f"--replicas={self.size}"),
            ]
        )

    @property
    def _key(self) -> str:
        return f"scale {self._pods.selection.namespace} {self.scaled_name}"


def _hidden(part: str) -> NoReturn:
    raise ChaosError(f"{part} of a --target cannot be seen")
