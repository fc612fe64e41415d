"""Builds the fleet of a plan, and describes it once it has started."""

from __future__ import annotations

from pathlib import Path

from msgspec import structs

from chaos.fleet.lifecycle import FleetLifecycle
from chaos.fleet.load_switch import LoadSwitchFile
from harness.fleet_kinds import FLEETS, project_fleet
from harness.run.plan import Plan
from reports.records.run_description import RunDescription


def for_plan(plan: Plan, run_dir: Path) -> FleetLifecycle:
    """The fleet, not yet started.  Raises ChaosConfigError when it cannot do what the plan asks."""
    kind = project_fleet() if plan.project is not None else FLEETS[plan.env].load()
    fleet = kind.from_plan(plan.fleet_plan(run_dir, LoadSwitchFile(run_dir)))
    fleet.app = plan.app
    return fleet


def described(plan: Plan, fleet: FleetLifecycle) -> RunDescription:
    """The run's description with the facts that a started fleet adds: URL, server, images."""
    description = plan.description()
    return structs.replace(
        description,
        target=fleet.url,
        environment=fleet.describe(description.environment),
        topology=fleet.topology(description.topology),
    )
