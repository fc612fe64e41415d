"""A replica may use less memory than it needs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from chaos.errors import ChaosError
from chaos.faults.collect_errors import do_all
from chaos.faults.drawing import RESTART_S, Drawing, NeverDrawn, seconds
from chaos.faults.parameter import parameter
from chaos.faults.targeted import ReplicaFault
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.node_capabilities import with_memory_limit
from chaos.fleet.waiting import holds_within

_FELT_TIMEOUT_S = 10.0
_STEPS = 32
_SLACK = 1.25
"""It may grow meanwhile."""


@dataclass
class LimitMemory(ReplicaFault):
    """A replica's limit becomes `share` of the memory that it uses now.

    Below 1 the kernel reclaims all it can and then kills it; a kernel that would rather refuse
    (cgroup v1) gets the lowest limit that it takes, and the next want of memory is the one too
    much.  After `duration` seconds the replica runs again, with its old limit.
    """

    kind: ClassVar[str] = "limit-memory"
    always_needs: ClassVar[frozenset[str]] = frozenset({"memory-limit"})
    exclusive_setting: ClassVar[str | None] = "the memory limit"
    drawing: ClassVar[Drawing | NeverDrawn] = Drawing(seconds("duration", 1, 2), RESTART_S + 3)
    share: float = parameter(0.8, "the new limit", "share of the memory used now")

    _before: int | None = field(default=None, init=False, repr=False)
    limit: int = field(default=0, init=False, repr=False)
    """The limit that was set, bytes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share = self.share if isinstance(self.share, int | float) else math.nan
        if not 0 < share <= 10:  # not a number is neither
            raise ValueError(f"share must be a number above 0, at most 10, got {self.share!r}")

    def inject(self, env: SystemUnderTest) -> None:
        """Set the limit."""
        container = with_memory_limit(self.victim)
        used = container.memory().used
        self.limit = int(used * self.share)
        self._before = container.memory_limit()
        while True:
            try:
                container.limit_memory(self.limit)
                return
            except ChaosError:
                self.limit += used // _STEPS
                if self.limit > max(1.0, self.share) * used * _SLACK:
                    raise

    def verify(self, env: SystemUnderTest) -> bool:
        """The kernel keeps it below the limit, or has killed it for it."""
        container = with_memory_limit(self.victim)

        def is_felt() -> bool:
            if container.out_of_memory():
                return True
            now = container.memory()
            return 0 < now.limit <= self.limit and now.used <= now.limit

        return holds_within(is_felt, _FELT_TIMEOUT_S, cancelled=self.cancelled)

    def heal(self, env: SystemUnderTest) -> None:
        """The limit that was; it runs and is ready."""
        do_all((self._put_back, partial(super().heal, env)))

    def _put_back(self) -> None:
        if self._before is not None:
            with_memory_limit(self.victim).limit_memory(self._before)
