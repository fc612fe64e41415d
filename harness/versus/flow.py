"""The order of the runs: pairs A B, B A, A B, … until a rule or the time ends them.

The order alternates, so that a machine that gets slower or faster at a steady pace favours neither
side.  A pair with a run that proves nothing does not count and is played once more, in the same
order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from msgspec import structs

from harness.errors import ConfigError
from harness.versus.sides import SideName
from reports.comparison.versus_file import Look, Pair, Versus
from reports.render.view import Result

ATTEMPTS = 2
"""For each pair."""
_LOST_IN_A_ROW = 2
"""The runs end after this many pairs in a row that do not count: a further one would not either."""

_ORDERS: tuple[tuple[Literal["AB", "BA"], tuple[SideName, SideName]], ...] = (
    ("AB", ("A", "B")),
    ("BA", ("B", "A")),
)


@dataclass(frozen=True, slots=True)
class Played:
    """One run of a side."""

    run: str | None
    """Its directory, from the folder of the comparison on; None: it left none."""
    result: Result | None
    """None: it ended without a verdict."""
    problem: str = ""
    """Why it proves nothing, one sentence; empty when it counts."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Finished:
    """A pair that counts."""

    pair: Pair
    a: Result
    b: Result


class Player(Protocol):
    """Plays runs."""

    def play(self, side: SideName) -> Played:
        """Play one run of this side.  Raises ConfigError for a set-up that cannot be played."""

    def leave_out(self, played: Played) -> Played:
        """Put the run among those that do not count."""


class Watcher(Protocol):
    """Sees what happens."""

    def begin(self, pair: int, attempt: int, side: SideName, *, second: bool) -> None:
        """A run begins; `second`: it is the second one of its pair."""

    def ended(self, side: SideName, played: Played) -> None:
        """A run has ended."""

    def finished(self, pairs: Sequence[Finished], played: Pair) -> None:
        """A pair was played; it is the last one of `pairs` if it counts."""

    def looked(self, look: Look) -> None:
        """The pairs so far were looked at."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of a rule."""

    over: str = ""
    """Why no further pair is needed, one sentence; empty: one is."""
    look: Look | None = None
    """The look that it took; None: it took none."""


Rule = Callable[[Sequence[Finished]], Decision]
"""Whether the pairs so far are enough."""


class Flow:
    """Plays pairs until enough of them count."""

    def __init__(
        self,
        player: Player,
        rule: Rule,
        watcher: Watcher,
        keep: Callable[[Flow], None],
        *,
        budget_s: float,
        pair_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`keep` writes what has been played, after each pair.

        No pair begins that would end more than `budget_s` seconds after now; `pair_s` is how long
        one takes before any was played.
        """
        self._player, self._rule, self._watcher, self._keep = player, rule, watcher, keep
        self._clock, self._begun = clock, clock()
        self._budget_s, self._pair_s = budget_s, pair_s
        self.pairs: list[Pair] = []
        """All that were played, in order."""
        self.finished: list[Finished] = []
        """Those that count."""
        self.looks: list[Look] = []
        self.ended = ""
        """Why the runs ended."""

    def run(self) -> None:
        """Play until the rule or the time ends it.

        Raises ConfigError when a side cannot be played and no run of it counts yet; interrupted, it
        keeps the pairs so far.
        """
        try:
            self._run()
        except KeyboardInterrupt:
            self.ended = "it was interrupted"
            raise
        except ConfigError as error:
            self.ended = str(error)
            raise
        finally:
            self._keep(self)

    def _run(self) -> None:
        number, lost = 1, 0
        while not self.ended:
            pair = self._pair(number)
            if pair is None:
                self.ended = self._no_time()
                break
            lost = lost + 1 if pair.left_out else 0
            if lost == _LOST_IN_A_ROW:
                self.ended = (
                    f"{_LOST_IN_A_ROW} pairs in a row do not count, the last one because "
                    f"{pair.left_out}"
                )
            elif not pair.left_out:
                self._decide()
            number += 1

    def kept_in(self, versus: Versus) -> Versus:
        """The file's contents with what has been played so far."""
        return structs.replace(
            versus, pairs=tuple(self.pairs), looks=tuple(self.looks), ended=self.ended
        )

    def left_s(self) -> float:
        """The seconds until the limit of time."""
        return self._budget_s - (self._clock() - self._begun)

    def _decide(self) -> None:
        decision = self._rule(self.finished)
        if decision.look is not None:
            self.looks.append(decision.look)
            self._watcher.looked(decision.look)
        self.ended = decision.over

    def _pair(self, number: int) -> Pair | None:
        """Play the pair, again if it does not count; its last attempt, None: there is no time."""
        pair = None
        for attempt in range(1, ATTEMPTS + 1):
            if self.left_s() < self._pair_s:
                break
            pair = self._attempt(number, attempt)
            if not pair.left_out:
                break
        return pair

    def _attempt(self, number: int, attempt: int) -> Pair:
        order, names = _ORDERS[(number - 1) % 2]
        begun, played = self._clock(), dict[SideName, Played]()
        try:
            for name in names:
                self._watcher.begin(number, attempt, name, second=bool(played))
                played[name] = self._player.play(name)
                self._watcher.ended(name, played[name])
                if played[name].problem:
                    break  # the other run of the pair would be of no use
        except BaseException:
            for each in played.values():
                self._player.leave_out(each)
            raise
        problem = next((f"{n}: {p.problem}" for n, p in played.items() if p.problem), "")
        if problem:
            played = {name: self._player.leave_out(each) for name, each in played.items()}
        seconds = self._clock() - begun
        pair = Pair(
            number=number,
            order=order,
            attempt=attempt,
            a=played["A"].run if "A" in played else None,
            b=played["B"].run if "B" in played else None,
            left_out=problem,
            seconds=round(seconds, 1),
        )
        self.pairs.append(pair)
        if not problem:
            a, b = played["A"].result, played["B"].result
            assert a is not None
            assert b is not None
            self.finished.append(Finished(pair, a, b))
            # The slowest pair so far: a pair must not end after the time.
            longest = max(each.seconds for each in self.pairs if not each.left_out)
            self._pair_s = longest
        self._keep(self)
        self._watcher.finished(self.finished, pair)
        return pair

    def _no_time(self) -> str:
        return (
            f"the time is up: a pair takes about {self._pair_s:.0f} s, and "
            f"{max(0.0, self.left_s()):.0f} s are left"
        )
