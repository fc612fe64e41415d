"""The quota of the model: does it carry the sale?

With `--quota` the stand-in refuses the calls beyond it, and a refused call fails the gate.  Without
one the calls are held against every public tier, and the gate cannot fail.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import UNSET

from reports.measures.model_quota.played import Played
from reports.measures.model_quota.presets import Ladder, Quota, presets, read
from reports.measures.model_quota.usage import Usage, busiest, exceeded_at, usage
from reports.measures.phases import load_phases
from reports.records import Finding, Status
from reports.records.history import History

_GATE = "model.quota"


def check_quota(history: History) -> list[Finding]:
    """Gate the quota; no finding for a run whose model keeps no log of its calls."""
    start = history.load_start
    used = usage(history.calls, 0.0 if start is None else start)
    quota = _given(history)
    if not used.t:
        if quota is None:
            return []
        why = "Whether the quota carries the sale is not known: no call reached the stand-in"
        return [Finding(_GATE, "run", Status.UNKNOWN, None, 0, "calls", why)]
    needed = _needed(history, used, quota)
    evidence = tuple(needed.lines())
    if quota is None and not used.refused:
        value = needed.requests
        return [
            Finding(
                _GATE, "run", Status.PASS, value, None, "calls a minute", needed.told(), evidence
            )
        ]
    refused = len(used.refused)
    name = "The quota of the stand-in" if quota is None else f"The quota {_named(quota)}"
    if refused:
        reasons = " and ".join(f"{n} for {why}" for why, n in used.refused_for.most_common())
        summary = (
            f"{name} does not carry the sale: {refused:,} of {len(used.t):,} calls were refused, "
            f"the first at {_moment(history, used.refused[0])} ({reasons}). {needed.told()}"
        )
        return [
            Finding(_GATE, "run", Status.FAIL, refused, 0, "calls", summary, evidence),
        ]
    summary = f"{name} carries the sale: no call was refused. {needed.told()}"
    return [Finding(_GATE, "run", Status.PASS, 0, 0, "calls", summary, evidence)]


def _given(history: History) -> Quota | None:
    """The quota of this run; None: none was given."""
    model = history.run.model
    text = None if model is UNSET else model.settings.get("quota")
    return None if text is None else read(text)


def _named(quota: Quota) -> str:
    own = quota.name[0].isdigit()
    return f"of {quota.words}" if own else f"{quota.name} ({quota.words})"


def _moment(history: History, t: float) -> str:
    """A run time with the phase of the load."""
    phase = next((p.name for p in load_phases(history) if p.start <= t < p.end), None)
    return f"{t:.1f} s" + (f", in {phase}" if phase else "")


@dataclass(frozen=True, slots=True)
class _Needed:
    """The need of the sale a minute, by the calls of the run."""

    history: History
    used: Usage
    played: Played
    window_s: float
    requests: float
    """A minute of the whole sale."""
    tokens: float
    """All tokens, likewise."""
    peak_at: float

    def told(self) -> str:
        """The peak, and the smallest public tiers that carry it."""
        at = _moment(self.history, self.peak_at)
        tiers = [self._smallest(each) for each in presets().ladders if self._called(each)]
        carried = f": {'; '.join(tiers)}" if tiers else ""
        # Refused calls come again, and count: what the sale needs without them is not known here.
        needs = "asked, repeated calls included, for" if self.used.refused else "needs"
        return (
            f"The peak {needs} {self.requests:,.0f} requests and {self.tokens:,.0f} tokens a "
            f"minute (at {at}; {self.played.words(self.window_s)}){carried}"
        )

    def lines(self) -> list[str]:
        """What was answered, if not all; and one line for each public tier."""
        found = self._answered() if self.used.refused else []
        for ladder in presets().ladders:
            for quota in ladder.tiers:
                over = self._over(quota)
                end = "carries it" if over is None else f"exceeded at {_moment(self.history, over)}"
                found.append(f"{quota.name} ({quota.words}): {end}")
        return [*found, f"public tiers as of {presets().date}"]

    def _answered(self) -> list[str]:
        kept = self.used.answered()
        if not kept.t:
            return ["no call was answered"]
        requests, tokens = (
            self.played.a_minute(busiest(kept.t, amounts, self.window_s).amount, self.window_s)
            for amounts in (None, kept.tokens("all"))
        )
        return [f"answered at most: {requests:,.0f} requests and {tokens:,.0f} tokens a minute"]

    def _called(self, ladder: Ladder) -> bool:
        return ladder.dialect in self.used.dialects

    def _over(self, quota: Quota) -> float | None:
        window = self.played.window_s(quota)
        return exceeded_at(self.used, quota, window, self.played.in_window(1, window))

    def _smallest(self, ladder: Ladder) -> str:
        for place, quota in enumerate(ladder.tiers):
            if self._over(quota) is None:
                last = place == len(ladder.tiers) - 1
                return quota.name if last else f"{quota.name} or higher"
        return f"more than {ladder.tiers[-1].name} allows"


def _needed(history: History, used: Usage, quota: Quota | None) -> _Needed:
    sizing = history.run.sizing
    factor = 1.0 if sizing is None else sizing.factor
    played = Played(history.run.compression or 1.0, factor)
    window = played.window_s(quota)
    requests = busiest(used.t, None, window)
    tokens = busiest(used.t, used.tokens("all"), window)
    return _Needed(
        history,
        used,
        played,
        window,
        played.a_minute(requests.amount, window),
        played.a_minute(tokens.amount, window),
        requests.until,
    )
