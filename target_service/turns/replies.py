"""The guard's own responses: refusals, and the stored reply of a repeated turn."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

# Both are private in ADK, but a repeated turn must show a client exactly the first reply.
from google.adk.cli.api_server import (  # type: ignore[attr-defined]
    _redact_credential_secrets,
)
from google.adk.events._internal_metadata import public_event
from google.adk.events.event import Event
from starlette.responses import JSONResponse, Response

from target_service.turns.request import TURN_ID, texts


def not_run(status: int, why: str) -> Response:
    """A refusal that promises that the turn did not happen; the client may send it again."""
    return JSONResponse(
        {"detail": why},
        status_code=status,
        headers={"Retry-After": "1", "x-diya-outcome": "not-run"},
    )


def unknown(why: str) -> Response:
    """A refusal of unknown outcome: the turn may have happened; repeat it to find out."""
    return JSONResponse({"detail": why}, status_code=503, headers={"Retry-After": "1"})


def reused(turn_id: str) -> Response:
    """A permanent refusal: this turn's id belongs to another message."""
    why = f"turn {turn_id!r} of this session has another message; a new turn needs an id of its own"
    return JSONResponse({"detail": why}, 422, headers={"x-diya-outcome": "not-run"})


def stored_turn(events: Sequence[Event], turn_id: str) -> list[Event]:
    """The events of this turn, or none; turns are stored as a whole."""
    turn = []
    # Search from the end: nearly every repeat is of the last turn.
    for event in reversed(events):
        # A client may send a number; `turn_id` is that number as text.
        if str((event.custom_metadata or {}).get(TURN_ID, "")) == turn_id:
            turn.append(event)
        elif turn:
            break
    turn.reverse()
    return turn


def answers(turn: Sequence[Event], asked: Sequence[str]) -> bool:
    """Whether the stored turn answers these texts of the customer."""
    said = [text for event in turn if event.author == "user" for text in texts(event.content)]
    return said == list(asked)


def repeat(turn: Sequence[Event], streaming: bool) -> Response:
    """The reply of the stored turn, in the endpoint's form."""
    shown = [
        _redact_credential_secrets(
            public_event(event).model_dump(exclude_none=True, by_alias=True, mode="json")
        )
        for event in turn
        if event.author != "user"
    ]
    if not streaming:
        return JSONResponse(shown)
    return Response(b"".join(_lines(shown)), media_type="text/event-stream")


def stream_error(kind: str, why: str) -> bytes:
    """The error line with which ADK ends a stream that failed."""
    details = {"error_type": kind, "error_message": why}
    line = json.dumps({"error": f"{kind}: {why}", "error_details": details})
    return f"data: {line}\n\n".encode()


def _lines(shown: Sequence[object]) -> Iterator[bytes]:
    for event in shown:
        yield f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
