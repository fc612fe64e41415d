"""A proxy ends or resets a connection when its toxic says so, as the real Toxiproxy does."""

from __future__ import annotations

import time

import pytest

from tests.chaos.proxied_line import SOON, Line, line, process, quiet

pytestmark = pytest.mark.service

__all__ = ["line", "process"]


def test_a_timeout_counts_from_the_last_that_came(line: Line) -> None:
    line.add("timeout", timeout=1_500)
    begun = last = time.monotonic()
    while last - begun < 1.6:
        last = time.monotonic()
        line.client.sendall(b"swallowed")
        assert quiet(line.client, 0.1)
    assert line.receive(1) == b""
    assert 1.45 < time.monotonic() - last < 1.5 + SOON


def test_a_timeout_begins_anew_when_it_is_changed(line: Line) -> None:
    line.add("timeout", timeout=60_000)
    changed = time.monotonic()
    line.change(timeout=300)
    assert line.receive(1) == b""
    assert 0.25 < time.monotonic() - changed < 0.3 + SOON


def test_a_stream_that_lost_bytes_does_not_go_on_when_chance_spares_it(line: Line) -> None:
    line.add("timeout", timeout=0)
    line.change(toxicity=0.0)
    line.client.sendall(b"none lost yet")
    assert line.receive(13) == b"none lost yet"
    line.change(toxicity=1.0)
    line.send(b"lost")
    line.change(toxicity=0.0)
    assert line.receive(1) == b""


def test_a_connection_is_reset_only_once_something_was_sent(line: Line) -> None:
    line.add("reset_peer", timeout=0)
    assert quiet(line.client, 0.3)
    line.client.sendall(b"x")
    for end in (line.client, line.server):
        with pytest.raises(ConnectionResetError):
            end.recv(1)


def test_a_reset_that_is_due_is_waited_for_anew_when_it_is_changed(line: Line) -> None:
    line.add("reset_peer", timeout=60_000)
    line.send(b"x")
    changed = time.monotonic()
    line.change(timeout=300)
    with pytest.raises(ConnectionResetError):
        line.receive(1)
    assert 0.25 < time.monotonic() - changed < 0.3 + SOON
