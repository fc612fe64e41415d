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


def replica_faults(history: History) -> list[FaultWindow]:
    """The faults of a run that took or disturbed replicas.

    A fault that somebody else only declared is not planned here, and not among them.
    """
    return [
        fault
        for fault in history.faults
        if fault.declared is None
        and not _OF_OTHERS.search(fault.fault)
        and not _OF_OTHERS.search(fault.target)
    ]
