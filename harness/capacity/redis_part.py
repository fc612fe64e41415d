"""Redis at its real size as a part of a capacity run, or added to a stored one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import ChaosError
from chaos.fleet.topology import Topology
from harness.capacity.progress import CapacityProgress
from harness.capacity.redis_size import course, measure, room
from harness.capacity.redis_size.fit import not_known
from harness.run.plan import Plan
from loadtests.arrivals import steady_state
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.capacity.findings import RedisSize


@dataclass(frozen=True, slots=True)
class RedisPart:
    """What is measured; see `redis_size.measure.measure` for the fields."""

    sizes: tuple[int, ...]
    """The numbers of sessions; empty: nothing is measured."""
    profile: Profile
    book: Book | None = None
    redis: str = "auto"
    topology: Topology | None = None
    sessions: str = "redis"
    agent: Path | None = None

    @classmethod
    def of(cls, base: Plan, sizes: tuple[int, ...]) -> RedisPart:
        """That of a capacity run with these options of its probes."""
        return cls(
            sizes=sizes,
            profile=base.profile,
            book=base.book,
            redis=base.redis,
            topology=base.topology,
            sessions=base.sessions,
            agent=base.agent,
        )

    @property
    def planned_s(self) -> float:
        """The seconds that it takes, roughly."""
        return course.planned_s(self.sizes) if self.sizes else 0.0

    @property
    def unmeasurable(self) -> str | None:
        """Why these sessions cannot be measured; None: they can."""
        topology = self.topology or Topology()
        return measure.unmeasurable(self.redis, topology, self.sessions, self.agent)

    def short(self, directory: Path) -> Mapping[int, str]:
        """The sizes for which there is no room → what they need and what is free."""
        if not self.sizes or self.unmeasurable:
            return {}
        steady = steady_state.of(self.profile, self.book)
        found = {size: room.shortage(size, steady, directory) for size in self.sizes}
        return {size: why for size, why in found.items() if why}

    def measured(self, directory: Path, progress: CapacityProgress) -> RedisSize:
        """Measure; a failure becomes the reason why nothing is known.

        The probes before it took minutes, and their answer counts without it.
        """
        try:
            size = measure.measure(
                self.sizes,
                profile=self.profile,
                directory=directory,
                redis=self.redis,
                topology=self.topology,
                sessions=self.sessions,
                agent=self.agent,
                book=self.book,
                say=progress.aside,
            )
        except ChaosError as error:
            size = not_known(f"the measurement of Redis failed: {error}")
        if size.points:
            counts = ", ".join(f"{each.sessions:,}" for each in size.points)
            progress.tell(f"Redis: measured with {counts} sessions")
        for each in size.left_out if size.points else (size.bytes_per_session.why,):
            progress.problem(f"Redis: {each}")
        return size
