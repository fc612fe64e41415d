"""Redis's memory at a rate that was not measured, within reach of the measured sizes."""

from __future__ import annotations

from loadtests.arrivals.steady_state import SteadyState
from reports.capacity.derive import REACH, Reach, derive
from reports.capacity.figure import Figure, unknown
from reports.capacity.findings import RedisSize


def within(size: RedisSize, sessions: float, reach: Reach = REACH) -> bool:
    """Whether a Redis with so many sessions may be predicted from the measured points: up to
    `reach.sessions` times the largest of them.
    """
    largest = max((each.sessions for each in size.points), default=0)
    return sessions <= reach.sessions * largest


def used_memory(size: RedisSize, steady: SteadyState, rate: float, reach: Reach = REACH) -> Figure:
    """Bytes of used_memory at `rate` conversations a second, expired sessions included:

        empty + rate × seconds that a conversation keeps a session × bytes of it × (1 + expired)

    `steady` is that of the profile and TTL to predict.  Where its sessions are longer or shorter
    than the measured ones, the fit is not for them: measure with that profile.
    """
    sessions = steady.live(rate)
    if not within(size, sessions, reach):
        largest = max((each.sessions for each in size.points), default=0)
        return unknown(
            "bytes",
            f"{sessions:,.0f} sessions are more than {reach.sessions:g} times the largest measured "
            f"number, {largest:,}: measure Redis with more",
        )
    return derive(
        lambda empty, each, expired: empty + sessions * each * (1 + expired),
        size.empty_bytes,
        size.bytes_per_session,
        size.expired_share,
        unit="bytes",
        why=f"{sessions:,.0f} live sessions at {rate:g} conversations a second",
    )
