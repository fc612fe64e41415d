"""What a profile may say: every key, its type and its bounds, and the bounds of the whole load."""

from __future__ import annotations

from collections.abc import Iterable

from loadtests import journeys
from loadtests.profile_model import (
    LANGUAGES,
    LATE_AFTER_S,
    Conversation,
    Decay,
    Hold,
    Phase,
    Profile,
    Ramp,
    Spike,
)
from loadtests.profile_source import ProfileError, Source, Table, did_you_mean

SLO_LIMITS = {
    "steady_p99_s": (0.001, 3600.0),
    "fault_p99_s": (0.001, 3600.0),
    "recovery_s": (0.001, 3600.0),
    "max_outage_s": (0.001, 3600.0),
    "error_rate": (0.0, 1.0),
    "generator_lag_p99_s": (0.001, 60.0),
    "memory_slack": (1.0, 100.0),
}
"""Every limit the checks use, with its bounds; a profile states all of them."""

SHORTEST_TTL_S = 1.0
LONGEST_LOAD_S = 4 * 3600.0
HIGHEST_RATE = 2000.0
MOST_TURNS = 2_000_000.0


def build(source: Source, known: Iterable[str] | None = None) -> Profile:
    """Check every value and build the profile.  Raises ProfileError.

    `known` are the journeys that may be named, ShopMax's when None.
    """
    top = Table(source, "", 0, source.values)
    time, load = top.table("time"), top.table("load")
    profile = Profile(
        name=top.text("name", r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", "a short name of letters, digits"),
        description=top.text("description", r"(?s).*", "a text"),
        compression=time.number("compression", 1, 100_000),
        ttl_seconds=time.number("ttl_seconds", 1, 604_800),
        base_rate=load.number("base_rate", 0.001, HIGHEST_RATE),
        max_open=load.whole("max_open", 1, 20_000),
        phases=tuple(_phases(top.tables("phase", needed=True))),
        spikes=tuple(_spike(table) for table in top.tables("spike", needed=False)),
        conversation=_conversation(top.table("conversation")),
        journeys=_journeys(top.table("journeys"), known),
        slo=_slo(top.table("slo")),
        late_after_s=load.number("late_after_s", 0.1, 3600, LATE_AFTER_S),
        day_cv=load.number("day_cv", 0, 1, 0.0),
    )
    for table in (top, time, load):
        table.close()
    _check_bounds(profile, top, time)
    return profile


def _phases(tables: list[Table]) -> list[Phase]:
    phases: list[Phase] = []
    for table in tables:
        name = table.text("name", r"[a-z][a-z0-9_-]{0,39}", "a short name in lower case")
        if name in [phase.name for phase in phases]:
            raise table.error("name", f"two phases are named '{name}': expected distinct names")
        minutes = table.number("minutes", 0.01, 100_000)
        phases.append(Phase(name, minutes, _shape(table)))
        table.close()
    return phases


def _shape(table: Table) -> Ramp | Hold | Decay:
    kinds = [key for key in ("from", "hold", "decay") if key in table]
    if len(kinds) > 1:
        raise table.error(
            kinds[1],
            f"a [[phase]] takes one shape ('from' with 'to', 'hold', or 'decay'), "
            f"not both '{kinds[0]}' and '{kinds[1]}'",
        )
    if kinds == ["hold"]:
        return Hold(table.number("hold", 0, 1000), table.number("rise_seconds", 0, 3600, 0.0))
    if kinds == ["decay"]:
        return Decay(
            table.number("decay", 0.01, 0.99),
            table.number("after_minutes", 0.01, 100_000),
            table.number("floor", 0, 1000),
        )
    if not kinds and "to" not in table:
        for key in table:
            hint = did_you_mean(key, ["hold", "decay", "from"])
            if key not in ("name", "minutes") and "did you mean" in hint:
                raise table.error(key, f"unknown key '{key}' in [phase]{hint}")
        raise table.error(
            None, "a [[phase]] needs a shape: 'from' with 'to', 'hold', or 'decay'; it has none"
        )
    return Ramp(table.number("from", 0, 1000), table.number("to", 0, 1000))


def _spike(table: Table) -> Spike:
    spike = Spike(
        at=table.number("at", 0, 100_000),
        minutes=table.number("minutes", 0.01, 100_000),
        times=table.number("times", 0.01, 100),
    )
    table.close()
    return spike


def _conversation(table: Table) -> Conversation:
    conversation = Conversation(
        mean_turns=table.number("mean_turns", 1, 50),
        max_turns=table.whole("max_turns", 1, 200),
        abandon_share=table.number("abandon_share", 0, 0.95),
        think_median=table.number("think_median", 0.001, 86_400),
        think_sigma=table.number("think_sigma", 0, 3),
        stream_share=table.number("stream_share", 0, 1),
        delete_share=table.number("delete_share", 0, 1),
        deadline_s=table.number("deadline_s", 0.1, 600),
        attempt_timeout_s=table.number("attempt_timeout_s", 0.1, 600),
        languages=_languages(table),
        return_within_ttl=table.number("return_within_ttl", 0, 1, 0.0),
        return_after_ttl=table.number("return_after_ttl", 0, 1, 0.0),
        gaps_at_ttl=table.numbers("gaps_at_ttl", 0.01, 5),
    )
    if conversation.return_within_ttl + conversation.return_after_ttl > 1:
        raise table.error(
            "return_after_ttl",
            "'return_within_ttl' and 'return_after_ttl' in [conversation] are shares of all "
            "customers: expected at most 1 together",
        )
    table.close()
    return conversation


def _languages(table: Table) -> dict[str, float]:
    if "languages" not in table:
        return dict(LANGUAGES)
    return _weights(table.table("languages"), LANGUAGES, "language")


def _journeys(table: Table, known: Iterable[str] | None) -> dict[str, float]:
    names = list(journeys.shopmax().journeys if known is None else known)
    return _weights(table, names, "journey")


def _weights(table: Table, known: Iterable[str], what: str) -> dict[str, float]:
    """The table as weights of things that are known, at least one of them above 0."""
    weights = {name: table.number(name, 0, 1000) for name in known if name in table}
    for name in table:
        if name not in weights:
            hint = did_you_mean(name, known)
            raise table.error(name, f"unknown {what} '{name}' in {table.title}{hint}")
    if sum(weights.values()) <= 0:
        raise table.error(None, f"{table.title} must give at least one {what} a weight above 0")
    return weights


def _slo(table: Table) -> dict[str, float]:
    limits = {name: table.number(name, low, high) for name, (low, high) in SLO_LIMITS.items()}
    table.close()
    return limits


def _check_bounds(profile: Profile, top: Table, time: Table) -> None:
    """Refuse a load that no run of ours should offer.  Raises ProfileError."""
    ttl = profile.real_ttl_seconds
    if ttl < SHORTEST_TTL_S:
        raise time.error(
            "ttl_seconds",
            f"'ttl_seconds' / 'compression' in [time] is a real TTL of {ttl:.3g} s, "
            f"expected at least {SHORTEST_TTL_S:g} s",
        )
    curve = profile.curve()
    limits = (
        ("lasts", curve.seconds, LONGEST_LOAD_S, "real seconds"),
        ("peaks at", curve.highest, HIGHEST_RATE, "conversations a second"),
        ("plans", profile.expected_turns, MOST_TURNS, "turns"),
    )
    for verb, value, limit, unit in limits:
        if value > limit:
            raise _too_much(top, verb, value, limit, unit)
    if profile.expected_turns < 1:
        raise top.error(None, f"the load plans {profile.expected_turns:.2g} turns, expected 1 up")


def _too_much(top: Table, verb: str, value: float, limit: float, unit: str) -> ProfileError:
    return top.error(None, f"the load {verb} {value:,.0f} {unit}, expected at most {limit:,.0f}")
