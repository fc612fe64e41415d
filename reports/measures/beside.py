"""Whether a time is near a fault: the fault was active, or had just been healed."""

from __future__ import annotations

from reports.measures.phases import RECOVERY_S
from reports.records.history import History


def beside_a_fault(history: History, start: float, end: float) -> bool:
    """Whether [start, end], run time, touches a fault or the recovery from one."""
    return any(fault.start <= end and start <= fault.end + RECOVERY_S for fault in history.faults)
