"""Turns as OpenTelemetry spans, in the JSON of OTLP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.records import Outcome, TurnRecord
from reports.records.run_description import RunDescription
from reports.records.tracing import span_id, trace_id

_CLIENT = 3
_ERROR = 2
_LONGEST = 200
"""Characters of an error in a span."""


def request(run: RunDescription, turns: Sequence[TurnRecord]) -> dict[str, Any]:
    """The body of one POST to `/v1/traces`."""
    resource = {
        "service.name": "diya",
        "diya.run.id": run.run_id,
        "diya.profile": str(run.profile.get("name") or ""),
        "diya.seed": run.seed,
    }
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(resource)},
                "scopeSpans": [
                    {"scope": {"name": "diya"}, "spans": [span(run, turn) for turn in turns]}
                ],
            }
        ]
    }


def span(run: RunDescription, turn: TurnRecord) -> dict[str, Any]:
    """The span of a turn: from its intended time to the end of its last attempt."""
    found = {
        "traceId": trace_id(run.run_id, turn.turn_id),
        "spanId": span_id(run.run_id, turn.turn_id),
        "name": f"turn {turn.journey}",
        "kind": _CLIENT,
        "startTimeUnixNano": _nanoseconds(run.origin, turn.due),
        "endTimeUnixNano": _nanoseconds(run.origin, max(turn.due, turn.done)),
        "attributes": _attributes(
            {
                "diya.conversation": turn.conversation,
                "diya.turn": turn.turn,
                "diya.turn.id": turn.turn_id,
                "diya.outcome": str(turn.outcome),
                "diya.attempts": turn.attempts,
                "diya.replica": turn.replica,
                "http.response.status_code": turn.status,
                "error.message": None if turn.error is None else turn.error[:_LONGEST],
            }
        ),
        "events": [
            {"name": name, "timeUnixNano": _nanoseconds(run.origin, at)}
            for name, at in (("sent", turn.sent), ("first token", turn.first_token))
            if at is not None
        ],
    }
    if turn.outcome is not Outcome.OK:
        found["status"] = {"code": _ERROR, "message": (turn.error or "")[:_LONGEST]}
    return found


def _attributes(values: Mapping[str, str | int | None]) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)},
        }
        for key, value in values.items()
        if value is not None
    ]


def _nanoseconds(origin: float, t: float) -> str:
    # OTLP's JSON writes 64-bit numbers as text.
    return str(int(origin) * 10**9 + round((origin - int(origin) + t) * 1e9))
