"""The progress of a comparison in turns: the pair, the run under way, the main figure, the time."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from harness.run.progress import Progress
from harness.versus.flow import Finished, Played
from harness.versus.sides import SideName
from harness.versus.stopping import LOOKS
from reports.comparison.versus_file import Look, Pair
from reports.render.view import Result

MOST = LOOKS[-1]
"""Pairs at the last look."""
_PREFIX = 9
"""Characters before the text of a line, and one after it."""
_MINUTES_FROM_S = 120
"""A shorter time is said in seconds."""


class VersusProgress(Progress):
    """A `flow.Watcher`: one line for the run under way, one that stays for each run and pair.

    A rehearsal says nothing itself but that it goes on.
    """

    def __init__(
        self,
        wanted: int | None,
        minutes: float,
        main: Callable[[Sequence[Finished]], str],
        stream: TextIO | None = None,
        *,
        quiet: bool = False,
    ) -> None:
        """`main` says the interval of the main figure of the pairs so far; empty: not known yet."""
        super().__init__(stream, quiet=quiet)
        self._wanted, self._until = wanted, time.monotonic() + minutes * 60
        self._main = main
        self._under_way = ""
        self._figure = ""
        self._counted, self._pair_s = 0, 0.0

    def say(self, text: str) -> None:
        """Show nothing: the lines of a rehearsal are about its parts."""

    def tell(self, text: str) -> None:
        """Print a line that stays, with the seconds since the start."""
        super().say(text)

    def begin(self, pair: int, attempt: int, side: SideName, *, second: bool) -> None:
        """See `flow.Watcher`."""
        of = "" if self._wanted is None else f" of {max(self._wanted, pair)}"
        again = ", again" if attempt > 1 else ""
        self._under_way = f"pair {pair}{of}{again}, run {2 if second else 1} of 2: {side}"
        self.said("starts")

    def said(self, line: str) -> None:
        """The last line of the run under way: the line of progress has it, and the rest."""
        if not self._is_time():
            return
        parts = (self._under_way, self._left(), self._figure, " ".join(line.split()))
        text = "   ".join(each for each in parts if each)
        # A line that wraps could not be replaced by the next one.
        self._line(text[: _columns() - _PREFIX] if self._terminal else text)

    def ended(self, side: SideName, played: Played) -> None:
        """See `flow.Watcher`."""
        verdict = "no verdict" if played.result is None else str(played.result["verdict"])
        said = f"; {played.problem}" if played.problem else _reason(played.result)
        self.tell(f"{self._under_way}: {verdict} in {played.seconds:.0f} s{said}")

    def finished(self, pairs: Sequence[Finished], played: Pair) -> None:
        """See `flow.Watcher`."""
        if played.left_out:
            self.tell(f"pair {played.number} does not count: {played.left_out}")
            return
        self._figure = self._main(pairs)
        self._counted, self._pair_s = len(pairs), max(each.pair.seconds for each in pairs)
        if self._figure:
            self.tell(f"{len(pairs)} {'pair' if len(pairs) == 1 else 'pairs'}: {self._figure}")

    def looked(self, look: Look) -> None:
        """See `flow.Watcher`."""
        if look.uneven:
            self._wanted = None
            self.tell("other processes disturb one side more: further pairs may even it out")
            return
        needed = MOST if look.needed is None else max(look.pairs, look.needed)
        allowed = look.pairs + int(self._limit() / self._pair_s) if self._pair_s else needed
        self._wanted = min(needed, allowed)
        about = f"more than {MOST}" if look.needed is None else f"about {needed}"
        said = f"the precision needs {about} pairs by the spread of these"
        if allowed < needed:
            said += f"; the time allows about {allowed}"
        self.tell(said)

    def _left(self) -> str:
        """The time that is left: by the number of pairs if it is known, and by the limit."""
        limit = self._limit()
        if self._wanted is None or not self._counted:
            return f"at most {_duration(limit)} left"
        needed = (self._wanted - self._counted) * self._pair_s
        return f"about {_duration(min(limit, needed))} left"

    def _limit(self) -> float:
        """The seconds until the limit of time."""
        return max(0.0, self._until - time.monotonic())


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _MINUTES_FROM_S else f"{seconds / 60:.0f} min"


def _columns() -> int:
    return shutil.get_terminal_size((100, 40)).columns


def _reason(result: Result | None) -> str:
    """The reason of a verdict that is not GO."""
    if result is None or result["verdict"] == "GO":
        return ""
    return f"; {result['headline']}"
