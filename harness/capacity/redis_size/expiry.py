"""Sessions that have expired and still take memory, at the rate at which the profile expires them.

Redis looks at its keys with a TTL in turn, few at a time, so an expired key waits until its turn
comes.  At a constant rate a balance is reached: the keys that Redis looks at next waited longest,
and of those such a share is dead that it reclaims as many a second as expire.  Among hundreds of
thousands of keys that takes hours.  So known shares of dead sessions are written among the live
ones, and the rate at which Redis reclaims is measured at each: the share at which the rate is the
profile's is that of the balance.  Over all keys it is half as large, because the dead ones lie
where Redis has not looked for the longest time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chaos.fleet.waiting import holds_within
from harness.capacity.redis_size.pinger import Pinger
from harness.capacity.redis_size.stage import Stage
from harness.capacity.redis_size.templates import Templates
from loadtests.arrivals.redis_sizes import KEYS_OF_SESSION
from loadtests.arrivals.steady_state import SteadyState

_STEPS = (0.6, 1.0, 1.5)
"""The shares at which Redis is watched, in multiples of the share by the model of `redis_sizes`."""
_HIGHEST = 0.4
_WATCH_S = 4.0
_LEISURE = 1.5
"""The time for writing them, as a multiple of the expected one."""
_BEGIN_S = 0.5
_COMMANDS_A_TURN = 4
_LONGEST_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True, order=True)
class Reclaimed:
    """The rate at which Redis reclaims where such a share of the keys is dead."""

    share: float
    sessions_per_s: float


def measure(
    stage: Stage,
    templates: Templates,
    steady: SteadyState,
    live: int,
    done: Callable[[float], None] = lambda _: None,
) -> float:
    """Expired sessions as a share of the live ones.

    `live` sessions are in Redis; afterwards there are expired ones too.  `done` is called with the
    share of the measurement that is done.  Raises ChaosError.
    """
    rate = steady.rate(live)
    expected = steady.expired(rate) / live
    at_cursor = 2 * expected / (1 + expected)
    found: list[Reclaimed] = []
    dead = 0.0
    for number, step in enumerate(_STEPS):
        done(number / len(_STEPS))
        share = min(_HIGHEST, step * at_cursor)
        wanted = share / (1 - share) * live
        more = max(1, round(wanted - dead))
        reclaimed = _reclaimed_per_s(stage, templates, steady, more, rate)
        dead = max(0.0, dead + more - reclaimed * _WATCH_S / 2)
        found.append(Reclaimed(dead / (dead + live), reclaimed))
        dead = max(0.0, dead - reclaimed * _WATCH_S / 2)
    share = balance(found, steady.expiring(rate))
    return share / (2 - share)


def balance(found: Sequence[Reclaimed], expiring: float) -> float:
    """The share at which Redis reclaims as many sessions a second as expire.

    A straight line through the logarithms of the two nearest points: the rate grows as a power of
    the share, at least in proportion, because Redis looks at that many keys or more.  Beyond the
    points the line goes on to half of the smallest share and twice the largest at most.
    """
    known = sorted(each for each in found if each.sessions_per_s > 0 and each.share > 0)
    if not known:
        return max((each.share for each in found), default=0.0)
    above = next((at for at, each in enumerate(known) if each.sessions_per_s > expiring), None)
    place = len(known) - 1 if above is None else max(1, above)
    one, other = known[max(0, min(place, len(known) - 1) - 1)], known[min(place, len(known) - 1)]
    power = 1.0
    if other.share > one.share:
        rise = math.log(other.sessions_per_s / one.sessions_per_s)
        power = max(1.0, rise / math.log(other.share / one.share))
    nearest = one if expiring <= one.sessions_per_s else other
    more = math.log(expiring / nearest.sessions_per_s) / power
    share = nearest.share * math.exp(more)
    return min(2 * known[-1].share, max(known[0].share / 2, share))


def _reclaimed_per_s(
    stage: Stage, templates: Templates, steady: SteadyState, count: int, rate: float
) -> float:
    """Write this many sessions that all expire at one moment, and watch Redis after it."""
    writing_s = _BEGIN_S + _LEISURE * count / max(1.0, stage.writer.per_s)
    moment = time.monotonic() + writing_s
    copies = templates.copies(steady.sessions(count))
    stage.writer.write((template, moment - time.monotonic()) for template, _ in copies)
    holds_within(lambda: time.monotonic() > moment, writing_s)
    # Redis also reclaims between commands: it is woken as often as the turns would wake it.
    turns = rate * steady.turns_per_conversation
    with Pinger(stage.url, min(_LONGEST_PAUSE_S, 1 / (turns * _COMMANDS_A_TURN))):
        before, begun = _expired_keys(stage), time.monotonic()
        time.sleep(_WATCH_S)
        keys, seconds = _expired_keys(stage) - before, time.monotonic() - begun
    return keys / seconds / KEYS_OF_SESSION


def _expired_keys(stage: Stage) -> int:
    return int(stage.info("stats")["expired_keys"])
