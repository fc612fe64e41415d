"""What a profile may say: every key, its type and its bounds, and the bounds of the whole load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from loadtests.profiles.journeys import Journey, shopmax
from loadtests.profiles.model import (
    LANGUAGES,
    LATE_AFTER_S,
    Cliff,
    Conversation,
    Profile,
    Spike,
)
from loadtests.profiles.phases import phases
from loadtests.profiles.source import ProfileError, Source, Table, did_you_mean

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
OPTIONAL_SLO_LIMITS = {
    "recovery_p99_s": SLO_LIMITS["fault_p99_s"],
    "warmup_p99_s": SLO_LIMITS["fault_p99_s"],
}
"""Limits that are those of `fault_p99_s` unless a profile states them."""

SLO_BOUNDS = {**SLO_LIMITS, **OPTIONAL_SLO_LIMITS}
"""Every limit that may be set, with its bounds."""

SHORTEST_TTL_S = 1.0
LONGEST_LOAD_S = 4 * 3600.0
LOWEST_RATE = 0.001
HIGHEST_RATE = 2000.0
MOST_TURNS = 20_000_000.0


def build(source: Source, book: Mapping[str, Journey] | None = None) -> Profile:
    """Check every value and build the profile.  Raises ProfileError.

    `book` holds the journeys that it is for, and with them the languages; ShopMax's when None.
    """
    book = shopmax().journeys if book is None else book
    top = Table(source, "", 0, source.values)
    time, load = top.table("time"), top.table("load")
    base_rate = load.number("base_rate", LOWEST_RATE, HIGHEST_RATE)
    conversation = _conversation(top.table("conversation"), book)
    turns_a_minute = base_rate * 60 * conversation.expected_turns
    profile = Profile(
        name=top.text("name", r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", "a short name of letters, digits"),
        description=top.text("description", r"(?s).*", "a text"),
        compression=time.number("compression", 1, 100_000),
        ttl_seconds=time.number("ttl_seconds", 1, 604_800),
        base_rate=base_rate,
        max_open=load.whole("max_open", 1, 20_000),
        phases=tuple(phases(top.tables("phase", needed=True), turns_a_minute)),
        spikes=tuple(_spike(table) for table in top.tables("spike", needed=False)),
        cliffs=tuple(_cliff(table) for table in top.tables("cliff", needed=False)),
        conversation=conversation,
        journeys=_journeys(top, book),
        slo=_slo(top.table("slo")),
        late_after_s=load.number("late_after_s", 0.1, 3600, LATE_AFTER_S),
        day_cv=load.number("day_cv", 0, 1, 0.0),
    )
    for table in (top, time, load):
        table.close()
    _check_bounds(profile, top, time)
    return profile


def _spike(table: Table) -> Spike:
    spike = Spike(
        at=table.number("at", 0, 100_000),
        minutes=table.number("minutes", 0.01, 100_000),
        times=table.number("times", 0.01, 100),
    )
    table.close()
    return spike


def _cliff(table: Table) -> Cliff:
    cliff = Cliff(
        at=table.number("at", 0, 100_000),
        minutes=table.number("minutes", 0.01, 100_000),
        share=table.number("share", 0.01, 1),
        back_minutes=table.number("back_minutes", 0.01, 100_000),
    )
    table.close()
    return cliff


def _conversation(table: Table, book: Mapping[str, Journey]) -> Conversation:
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
        languages=_languages(table, book),
        return_within_ttl=table.number("return_within_ttl", 0, 1, 0.0),
        return_after_ttl=table.number("return_after_ttl", 0, 1, 0.0),
        sliding_ttl_customers=table.whole("sliding_ttl_customers", 0, 1000, 0),
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


def _languages(table: Table, book: Mapping[str, Journey]) -> dict[str, float]:
    """Who speaks which language.

    Languages that nobody chose for these journeys, and that are in none of them, give way to those
    that are, in equal shares.
    """
    written = list(dict.fromkeys(name for each in book.values() for name in each.languages))
    chosen = table.table("languages") if "languages" in table else None
    by_default = chosen is None or table.comes_with_us("languages")
    if by_default and not set(LANGUAGES if chosen is None else chosen) <= set(written):
        return dict.fromkeys(written, 1.0)
    return dict(LANGUAGES) if chosen is None else _weights(chosen, written, "language")


def _journeys(top: Table, book: Mapping[str, Journey]) -> dict[str, float]:
    """How often each journey is played.

    The list of a profile of one's own is complete.  One that comes with the project lists ShopMax's
    journeys: what else is in the book has its share by the weights there; to another book it says
    nothing.
    """
    weights = {name: journey.weight for name, journey in book.items()}
    if "journeys" not in top:
        return weights
    table = top.table("journeys")
    ours = top.comes_with_us("journeys")
    if ours and not set(table) <= set(book):
        return weights
    listed = _weights(table, book, "journey")
    if not ours or len(listed) == len(book):
        return listed
    theirs = sum(weights[name] for name in listed)
    scale = sum(listed.values()) / theirs if theirs else 1.0
    return {name: listed.get(name, weight * scale) for name, weight in weights.items()}


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
    for name, (low, high) in OPTIONAL_SLO_LIMITS.items():
        limits[name] = table.number(name, low, high, limits["fault_p99_s"])
    table.close()
    return limits


def with_slo(profile: Profile, limits: Mapping[str, float]) -> Profile:
    """The profile with these limits, which are within `SLO_BOUNDS`.

    A limit that is that of `fault_p99_s` in the profile follows it, unless it is set itself.
    """
    before = profile.slo
    slo = {**before, **limits}
    for name in OPTIONAL_SLO_LIMITS:
        if name not in limits and before[name] == before["fault_p99_s"]:
            slo[name] = slo["fault_p99_s"]
    return replace(profile, slo=slo)


def _check_bounds(profile: Profile, top: Table, time: Table) -> None:
    """Refuse a load that no run of ours should offer.  Raises ProfileError."""
    ttl = profile.real_ttl_seconds
    if ttl < SHORTEST_TTL_S:
        raise time.error(
            "ttl_seconds",
            f"'ttl_seconds' / 'compression' in [time] is a real TTL of {ttl:.3g} s, "
            f"expected at least {SHORTEST_TTL_S:g} s",
        )
    day = sum(phase.minutes for phase in profile.phases)
    ends = [("spike", i, each.at + each.minutes) for i, each in enumerate(profile.spikes)]
    ends += [
        ("cliff", i, each.at + each.minutes + each.back_minutes)
        for i, each in enumerate(profile.cliffs)
    ]
    for section, index, end in ends:
        # Nobody would notice that it never comes.
        if end > day * (1 + 1e-9):
            raise top.elsewhere(
                section,
                index,
                f"the {section} ends at {end:g} sale minutes, expected within the {day:g} of the "
                "phases",
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
