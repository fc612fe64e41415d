"""The parameters of the simulated service, and their file `calibration.json`.

CalibrationError (a ValueError)
    A file that cannot be used, one sentence: file, key, value, expected value.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from reports.basics.suggestions import did_you_mean
from reports.records.typed import convert

FILE = "calibration.json"
SCHEMA_VERSION = 1

Span = Annotated[float, Meta(ge=0, le=1e6, description="seconds, at least 0")]
Bytes = Annotated[float, Meta(ge=0, le=1e12, description="bytes, at least 0")]
Positive = Annotated[float, Meta(gt=0, le=1e9, description="a number above 0")]
Share = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
Limit = Annotated[int, Meta(ge=1, le=10**9, description="a whole number from 1")]
Words = Annotated[tuple[Limit, ...], Meta(min_length=1, description="a list of whole numbers")]


class CalibrationError(ValueError):
    """A calibration that cannot be used; the message is one sentence for a person."""


class Calibration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every parameter of the simulated service; times in seconds, sizes in bytes.

    A turn takes `turn_cpu_s + earlier_turn_cpu_s × earlier turns` of its replica's core, and the
    additions of its kind, in four segments (a text) or five (with a tool call).
    """

    schema_version: int = SCHEMA_VERSION
    source: str
    """The origin of the values, in words."""
    validated_share: Share = 0.0
    """The highest share of a replica's core at which the values were measured; 0: not measured."""

    turn_cpu_s: Span
    """A turn without history whose reply is a text, not streamed."""
    earlier_turn_cpu_s: Span
    """For each earlier turn of the session."""
    tool_cpu_s: Span
    """For the tool call and the second model call."""
    stream_cpu_s: Span
    """For a streamed reply."""
    open_cpu_s: Span
    """The opening of a session."""
    read_cpu_s: Span
    """The read of a session, without its turns; a deletion takes as much."""
    read_turn_cpu_s: Span
    """For each turn in a session that is read."""
    uncached_turn_cpu_s: Span
    """For each earlier turn that another replica wrote and this one has not read yet."""
    repeat_cpu_s: Span
    """The stored reply of a repeated turn."""
    refusal_cpu_s: Span
    """A refusal, or a poll of a session whose turn is running."""
    wake_cpu_s: Span = 0.0
    """For work that finds its process idle for `wakes_after_s`: its core has to wake, and its
    caches are cold.  A turn takes less at a high load, which spares this; 0: not measured."""
    wakes_after_s: Span = 0.003
    """Fitted to loads of 20 to 70 % of a core of one machine."""
    idle_share: Annotated[float, Meta(ge=0, le=0.9, description="a number from 0 to 0.9")] = 0.0
    """The share of its core that a replica uses without any turn."""
    cpu_cv: Share
    """The coefficient of variation of a turn's CPU, between turns of one kind."""
    text_shares: tuple[Share, Share, Share, Share] = (0.3, 0.25, 0.2, 0.25)
    """The shares of a text turn's CPU: until the session is read; until the model is called; until
    the turn is written; until it is answered."""
    tool_shares: tuple[Share, Share, Share, Share, Share] = (0.25, 0.2, 0.2, 0.15, 0.2)
    """The shares of a turn with a tool: as above, with the tool call in the middle."""

    model_first_token_s: Span
    """The median time to the first token; the draw is that of the scripted model."""
    model_tokens_per_s: Positive
    model_requests_per_min: Positive | None = None
    """The quota of the model; None: no quota.  A call above it is refused with 429."""
    text_words: Words
    """Equally likely numbers of words of a reply without a tool."""
    tool_words: Words
    """The same after a tool."""

    redis_script_s: Span
    """Redis's main thread for one script, without its bytes; a turn takes two scripts."""
    redis_byte_s: Span
    """For each byte that a script reads or writes."""
    redis_trip_s: Span
    """The network and the client on the way to Redis and back."""
    redis_empty_bytes: Bytes
    redis_session_bytes: Bytes
    """A session without its turns."""
    redis_turn_bytes: Bytes
    redis_pause_s: Span = 0.0
    """The length of one pause, as for an fsync that takes long."""
    redis_pause_every_s: Positive | None = None
    """The time between two such pauses; None: there are none."""
    redis_rewrite_every_s: Positive | None = None
    """The time between two rewrites of the append-only file; None: there are none."""
    redis_fork_s_per_gib: Span = 0.0
    """The pause of the fork at a rewrite, for each GiB in Redis."""
    redis_rewrite_extra_share: Share = 0.0
    """Additional memory of a rewrite, as a share of the live bytes."""

    balancer_s: Span
    """The way from a customer to a replica, one direction."""
    others_cpu_s: Span
    """CPU of the balancer, the generator and the harness for one turn; it matters only where they
    share cores with the replicas."""
    model_calls: Annotated[float, Meta(ge=1, le=2, description="a number from 1 to 2")] | None = (
        None
    )
    """The mean number of model calls a turn; None: those of ShopMax's scripted agent."""
    in_flight_limit: Limit
    """The most turns that a replica takes at once; it refuses more at once."""
    lease_s: Span
    """The lease of a session outlives a killed replica by at most this."""
    busy_wait_s: Span
    """The time that a repeated turn waits for the one that is running."""
    store_patience_s: Span
    """The time after which a replica gives Redis up."""
    start_s: Span
    """The time from a replica's kill until its successor is ready."""
    replica_bytes: Bytes = 130e6
    """Resident memory of a replica."""
    exactly_once: bool = True
    """Whether a repeated turn is answered from the session; else it is executed again."""


DEFAULT = Calibration(
    source="built in: assumed figures, not measured on your machine",
    turn_cpu_s=0.0085,
    earlier_turn_cpu_s=0.00008,
    tool_cpu_s=0.0035,
    stream_cpu_s=0.0025,
    open_cpu_s=0.0018,
    read_cpu_s=0.0020,
    read_turn_cpu_s=0.0003,
    uncached_turn_cpu_s=0.00015,
    repeat_cpu_s=0.003,
    refusal_cpu_s=0.0008,
    cpu_cv=0.1,
    model_first_token_s=0.060,
    model_tokens_per_s=600.0,
    text_words=(21, 21, 21, 23, 23, 23, 23, 23, 23, 24),
    tool_words=(9, 10, 12, 13, 13, 14, 15, 15, 16, 18),
    redis_script_s=0.00006,
    redis_byte_s=4e-9,
    redis_trip_s=0.0004,
    redis_empty_bytes=945_000.0,
    redis_session_bytes=1_140.0,
    redis_turn_bytes=1_105.0,
    balancer_s=0.0006,
    others_cpu_s=0.0012,
    in_flight_limit=64,
    lease_s=2.0,
    busy_wait_s=1.8,
    store_patience_s=1.9,
    start_s=2.2,
)
"""Used when no calibration is given, and labelled as such."""


def check(calibration: Calibration) -> Calibration:
    """The same calibration.  Raises CalibrationError for shares that do not add up."""
    for name in ("text_shares", "tool_shares"):
        total = sum(getattr(calibration, name))
        if not math.isclose(total, 1.0, abs_tol=1e-6):
            raise CalibrationError(f"{name} must add up to 1, got {total:.6g}")
    if calibration.turn_cpu_s <= 0:
        raise CalibrationError("turn_cpu_s must be above 0 seconds, got 0")
    return calibration


def parse(values: Any, source: str) -> Calibration:
    """The calibration in these values of the file `source`.  Raises CalibrationError."""
    if not isinstance(values, dict):
        raise CalibrationError(f"{source}: must be a JSON object, got {type(values).__name__}")
    if values.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
        found = values["schema_version"]
        raise CalibrationError(f"{source}: schema_version must be {SCHEMA_VERSION}, got {found!r}")
    known = [field.name for field in msgspec.structs.fields(Calibration)]
    for key in values:
        if key not in known:
            hint = did_you_mean(key, known)
            raise CalibrationError(f"{source}: {key} is no key of a calibration{hint}")
    try:
        return check(convert(values, Calibration))
    except ValueError as error:
        raise CalibrationError(f"{source}: {error}") from None


def read(path: Path) -> Calibration:
    """Read `calibration.json`, or that of a directory.  Raises CalibrationError, one sentence."""
    file = path / FILE if path.is_dir() else path
    try:
        values = json.loads(file.read_bytes())
    except OSError as error:
        raise CalibrationError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise CalibrationError(f"{file}: not JSON: {error}") from None
    return parse(values, str(file))


def write(path: Path, calibration: Calibration) -> None:
    """Write it atomically.  Raises OSError."""
    scratch = path.with_name(f"{path.name}.new")
    text = json.dumps(msgspec.to_builtins(calibration), indent=1, ensure_ascii=False)
    scratch.write_text(text + "\n", encoding="utf-8")
    os.replace(scratch, path)
