"""The rules of a profile: every key, its type and its bounds, and the bounds of the whole load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from loadtests.profiles.fields import read, read_sections
from loadtests.profiles.journeys import Journey, shopmax
from loadtests.profiles.model import HIGHEST_RATE, LANGUAGES, Cliff, Conversation, Profile, Spike
from loadtests.profiles.phases import phases
from loadtests.profiles.slo import read_slo
from loadtests.profiles.source import ProfileError, Source, Told
from loadtests.profiles.table import Table
from reports.basics.suggestions import nearest

_TOLD_OF_JOURNEYS = Told(
    "Journey = weight: how often each [journey](../journeys.md) is played. In a profile of your "
    "own this list is complete.",
    "all journeys of the file, by its weights",
)
SHORTEST_TTL_S = 1.0
LONGEST_LOAD_S = 4 * 3600.0
MOST_TURNS = 20_000_000.0


def build(source: Source, book: Mapping[str, Journey] | None = None) -> Profile:
    """Check every value and build the profile.  Raises ProfileError.

    `book` holds the journeys that it is for, and with them the languages; ShopMax's when None.
    """
    book = shopmax().journeys if book is None else book
    top = Table(source, "", 0, source.values)
    time, load = top.table("time"), top.table("load")
    flat = read_sections(Profile, {"": top, "time": time, "load": load})
    conversation = _conversation(top.table("conversation"), book)
    turns_a_minute = flat["base_rate"] * 60 * conversation.expected_turns
    profile = Profile(
        **flat,
        phases=tuple(phases(top.tables("phase", needed=True), turns_a_minute)),
        spikes=tuple(_spike(table) for table in top.tables("spike", needed=False)),
        cliffs=tuple(_cliff(table) for table in top.tables("cliff", needed=False)),
        conversation=conversation,
        journeys=_journeys(top, book),
        slo=read_slo(top.table("slo")),
    )
    for table in (top, time, load):
        table.close()
    _check_bounds(profile, top, time)
    return profile


def _spike(table: Table) -> Spike:
    spike = Spike(**read(Spike, table))
    table.close()
    return spike


def _cliff(table: Table) -> Cliff:
    cliff = Cliff(**read(Cliff, table))
    table.close()
    return cliff


def _conversation(table: Table, book: Mapping[str, Journey]) -> Conversation:
    conversation = Conversation(languages=_languages(table, book), **read(Conversation, table))
    if conversation.return_within_ttl + conversation.return_after_ttl > 1:
        raise table.error(
            "return_after_ttl",
            "'return_within_ttl' and 'return_after_ttl' in [conversation] must be at most 1 "
            f"together, got {conversation.return_within_ttl + conversation.return_after_ttl:g}",
        )
    table.close()
    return conversation


def _languages(table: Table, book: Mapping[str, Journey]) -> dict[str, float]:
    """The weights of the languages.

    Default languages that occur in none of these journeys are replaced by the journeys' languages,
    in equal shares.
    """
    written = list(dict.fromkeys(name for each in book.values() for name in each.languages))
    table.tell("languages", Told("Language = weight.", "`en` 0.5, `hi` 0.25, `hinglish` 0.25"))
    chosen = table.table("languages") if "languages" in table else None
    by_default = chosen is None or table.comes_with_us("languages")
    if by_default and not set(LANGUAGES if chosen is None else chosen) <= set(written):
        return dict.fromkeys(written, 1.0)
    return dict(LANGUAGES) if chosen is None else _weights(chosen, written, "language")


def _journeys(top: Table, book: Mapping[str, Journey]) -> dict[str, float]:
    """The weights of the journeys.

    The list of a user's profile is complete.  A profile of the project lists ShopMax's journeys;
    other journeys in the book have the weights of the book, and for another book the list does not
    apply.
    """
    weights = {name: journey.weight for name, journey in book.items()}
    top.tell("journeys", _TOLD_OF_JOURNEYS)
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
    """The table as weights of known names, at least one of them above 0."""
    weights = {name: table.number(name, 0, 1000) for name in known if name in table}
    for name in table:
        if name not in weights:
            hint = nearest(name, known)
            raise table.error(name, f"unknown {what} '{name}' in {table.title}{hint}")
    if sum(weights.values()) <= 0:
        raise table.error(None, f"{table.title} must give at least one {what} a weight above 0")
    return weights


def _check_bounds(profile: Profile, top: Table, time: Table) -> None:
    """Refuse a load beyond the bounds.  Raises ProfileError."""
    ttl = profile.real_ttl_seconds
    if ttl < SHORTEST_TTL_S:
        raise time.error(
            "ttl_seconds",
            f"'ttl_seconds' / 'compression' in [time] must be a real TTL of at least "
            f"{SHORTEST_TTL_S:g} s, got {ttl:.3g} s",
        )
    day = sum(phase.minutes for phase in profile.phases)
    ends = [("spike", i, each.at + each.minutes) for i, each in enumerate(profile.spikes)]
    ends += [
        ("cliff", i, each.at + each.minutes + each.back_minutes)
        for i, each in enumerate(profile.cliffs)
    ]
    for section, index, end in ends:
        # Otherwise it would silently never happen.
        if end > day * (1 + 1e-9):
            raise top.elsewhere(
                section,
                index,
                f"the {section} must end within the {day:g} sale minutes of the phases, "
                f"got {end:g}",
            )
    curve = profile.curve()
    limits = (
        ("last", curve.seconds, LONGEST_LOAD_S, "real seconds"),
        ("have a peak of", curve.highest, HIGHEST_RATE, "conversations a second"),
        ("plan", profile.expected_turns, MOST_TURNS, "turns"),
    )
    for verb, value, limit, unit in limits:
        if value > limit:
            raise _too_much(top, verb, value, limit, unit)
    if profile.expected_turns < 1:
        planned = f"{profile.expected_turns:.2g}"
        raise top.error(None, f"the load must plan at least 1 turn, got {planned}")


def _too_much(top: Table, verb: str, value: float, limit: float, unit: str) -> ProfileError:
    return top.error(None, f"the load must {verb} at most {limit:,.0f} {unit}, got {value:,.0f}")
