"""`control.jsonl`: the form that the generator and the faults agree on."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from reports.records import load_commands
from reports.records.load_commands import SpikeCommand, StormCommand


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (
            SpikeCommand(order=1, seconds=2.0, seed=5, factor=4.0),
            {"what": "spike", "order": 1, "seconds": 2.0, "seed": 5, "factor": 4.0},
        ),
        (
            StormCommand(order=2, seconds=1.5, seed=6),
            {"what": "storm", "order": 2, "seconds": 1.5, "seed": 6},
        ),
    ],
)
def test_a_command_to_the_load_is_one_line_and_is_read_from_it(
    command: SpikeCommand | StormCommand, line: dict[str, Any]
) -> None:
    encoded = load_commands.encode(command)
    assert msgspec.json.decode(encoded) == line
    assert b"\n" not in encoded
    assert load_commands.decode(encoded) == command


@pytest.mark.parametrize("line", [b"", b"{}", b'{"what":"flood"}', b'{"what":"storm","seed":"x"}'])
def test_a_line_that_is_no_command_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        load_commands.decode(line)
