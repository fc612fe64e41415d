"""Redis forgets everything at once, as by a FLUSHALL in the wrong window."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from chaos.faults.drawing import Drawing, NeverDrawn
from chaos.faults.targeted import RedisFault
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.redis_client import connect


@dataclass
class Amnesia(RedisFault):
    """FLUSHALL.  The server keeps running; its data is never restored."""

    kind: ClassVar[str] = "amnesia"
    always_needs: ClassVar[frozenset[str]] = frozenset({"redis-config"})
    drawing: ClassVar[Drawing | NeverDrawn] = NeverDrawn(
        "the data never comes back, so no service survives it"
    )
    duration: float = 0.0

    _flushed: int = field(default=0, init=False, repr=False)

    def inject(self, env: SystemUnderTest) -> None:
        """Count and flush, in one transaction."""
        with connect(self.victim.url) as client, client.pipeline(transaction=True) as both:
            both.dbsize()
            both.flushall()
            both.dbsize()
            before, _, after = both.execute()
            self._flushed = int(before) - int(after)

    def verify(self, env: SystemUnderTest) -> bool:
        """There was data, and it was deleted."""
        return self._flushed > 0
