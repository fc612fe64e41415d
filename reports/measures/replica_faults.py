"""The faults that may have hit replicas: all but those of the store, the model and the load."""

from __future__ import annotations

import re

from reports.records import FaultWindow
from reports.records.history import History

_OF_OTHERS = re.compile(
    r"redis|valkey|database|postgres|mysql|mariadb|sqlite|model|load-spike|reconnect-storm|noop",
    re.IGNORECASE,
)
"""In the name of a fault or of its target: it is no fault of replicas."""
_OF_REPLICAS = re.compile("replica|rolling-restart|kill-half|kill-zone|kill-streaming|scale-down")
"""In the class of a fault: it is one of replicas, whatever their names are (`redis-agent-7f9c`)."""


def replica_faults(history: History) -> list[FaultWindow]:
    """The faults of a run that took or disturbed replicas.

    A fault that somebody else only declared is not planned here, and not among them.
    """
    return [fault for fault in history.faults if fault.declared is None and _hits_replicas(fault)]


def _hits_replicas(fault: FaultWindow) -> bool:
    if fault.hits_replicas is not None:
        return fault.hits_replicas
    if _OF_REPLICAS.search(fault.fault):
        return True
    return not (_OF_OTHERS.search(fault.fault) or _OF_OTHERS.search(fault.target))
