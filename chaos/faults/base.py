"""The base of every fault, and how one is done: injected, verified, held, healed, recorded."""

from __future__ import annotations

import dataclasses
import logging
import math
import sys
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar, Literal

from chaos.errors import NotHealedError
from chaos.faults.collect_errors import sentence
from chaos.faults.drawing import Drawing, NeverDrawn
from chaos.faults.write_probe import WriteProbe
from chaos.fleet.environment import CAPABILITIES, SystemUnderTest
from chaos.fleet.target_system import INSTEAD, TargetSystem
from reports.records import FaultWindow, RunClock

_LOG = logging.getLogger(__name__)

Area = Literal["replica", "redis", "database", "network", "model", "load"]

_BALANCED_S = 30.0
"""The balancer may take so long to find out that a replica is back, on a busy machine."""
_BALANCED_BESIDE_S = 10.0
"""The same while another fault lasts, which may keep the replica away."""


@dataclass
class Fault(ABC):
    """One fault, used once.  Fields are its parameters; times are in seconds."""

    kind: ClassVar[str]
    """The name of the class of fault in records, for example `kill-replica`."""
    lead: ClassVar[float] = 0.0
    """How long `prepare` takes: it is begun so much before the fault is due."""
    area: ClassVar[Area]
    """Its area: two faults of one area may have one target, and are not drawn to overlap.
    """
    always_needs: ClassVar[frozenset[str]] = frozenset()
    """The capabilities that every fault of this kind needs: see `needs`."""
    drawing: ClassVar[Drawing | NeverDrawn]
    """How a random experiment draws it; every class of the catalogue says it anew."""
    exclusive_setting: ClassVar[str | None] = None
    """The setting that it changes and restores; only one fault at a time may change it at a target.

    A second one would find the value that the first has set, and leave it there for good.
    """

    cancelled: threading.Event = field(
        default_factory=threading.Event, init=False, repr=False, compare=False
    )
    """Set when the run wants to end: the fault must go on to heal."""

    lost_since: float | None = field(default=None, init=False, repr=False, compare=False)
    """Since when (`time.monotonic`) the server lost acknowledged probe writes; None: none."""
    kept_until: float | None = field(default=None, init=False, repr=False, compare=False)
    """When (`time.monotonic`) it acknowledged the probe's last write, if it kept them all."""
    may_lose_s: float | None = field(default=None, init=False, repr=False, compare=False)
    """Seconds before the fault whose acknowledged writes may be lost, by its author; None: none."""
    shown_at: float | None = field(default=None, init=False, repr=False, compare=False)
    """When (`time.monotonic`) evidence first showed that it took hold; None: not asked."""
    hits_replicas: bool | None = field(default=None, init=False, repr=False, compare=False)
    """Whether it takes or disturbs replicas, by its author; None: its names decide."""
    by_hand: str | None = field(default=None, init=False, repr=False, compare=False)
    """The command that heals it by hand, known where its healing fails."""

    def __post_init__(self) -> None:  # noqa: B027  the end of the chain of checks
        """Raise ValueError for a parameter that cannot be."""

    @classmethod
    def function_name(cls) -> str:
        """The name of its action, for example `kill_replica`."""
        return cls.kind.replace("-", "_")

    @property
    def needs(self) -> frozenset[str]:
        """Which of `chaos.fleet.environment.CAPABILITIES` the environment must have."""
        return self.always_needs

    def read_back(self, probe: WriteProbe, env: SystemUnderTest) -> None:
        """Ask Redis which of the probe's writes it kept.  Raises ChaosError without an answer."""
        self.lost_since = probe.lost_since([p.url for p in env.redis.primaries()])
        self.kept_until = probe.last_ack if self.lost_since is None else None

    def check(self, env: SystemUnderTest) -> None:
        """Raise ValueError when this can never be done to such an environment."""
        missing = sorted(self.needs - env.capabilities)
        if missing:
            what = "; ".join(f"{name} ({CAPABILITIES[name]})" for name in missing)
            instead = "use an experiment without it, or an environment with them"
            if isinstance(env, TargetSystem):
                instead = f"at a --target {INSTEAD}"
            raise ValueError(
                f"{self.kind} needs capabilities that this environment lacks: {what}; {instead}"
            )

    @abstractmethod
    def aim(self, env: SystemUnderTest, rng: Random) -> str:
        """Choose the target and return its name.  Raises ChaosError when there is none."""

    def check_healthy(self, env: SystemUnderTest) -> None:  # noqa: B027  some have no single target
        """Raise ChaosError unless the target is healthy.

        On an unhealthy target the fault would always seem to take hold, and its healing
        would undo the effect of another fault.
        """

    def prepare(self, env: SystemUnderTest) -> None:  # noqa: B027  few need it
        """Start the things that must run before the fault begins.  Raises ChaosError."""

    @abstractmethod
    def inject(self, env: SystemUnderTest) -> None:
        """Do it.  Raises ChaosError."""

    @abstractmethod
    def verify(self, env: SystemUnderTest) -> bool:
        """Whether it took hold, asked right after `inject`."""

    def hold(self) -> None:  # noqa: B027  many faults are over at once
        """Let it last, unless cancelled."""

    @abstractmethod
    def heal(self, env: SystemUnderTest) -> None:
        """Bring the target back, ready by its own probe, however far the fault has come.

        Raises ChaosError when it does not come back.
        """

    def verify_healed(self, env: SystemUnderTest) -> bool:
        """Whether the healed target shows that the fault happened, such as a new identity."""
        return True


def parameters(kind: type[Fault]) -> tuple[str, ...]:
    """The names of a fault's parameters, in order."""
    return tuple(field.name for field in dataclasses.fields(kind) if field.init)


def perform(
    fault_id: str, fault: Fault, env: SystemUnderTest, clock: RunClock, rng: Random
) -> FaultWindow:
    """Do one fault from start to end.  Never raises for a fault that failed: the window says so."""
    start = clock.now()
    errors: list[str] = []
    target = "none"
    begun = took_hold = False
    recovered_at: float | None = None
    injected: float | None = None
    try:
        target = fault.aim(env, rng)
        fault.check_healthy(env)
        env.active_faults.enter(fault, fault.kind, target, fault.exclusive_setting)
        begun = True
        _LOG.info("%s: begins at %s", fault_id, target)
        fault.prepare(env)
        start = clock.now()
        fault.inject(env)
        injected = clock.now()
        took_hold = fault.verify(env)
        if took_hold:
            fault.hold()
        else:
            errors.append(f"{fault.kind} did not take hold of {target}")
    except Exception as error:
        errors.append(sentence(error))
    finally:
        if begun:
            recovered_at = _heal(fault, env, clock, errors)
            if took_hold and recovered_at is not None:
                took_hold = _shows(fault, env, target, errors)
        else:
            recovered_at = clock.now()  # from nothing
        if not _rejoined(fault, env, errors, asked=begun and recovered_at is not None):
            recovered_at = None
    return FaultWindow(
        id=fault_id,
        fault=fault.kind,
        target=target,
        start=start,
        end=clock.now(),
        recovered_at=recovered_at,
        took_hold=took_hold,
        error="; ".join(errors) or None,
        server_lost_since=_run_time(fault.lost_since, clock),
        server_kept_until=_run_time(fault.kept_until, clock),
        injected=injected,
        by_hand=fault.by_hand if recovered_at is None else None,
        may_lose_since=None if fault.may_lose_s is None else max(0.0, start - fault.may_lose_s),
        shown_at=_run_time(fault.shown_at, clock),
        hits_replicas=fault.hits_replicas,
    )


def _heal(fault: Fault, env: SystemUnderTest, clock: RunClock, errors: list[str]) -> float | None:
    """When the target was back; None: it did not come back."""
    try:
        fault.heal(env)
    except Exception as error:
        if isinstance(error, NotHealedError):
            fault.by_hand = error.by_hand
        errors.append(sentence(error))
        return None
    return clock.now()


def _shows(fault: Fault, env: SystemUnderTest, target: str, errors: list[str]) -> bool:
    """Whether the healed target shows that the fault happened; False when it cannot be asked."""
    try:
        if fault.verify_healed(env):
            return True
        errors.append(f"{target} came back as if {fault.kind} had not happened")
    except Exception as error:
        errors.append(sentence(error))
    return False


def _rejoined(fault: Fault, env: SystemUnderTest, errors: list[str], *, asked: bool) -> bool:
    """Whether the balancer sends requests to every replica again; True when it is not asked.

    While another fault goes on a replica may be out for its sake: the last one to end answers for
    all of them.
    """
    problem: Exception | None = None
    try:
        if asked:
            beside = env.active_faults.others(fault)
            env.wait_balanced(_BALANCED_BESIDE_S if beside else _BALANCED_S)
    except Exception as error:
        problem = error
    finally:
        others = env.active_faults.leave(fault)
    if problem is None or others:
        return True
    errors.append(sentence(problem))
    return False


def _run_time(moment: float | None, clock: RunClock) -> float | None:
    """A moment of `time.monotonic` in run time."""
    return None if moment is None else clock.now() - (time.monotonic() - moment)


def require_seconds(name: str, value: object, least: float = 0.0) -> None:
    """Raise ValueError unless `value` is a number of seconds of at least `least`."""
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not least <= number <= sys.float_info.max:  # not a number is neither
        raise ValueError(f"{name} must be at least {least:g} seconds, got {value!r}")
