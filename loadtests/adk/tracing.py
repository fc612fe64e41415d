"""The trace that the requests of one customer carry while a turn is played.

Each greenlet has a context of its own, so that the customers do not see each other's trace.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

from reports.records import tracing

_current: ContextVar[str] = ContextVar("traceparent", default="")


_NOT_CARRIED = nullcontext()


def carried(run_id: str | None, turn_id: str) -> AbstractContextManager[None]:
    """Requests inside the block carry the turn's `traceparent`; none of `run_id` None do."""
    return _NOT_CARRIED if run_id is None else _carried(run_id, turn_id)


@contextmanager
def _carried(run_id: str, turn_id: str) -> Iterator[None]:
    before = _current.set(f"traceparent: {tracing.traceparent(run_id, turn_id)}\r\n")
    try:
        yield
    finally:
        _current.reset(before)


def header() -> str:
    """The header's line of the turn in play, with its line break; empty outside of a turn."""
    return _current.get()
