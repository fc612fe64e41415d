"""`control.jsonl`: commands to the load generator during the load, one JSON object a line.

Faults of the load and the harness write it.  The leading process of the load reads it and answers
each command with marks that carry its number (`LoadMark`).
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

FILE = "control.jsonl"
"""The file's name in the run directory."""


class SpikeCommand(Struct, frozen=True, kw_only=True, tag_field="what", tag="spike"):
    """Additional customers: `factor` times as many as planned, for `seconds`."""

    order: int = 0
    """The command's number in its file."""
    seconds: float
    seed: int
    factor: float


class StormCommand(Struct, frozen=True, kw_only=True, tag_field="what", tag="storm"):
    """A cut-off of every customer in a conversation; they reconnect within `seconds`."""

    order: int = 0
    """The command's number in its file."""
    seconds: float
    seed: int


class ExtendCommand(Struct, frozen=True, kw_only=True, tag_field="what", tag="extend"):
    """The load goes on: for `seconds` after its planned end, `rate` customers come a second."""

    order: int = 0
    """The command's number in its file."""
    seconds: float
    seed: int
    rate: float


LoadCommand = SpikeCommand | StormCommand | ExtendCommand

encode = msgspec.json.Encoder().encode
"""A command as one line, without its newline."""
_DECODER: msgspec.json.Decoder[LoadCommand] = msgspec.json.Decoder(LoadCommand)


def decode(line: bytes) -> LoadCommand:
    """The command in a line.  Raises msgspec.DecodeError for anything else."""
    return _DECODER.decode(line)
