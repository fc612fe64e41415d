"""Removes containers, networks and volumes: those of one run, and those whose owner is dead."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

from chaos.containers.docker_errors import REFUSALS
from chaos.containers.owner import OWNER_LABEL, RUN_LABEL, is_dead
from chaos.errors import ChaosError
from chaos.fleet.waiting import holds_within

_TIMEOUT_S = 30.0
_PAUSE_S = 0.2
_QUIET_LOOKS = 5
"""Docker may still be creating objects that a dead process requested: look again."""


def remove_run(client: Any, run_id: str, timeout: float = _TIMEOUT_S) -> bool:
    """Remove everything that carries the run's id, until nothing does, look after look.

    Returns whether nothing is left; False after `timeout` seconds, also when Docker did not say.
    """
    label = f"{RUN_LABEL}={run_id}"
    quiet = 0

    def is_quiet() -> bool:
        nonlocal quiet
        left = _look(client, label)
        quiet = quiet + 1 if left == [] else 0
        for each in left or ():
            _remove(each)
        return quiet >= _QUIET_LOOKS

    return holds_within(is_quiet, timeout, poll=_PAUSE_S) or _look(client, label) == []


def sweep(client: Any) -> list[str]:
    """Remove the leftovers of dead runs; returns their ids.  Live runs are not touched.

    Raises ChaosError when Docker does not list its objects.
    """
    found: list[Any] = []

    def listed() -> bool:
        owned = _look(client, OWNER_LABEL)
        found.extend(owned or ())
        return owned is not None

    if not holds_within(listed, _TIMEOUT_S, poll=_PAUSE_S):
        raise ChaosError(f"Docker did not list what it has within {_TIMEOUT_S:g} s")
    dead = {
        labels.get(RUN_LABEL, "")
        for each in found
        if is_dead((labels := _labels(each)).get(OWNER_LABEL, ""), age_s(each))
    }
    return sorted(run_id for run_id in dead if run_id and remove_run(client, run_id))


def age_s(each: Any) -> float:
    """Seconds since Docker made it; 0 where that is not told."""
    made = each.attrs.get("Created") or each.attrs.get("CreatedAt") or ""
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(made)).total_seconds()
    except (TypeError, ValueError):
        return 0.0


def _look(client: Any, label: str) -> list[Any] | None:
    """The objects that carry the label; None when Docker does not answer.

    Containers first: a network can be removed only when no container is on it.
    """
    filters = {"label": label}
    try:
        return [
            *client.containers.list(all=True, filters=filters, ignore_removed=True),
            *client.networks.list(filters=filters),
            *client.volumes.list(filters=filters),
        ]
    except REFUSALS:
        return None


def _labels(each: Any) -> dict[str, str]:
    labels = each.attrs.get("Labels") or each.attrs.get("Config", {}).get("Labels") or {}
    return dict(labels)


def _remove(each: Any) -> None:
    # Removed already, being removed by another process, or in use: the next look will tell.
    with contextlib.suppress(*REFUSALS):
        if hasattr(each, "exec_run"):
            each.remove(force=True, v=True)
        else:
            each.remove()
