"""The trace of a turn: its ids follow from the run and the turn (W3C Trace Context).

Every attempt of a turn carries the same ids, so that one trace shows the whole turn.
"""

from __future__ import annotations

import hashlib

_TRACE_DIGITS = 32
_SPAN_DIGITS = 16


def trace_id(run_id: str, turn_id: str) -> str:
    """32 hexadecimal digits, other ones for every turn of every run."""
    return _digits(run_id, turn_id)[:_TRACE_DIGITS]


def span_id(run_id: str, turn_id: str) -> str:
    """16 hexadecimal digits: the span of the whole turn, the parent of the agent's spans."""
    return _digits(run_id, turn_id)[_TRACE_DIGITS : _TRACE_DIGITS + _SPAN_DIGITS]


def traceparent(run_id: str, turn_id: str) -> str:
    """The header `traceparent` of the turn's requests; it asks the agent to record its spans."""
    return f"00-{trace_id(run_id, turn_id)}-{span_id(run_id, turn_id)}-01"


def _digits(run_id: str, turn_id: str) -> str:
    return hashlib.sha256(f"{run_id} {turn_id}".encode()).hexdigest()
