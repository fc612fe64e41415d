"""Faults, and their effect on one request: it is answered, refused, or lost."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from reports.records import FaultWindow
from tests.prove.verdicts.store import Death

PATIENCE_S = 8.0
"""How long a customer waits for an answer."""
LONGEST_AFTERLIFE_S = 9.0
"""Seconds within which a request may still act after its customer gave it up, or after the healing
of the fault that delayed it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the window that the harness records, and the true loss of data."""

    window: FaultWindow
    death: Death | None = None
    """Of Redis."""


@dataclass(frozen=True, slots=True)
class Request:
    """The fate of one request."""

    heard: str
    """`answered`, `refused`, or `lost`: no answer came."""
    done: float
    acts: float | None
    """When the service acts on it; None: never."""


def draw_faults(rng: random.Random, length: float) -> list[Fault]:
    """Up to four faults, one after the other."""
    faults: list[Fault] = []
    at = 8.0 + rng.expovariate(1 / 15)
    while at < length and len(faults) < 4:
        fault = _fault(rng, at, len(faults))
        faults.append(fault)
        at = fault.window.end + rng.uniform(2, 25)
    return faults


def _fault(rng: random.Random, start: float, number: int) -> Fault:
    kind = rng.choice(("kill-replica", "freeze-replica", "kill-redis", "kill-redis", "power-loss"))
    injected = start + rng.uniform(0.005, 0.05)
    end = injected + rng.uniform(0.5, 6.0)
    death: Death | None = None
    lost: float | None = None
    kept: float | None = None
    if kind == "power-loss":
        death = Death(injected, injected - rng.uniform(0.0, injected - start + 2.0))
    elif kind == "kill-redis":
        what = rng.choice(("keeps all", "is seen to lose", "loses unseen"))
        # The harness writes every few hundredths of a second itself.
        between = rng.uniform(0.0, 0.04)
        if what == "keeps all":
            death, kept = Death(injected, injected), injected - between
        elif what == "is seen to lose":
            forgets = injected - rng.uniform(0.05, 1.5)
            death, lost = Death(injected, forgets), forgets + between
        else:
            forgets = start - rng.uniform(0.0, 0.4)
            death, kept = Death(injected, forgets), forgets - between
    window = FaultWindow(
        id=f"{kind}-{number}",
        fault=kind,
        target="redis" if death else "r01",
        start=round(start, 6),
        end=round(end, 6),
        recovered_at=round(end, 6),
        took_hold=True,
        server_lost_since=lost,
        server_kept_until=kept,
        injected=round(injected, 6),
    )
    return Fault(window, death)


class Network:
    """Between the customers and the service."""

    def __init__(self, rng: random.Random, faults: Sequence[Fault]) -> None:
        self._rng, self._faults = rng, faults

    def ask(self, sent: float, patience: float = PATIENCE_S) -> Request:
        """One request that nothing but a fault, or bad luck once in 200 times, disturbs."""
        rng = self._rng
        done = sent + rng.uniform(0.05, 0.4)
        acts = done - rng.uniform(0.001, 0.03)
        for fault in self._faults:
            window, death = fault.window, fault.death
            struck = window.injected or window.start
            if death is not None and struck <= acts <= window.end:
                return self._redis_down(sent, acts, window, patience)
            if window.fault == "kill-replica" and sent < struck < done and rng.random() < 0.4:
                return Request("lost", struck + 0.01, acts if acts < struck else None)
            frozen = window.fault == "freeze-replica" and struck < done and sent < window.end
            if frozen and rng.random() < 0.3:
                thawed = window.end + rng.uniform(0.01, LONGEST_AFTERLIFE_S)
                return Request("lost", sent + patience, thawed)
        if rng.random() < 0.005:
            given_up = sent + rng.uniform(0.05, patience)
            later = given_up + rng.uniform(0.0, LONGEST_AFTERLIFE_S)
            return Request("lost", given_up, rng.choice((None, acts, later)))
        return Request("answered", done, acts)

    def _redis_down(
        self, sent: float, acts: float, window: FaultWindow, patience: float
    ) -> Request:
        if self._rng.random() < 0.6:
            return Request("refused", acts + 0.01, None)
        given_up = sent + self._rng.uniform(0.1, patience)
        later = window.end + self._rng.uniform(0.001, LONGEST_AFTERLIFE_S)
        return Request("lost", max(given_up, acts), self._rng.choice((None, later)))
