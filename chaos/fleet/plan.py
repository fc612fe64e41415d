"""The plan of a fleet, the same for every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chaos.fleet.environment import LoadSwitch
from chaos.fleet.pinning import Cores
from chaos.fleet.project_plan import ProjectPlan
from chaos.fleet.stand_in import StandInPlan
from chaos.fleet.topology import Topology

POSTGRES = "postgres"
"""The word for sessions in a PostgreSQL of the fleet's own."""
SESSION_URI = "DIYA_SESSION_SERVICE_URI"
"""The variable by which replicas get the URI of their session service."""


@dataclass(frozen=True, kw_only=True)
class FleetPlan:
    """The settings of one fleet.  A kind of fleet ignores those that are not for it."""

    run_dir: Path
    run_id: str
    replicas: int
    sessions: str
    ttl_seconds: float
    base_port: int | None = None
    """The balancer's port; None: a free one."""
    topology: Topology = field(default_factory=Topology)
    load: LoadSwitch | None = None
    """The switch of the load that will be put on it; None: there will be none."""
    redis: str = "auto"
    """Processes: `auto`, `bundled`, `system` or an address."""
    proxy: bool = False
    """Processes: whether proxies are on the way."""
    authorised: bool = False
    """Processes: whether an external Redis may be elsewhere than on loopback."""
    agent: Path | None = None
    """Processes: the folder of the agent; None: ShopMax's."""
    service: tuple[str, ...] = ()
    """Processes: the command line of a replica; empty: that of this release."""
    stand_in: StandInPlan | None = None
    """Processes and containers: the stand-in for the replicas' model; None: they have another."""
    replica_env: Mapping[str, str] = field(default_factory=dict)
    """Processes and containers: more of the replicas' environment."""
    cores: Cores | None = None
    """Processes: the cores of the replicas and of everything else; None: no process is pinned."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Containers: the images of `service`, `redis` and `envoy`, where they are not the default."""
    health_path: str = "/readyz"
    """Containers: the path of the service's readiness check."""
    pass_env: tuple[str, ...] = ()
    """Containers: variables of diya's environment that replicas get too."""
    workers: int = 1
    """Compose: how many workers play the load."""
    project: ProjectPlan | None = None
    """Compose: the running project of the user's own; None: that of diya's file."""
