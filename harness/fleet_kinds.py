"""The kinds of fleet that a run can have: one row each, by the word of `--env`.

Imports nothing heavy, for the sake of `diya --help`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chaos.fleet.lifecycle import FleetLifecycle


@dataclass(frozen=True)
class FleetKind:
    """One kind of fleet, as far as the harness must know it."""

    load: Callable[[], type[FleetLifecycle]]
    """Imports the class: only a run with containers needs Docker's packages."""
    help: str | None = None
    """The text in `diya readiness --help`."""
    in_containers: bool = True
    """It runs images, has one Redis of its own, and no proxies."""
    plays_load: bool = False
    """Its load generator is a part of it."""
    options: frozenset[str] = frozenset()
    """The options that only some kinds take."""

    @property
    def capabilities(self) -> frozenset[str] | None:
        """Its capabilities under load; None: they depend on the topology and the model."""
        from chaos.experiment import random_experiment

        return random_experiment.CONTAINERS if self.in_containers else None


def _process() -> type[FleetLifecycle]:
    from chaos.fleet.process_fleet import ProcessFleet

    return ProcessFleet


def _containers() -> type[FleetLifecycle]:
    from chaos.containers.container_fleet import ContainerFleet

    return ContainerFleet


def _compose() -> type[FleetLifecycle]:
    from chaos.containers.compose_fleet import ComposeFleet

    return ComposeFleet


def project_fleet() -> type[FleetLifecycle]:
    """Imports the class of a compose project of the user's own: `--compose-file`."""
    from chaos.containers.project.project_fleet import ProjectFleet

    return ProjectFleet


DEFAULT = "process"

FLEETS: Mapping[str, FleetKind] = {
    DEFAULT: FleetKind(_process, in_containers=False),
    "containers": FleetKind(
        _containers,
        help="containers need Docker and diya[ci]",
        options=frozenset({"--health-path", "--pass-env"}),
    ),
    "compose": FleetKind(
        _compose,
        help="compose: deploy/compose.yaml, its Locust included, or a project of yours",
        plays_load=True,
    ),
}


def with_option(option: str) -> str:
    """The kinds that take an option, for a sentence."""
    return " or ".join(name for name, kind in FLEETS.items() if option in kind.options)


def in_containers() -> str:
    """The kinds that run images, for a sentence."""
    return " or ".join(name for name, kind in FLEETS.items() if kind.in_containers)
