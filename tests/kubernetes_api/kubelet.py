"""The kubelet: one process for each pod, or none at all for tests that need no process."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx

from tests.kubernetes_api.controllers import NAMESPACE, is_ready
from tests.kubernetes_api.store import Object, Store, now


class Container(Protocol):
    """What runs in a pod."""

    port: int

    def ready(self) -> bool:
        """By its readiness probe."""

    def ended(self) -> bool:
        """Whether it has ended."""

    def stop(self) -> None:
        """SIGTERM."""

    def kill(self) -> None:
        """SIGKILL, and reap."""


@dataclass
class Pretended:
    """No process; ready after a while, and gone a while after it is stopped."""

    port: int = 1
    starts_s: float = 0.1
    stops_s: float = 0.1
    broken: bool = False
    """Whether it never becomes ready."""
    _since: float = field(default_factory=time.monotonic)
    _stopped: float | None = None

    def ready(self) -> bool:
        return not self.broken and time.monotonic() > self._since + self.starts_s

    def ended(self) -> bool:
        return self._stopped is not None and time.monotonic() > self._stopped + self.stops_s

    def stop(self) -> None:
        self._stopped = self._stopped or time.monotonic()

    def kill(self) -> None:
        self._stopped = 0.0


class Process:
    """A process whose readiness is `GET /readyz`, or a PING over Redis's protocol."""

    def __init__(
        self, command: Sequence[str], port: int, env: Mapping[str, str], log: Path, probe: str
    ) -> None:
        self.port = port
        self._probe = probe
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, env={**os.environ, **env}, stdout=output, stderr=output
            )

    def ready(self) -> bool:
        if self._probe == "none":
            return not self.ended()
        try:
            url = f"http://127.0.0.1:{self.port}{self._probe}"
            return httpx.get(url, timeout=1.0).status_code == 200
        except httpx.HTTPError:
            return False

    def ended(self) -> bool:
        return self._process.poll() is not None

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


Start = Callable[[Object], Container]
"""Starts the container of a pod."""


class Kubelet:
    """Brings processes in line with pods; one for all nodes."""

    def __init__(self, store: Store, start: Start, nodes: Sequence[str]) -> None:
        self._store, self._start, self._nodes = store, start, nodes
        self._running: dict[str, Container] = {}
        self._stopping: dict[str, float] = {}
        """UID -> when the grace period ends."""

    def look(self) -> None:
        """One look at every pod."""
        pods = {pod["metadata"]["uid"]: pod for pod in self._store.all("pods", NAMESPACE)}
        for uid in set(self._running) - set(pods):  # deleted with grace 0
            self._running.pop(uid).kill()
            self._stopping.pop(uid, None)
        for uid, pod in pods.items():
            if "deletionTimestamp" in pod["metadata"]:
                self._end(uid, pod)
            elif uid not in self._running:
                self._begin(uid, pod)
            else:
                self._probe(uid, pod)

    def close(self) -> None:
        """End every process."""
        for container in self._running.values():
            container.kill()
        self._running.clear()

    def _begin(self, uid: str, pod: Object) -> None:
        container = self._running[uid] = self._start(pod)
        counts = dict.fromkeys(self._nodes, 0)
        for each in self._store.all("pods", NAMESPACE):
            if each["spec"].get("nodeName") in counts:
                counts[each["spec"]["nodeName"]] += 1
        node = min(self._nodes, key=lambda name: counts[name])

        def edit(document: Object) -> None:
            document["spec"]["nodeName"] = node
            document["status"] = {
                "phase": "Running",
                "podIP": "127.0.0.1",
                "startTime": now(),
                "conditions": _conditions(ready=False),
                "containerStatuses": [
                    {
                        "name": document["spec"]["containers"][0]["name"],
                        "image": "test",
                        "imageID": "test",
                        "ready": False,
                        "restartCount": 0,
                        "state": {"running": {"startedAt": now()}},
                    }
                ],
            }
            document["metadata"]["annotations"]["test/port"] = str(container.port)

        self._edit(pod, edit)

    def _probe(self, uid: str, pod: Object) -> None:
        ready = self._running[uid].ready()
        if ready != is_ready(pod):
            self._edit(
                pod, lambda d: d["status"].__setitem__("conditions", _conditions(ready=ready))
            )

    def _end(self, uid: str, pod: Object) -> None:
        container = self._running.get(uid)
        if container is not None:
            if uid not in self._stopping:
                container.stop()
                grace = pod["metadata"]["deletionGracePeriodSeconds"]
                self._stopping[uid] = time.monotonic() + grace
            if not container.ended():
                if time.monotonic() < self._stopping[uid]:
                    return
                container.kill()
        self._running.pop(uid, None)
        self._stopping.pop(uid, None)
        self._store.remove("pods", NAMESPACE, pod["metadata"]["name"])

    def _edit(self, pod: Object, edit: Callable[[Object], None]) -> None:
        """Edit a pod unless it is gone, or another one of its name is there, by now."""
        with self._store.lock:
            same = [
                each
                for each in self._store.all("pods", NAMESPACE)
                if each["metadata"]["uid"] == pod["metadata"]["uid"]
            ]
            if same:
                self._store.change("pods", NAMESPACE, pod["metadata"]["name"], edit)


def _conditions(*, ready: bool) -> list[dict[str, str]]:
    status = "True" if ready else "False"
    return [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": now()},
        {"type": "Ready", "status": status, "lastTransitionTime": now()},
    ]
