"""An API server whose pods are no processes, and a fleet of three of its pods."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chaos.fleet.load_switch import LoadSwitchFile
from chaos.fleet.target_system import TargetSystem
from chaos.fleet.undoing import Undoing
from chaos.kubernetes import selection
from chaos.kubernetes.api import Api
from chaos.kubernetes.cluster import Cluster
from chaos.kubernetes.pod_fleet import PodFleet
from chaos.kubernetes.system import PodSystem
from tests.kubernetes_api import objects
from tests.kubernetes_api.controllers import NAMESPACE, is_ready
from tests.kubernetes_api.kubelet import Pretended
from tests.kubernetes_api.server import ApiServer
from tests.target_service.processes import wait_until

AGENT = selection.parse("--fleet", f"kubernetes:{NAMESPACE}/app=agent")


@dataclass
class Kept:
    """Stands for the guardian: notes what it is to undo."""

    undoings: dict[str, Undoing] = field(default_factory=dict)
    seen: list[Undoing] = field(default_factory=list)
    """All that were ever kept."""

    def keep(self, key: str, undoing: Undoing) -> None:
        self.undoings[key] = undoing
        self.seen.append(undoing)

    def drop(self, key: str) -> None:
        self.undoings.pop(key, None)


@dataclass
class Broken:
    """Whether pods that start now never become ready."""

    now: bool = False


@pytest.fixture
def broken() -> Broken:
    return Broken()


@pytest.fixture
def server(tmp_path: Path, broken: Broken, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """Three ready pods of the Deployment `agent`, each in a zone of its own."""
    with ApiServer(lambda pod: Pretended(broken=broken.now)) as api_server:
        monkeypatch.setenv("KUBECONFIG", str(api_server.kubeconfig(tmp_path / "config")))
        objects.deployment(api_server.store)
        wait_until(lambda: ready(api_server) == 3, 20, "three pods are ready")
        yield api_server


@pytest.fixture
def cluster(server: ApiServer) -> Iterator[Cluster]:
    api = Api()
    yield Cluster(api)
    api.close()


@pytest.fixture
def fleet(cluster: Cluster) -> PodFleet:
    return PodFleet(cluster, AGENT, replaced_within_s=20)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def system(fleet: PodFleet, kept: Kept, tmp_path: Path) -> PodSystem:
    target = TargetSystem("shopmax", None, LoadSwitchFile(tmp_path), dict(os.environ), kept)
    return PodSystem(target, fleet, None, None)


def ready(server: ApiServer, app: str = "agent") -> int:
    """The number of ready pods."""
    return sum(map(is_ready, server.store.all("pods", NAMESPACE, f"app={app}")))


def uids(server: ApiServer, app: str = "agent") -> set[str]:
    """The UIDs of the pods."""
    return {pod["metadata"]["uid"] for pod in server.store.all("pods", NAMESPACE, f"app={app}")}
