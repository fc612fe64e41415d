"""One system of the calibration, and how diya judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class System:
    """One system, the load and the faults that expose it, and the right verdict."""

    name: str
    what: str
    """The defect, or the reason why it is good, for the track record."""
    sessions: str
    convicts: str | None
    """The gate that must fail; None: the system is good and must be acquitted.  A gate of the
    run's soundness does not convict: where it fails, the run must be INCONCLUSIVE."""
    profile: str = "patient"
    """A profile of this folder."""
    experiment: str = "none"
    """A file of this folder, the name of an experiment of ours, or `none`."""
    options: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, str] | None = None
    """The package that needs an environment of its own, after the variable that tells its replicas
    where that is."""
    shared_redis: bool = False
    """Its Redis is not the run's own: it holds other people's keys, some without a TTL."""
    sticky: bool = False
    """It is a target, ours behind the sticky balancer of this folder, and not diya's own fleet."""

    @property
    def verdict(self) -> str:
        """The right verdict."""
        if self.convicts is None:
            return "GO"
        return "INCONCLUSIVE" if self.convicts.startswith("validity.") else "NO-GO"

    def arguments(self, seed: int, out: Path) -> list[str]:
        """The arguments of `diya` that judge it."""
        experiment = self.experiment
        if experiment.endswith(".yaml"):
            experiment = str(HERE / experiment)
        return [
            "readiness",
            *("--profile", str(HERE / f"{self.profile}.toml")),
            *("--experiment", experiment),
            *(() if self.sticky else ("--sessions", self.sessions, "--replicas", "3")),
            *("--seed", str(seed)),
            *("--out", str(out)),
            *self.options,
        ]
