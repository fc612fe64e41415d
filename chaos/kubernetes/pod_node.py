"""One place of the fleet: the pod that fills it now, and the pod that takes its place."""

from __future__ import annotations

import signal
from typing import NoReturn, Protocol

from chaos.errors import ChaosError
from chaos.fleet.waiting import holds_within, wait_for
from chaos.kubernetes.objects import Pod

_DELETED_S = 15.0
"""The API server may take so long to forget a pod that is deleted without grace."""
POLL_S = 0.25


class Pods(Protocol):
    """The pods of the fleet that a place belongs to."""

    def find(self, uid: str) -> Pod | None:
        """The pod of this UID as it is now; None: it is no more, or is being deleted."""

    def listed(self, uid: str) -> bool:
        """Whether the API server still has a pod of this UID, if only until it has ended."""

    def serves(self, uid: str) -> bool | None:
        """Whether Services send connections to it; None where they do to no pod of the fleet."""

    def delete(self, pod: Pod, grace_s: int | None) -> None:
        """Delete the pod; `grace_s` as in `Cluster.delete_pod`.  Raises ChaosError."""

    def successor(self, pod: Pod, wait_s: float) -> Pod:
        """A new, ready pod of no other place.  Raises ChaosError."""


class PodNode:
    """A replica that is a pod.

    A pod that is gone is never started again: its controller makes another one at once, with
    another UID.  `start` waits for that one.
    """

    def __init__(self, pods: Pods, pod: Pod, replaced_within_s: float) -> None:
        """`replaced_within_s`: the time that its successor has to become ready."""
        self.pod = pod
        self._pods = pods
        self._replaced_within_s = replaced_within_s
        self._ended: int | None = None

    @property
    def name(self) -> str:
        """The name of the pod, which its successor need not have."""
        return self.pod.name

    @property
    def running(self) -> bool:
        """Whether the pod is there and is not being deleted.  Raises ChaosError."""
        return self._pods.find(self.pod.uid) is not None

    @property
    def frozen(self) -> bool:
        """False: a pod cannot be frozen."""
        return False

    @property
    def identity(self) -> str | None:
        """The UID of the pod while it is there.  Raises ChaosError."""
        return self.pod.uid if self.running else None

    @property
    def exit_code(self) -> int | None:
        """The signal that ended it, negative; Kubernetes tells no exit code of a pod that is gone.

        None while it runs.
        """
        return None if self.running else self._ended

    @property
    def port(self) -> int:
        """Raises ChaosError: a pod has no port on this machine."""
        _cannot(f"{self.name} must be asked past the Service")

    def start(self) -> None:
        """Wait for the pod that takes its place.  Raises ChaosError."""
        if self.running:
            raise ChaosError(f"{self.name} runs already")
        self.pod = self._pods.successor(self.pod, self._replaced_within_s)

    def kill(self) -> None:
        """Delete the pod with grace 0, and wait until nothing sends it a connection.

        Raises ChaosError.
        """
        pod = self.pod
        self._ended = -signal.SIGKILL
        self._pods.delete(pod, 0)
        wait_for(lambda: self._is_over(pod), _DELETED_S, f"{pod.name} to be deleted", poll=POLL_S)

    def terminate(self, timeout: float) -> bool:
        """Delete the pod with the grace of its template.

        Returns whether it is gone within `timeout` seconds.  Raises ChaosError.
        """
        pod = self.pod
        self._ended = -signal.SIGTERM
        self._pods.delete(pod, None)
        return holds_within(lambda: self._is_over(pod), timeout, poll=POLL_S)

    def _is_over(self, pod: Pod) -> bool:
        return not self._pods.listed(pod.uid) and self._pods.serves(pod.uid) is not True

    def freeze(self) -> None:
        """Raises ChaosError."""
        _cannot(f"{self.name} must be frozen")

    def resume(self) -> None:
        """Nothing: it is never frozen."""

    def ready(self) -> bool:
        """Whether the pod is ready, and Services send to it.  Raises ChaosError."""
        found = self._pods.find(self.pod.uid)
        return found is not None and found.ready and self._pods.serves(found.uid) is not False

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Wait until it is ready.  Raises ChaosError after `timeout` seconds."""
        wait_for(self.ready, timeout, f"{self.name} to become ready", poll=POLL_S)


def _cannot(what: str) -> NoReturn:
    raise ChaosError(f"{what}, which cannot be done to a pod")
