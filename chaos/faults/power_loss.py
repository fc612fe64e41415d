"""The machine of Redis loses its power: writes that were not on the disk are gone."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import ClassVar

from chaos.faults.base import require_seconds
from chaos.faults.drawing import Drawing, NeverDrawn, own_single_redis, seconds
from chaos.faults.parameter import parameter
from chaos.faults.redis_outage import KillRedis
from chaos.fleet.environment import RedisNode, SystemUnderTest
from chaos.fleet.node_capabilities import HasDataFiles, with_data_files

_STEP_S = 0.05


@dataclass
class PowerLoss(KillRedis):
    """SIGKILL, and the append-only file is cut back to its size `lag` seconds before.

    Under `everysec` the disk is up to a second behind.  Under `always` it is never behind, so
    nothing is cut: the server's death is all there is.
    """

    kind: ClassVar[str] = "power-loss"
    always_needs: ClassVar[frozenset[str]] = frozenset({"kill", "restart", "redis-data"})
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(
        seconds("downtime", 0.1, 1), 3.5, own_single_redis
    )
    lag: float = parameter(1.0, "how far the disk is behind", "s")

    _watch: _LogWatch | None = field(default=None, init=False, repr=False)
    _gone: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_seconds("lag", self.lag)

    def prepare(self, env: SystemUnderTest) -> None:
        """Watch the file grow."""
        if self.victim.fsync == "everysec":
            self._watch = _LogWatch(with_data_files(self.victim), self.lag)
            self._watch.start()
        super().prepare(env)

    def _end(self, server: RedisNode) -> None:
        server.kill()
        if self._watch is not None:
            self._gone = with_data_files(server).cut_log(self._watch.stop())

    def verify(self, env: SystemUnderTest) -> bool:
        """It is gone, and where the disk was behind, the file was cut back."""
        return super().verify(env) and (self._watch is None or self._gone > 0)

    def heal(self, env: SystemUnderTest) -> None:
        """Bring Redis back and read the probe's writes back."""
        if self._watch is not None:
            self._watch.stop()
        super().heal(env)


class _LogWatch:
    """Remembers how long the growing parts of an append-only file were a moment ago."""

    def __init__(self, server: HasDataFiles, lag: float) -> None:
        self._server = server
        self._lag = lag
        self._seen: deque[tuple[float, dict[str, int]]] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="log-watch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._look()
        self._thread.start()

    def stop(self) -> dict[str, int]:
        """End; the sizes of `lag` seconds ago, or the oldest known."""
        self._stop.set()
        self._thread.join(3.0)
        return self._seen[0][1]

    def _watch(self) -> None:
        while not self._stop.wait(_STEP_S):
            self._look()

    def _look(self) -> None:
        now = time.monotonic()
        self._seen.append((now, self._server.log_sizes()))
        while len(self._seen) > 1 and self._seen[1][0] <= now - self._lag:
            self._seen.popleft()
