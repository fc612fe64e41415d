"""The length of a stall on a machine whose speed changes from one stall to the next."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from chaos.faults import slow_redis
from chaos.faults.slow_redis import SlowRedis

pytestmark = pytest.mark.unit


class Quicker:
    """A Redis that counts a third faster each time than the time before."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self._speeds = (1e8 * 1.33**n for n in count())

    def busy(self, client: Any, rounds: int) -> float:
        self.took.append(rounds / next(self._speeds))
        return self.took[-1]


class Client:
    """A connection that answers."""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None: ...

    def ping(self) -> None: ...


def test_a_redis_that_becomes_faster_is_stalled_for_long_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Quicker()
    monkeypatch.setattr(slow_redis, "connect", lambda *_: Client())
    monkeypatch.setattr(SlowRedis, "_busy", staticmethod(server.busy))
    fault = SlowRedis(duration=1.0, stall=0.3, every=0.6)
    fault._stall("redis://nowhere")
    assert fault.verify(None)  # type: ignore[arg-type]
    assert server.took[1] < 0.27 <= server.took[-1] < 0.33
