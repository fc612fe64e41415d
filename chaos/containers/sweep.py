"""Removes containers, networks and volumes: those of one run, and those whose owner is dead."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from docker.errors import APIError, DockerException, NotFound

from chaos.containers.owner import OWNER_LABEL, RUN_LABEL, is_dead

_TIMEOUT_S = 30.0
_PAUSE_S = 0.2


def remove_run(client: Any, run_id: str) -> bool:
    """Remove everything that carries the run's id, until nothing does.

    Returns whether nothing is left; False after 30 s.
    """
    label = f"{RUN_LABEL}={run_id}"
    deadline = time.monotonic() + _TIMEOUT_S
    while left := _labelled(client, label):
        for each in left:
            _remove(each)
        if time.monotonic() > deadline:
            return not _labelled(client, label)
        time.sleep(_PAUSE_S)
    return True


def sweep(client: Any) -> list[str]:
    """Remove what dead runs have left; returns their ids.  Runs that live are not touched."""
    dead = {
        labels.get(RUN_LABEL, "")
        for each in _labelled(client, OWNER_LABEL)
        if is_dead((labels := _labels(each)).get(OWNER_LABEL, ""))
    }
    return sorted(run_id for run_id in dead if run_id and remove_run(client, run_id))


def _labelled(client: Any, label: str) -> list[Any]:
    """Containers first: a network can be removed only when nobody is on it."""
    filters = {"label": label}
    return [
        *client.containers.list(all=True, filters=filters, ignore_removed=True),
        *client.networks.list(filters=filters),
        *client.volumes.list(filters=filters),
    ]


def _labels(each: Any) -> dict[str, str]:
    labels = each.attrs.get("Labels") or each.attrs.get("Config", {}).get("Labels") or {}
    return dict(labels)


def _remove(each: Any) -> None:
    # Gone already, being removed by somebody else, or still in use: the next look will tell.
    with contextlib.suppress(NotFound, APIError, DockerException):
        if hasattr(each, "exec_run"):
            each.remove(force=True, v=True)
        else:
            each.remove()
