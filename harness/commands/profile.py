"""`diya profile`: lists the load profiles, or forecasts one without a run."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path

from chaos.errors import ChaosConfigError
from chaos.fleet.redis_binary import find_server
from harness.commands import plot
from harness.run.model import model_forecast
from harness.run.options import option_values
from loadtests.arrivals.forecast import TURN_S, Forecast, forecast
from loadtests.profiles import journeys
from loadtests.profiles import profile as loading
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.basics.exit_codes import ExitCode
from reports.model_cost import prices as model_prices
from reports.model_cost.prices import ModelPrices
from reports.render import formatting

_WIDTH = 80
_MARGIN = 10
_COLUMNS = _WIDTH - _MARGIN - 1
_HEIGHT = 6
_GRAIN = 20
"""Samples of the arrival curve in each column; many, because spikes are short."""


def main(args: argparse.Namespace) -> int:
    """Print the list of profiles or the forecast of one; returns the exit code."""
    if args.action == "list":
        lines = _list()
    else:
        if args.seed is not None:
            option_values.check_seed(args.seed)
        book = None if args.journeys is None else journeys.load(Path(args.journeys))
        known = None if book is None else book.journeys
        prices = option_values.model_prices(args.model_prices)
        lines = show(loading.load(args.profile, known), args.seed, book, _server(), prices)
    print("\n".join(lines))
    return ExitCode.GO


def _list() -> list[str]:
    width = max(len(name) for name in loading.names())
    lines = []
    for name in loading.names():
        profile = loading.load(name)
        told = f"{profile.description} ({clock(profile.load_seconds)} of load)"
        lines += textwrap.wrap(
            told, _WIDTH, initial_indent=f"{name:<{width}}  ", subsequent_indent=" " * (width + 2)
        )
    return lines


def _server() -> str:
    """The Redis server that a run would start here; sessions differ in size between servers."""
    try:
        return "redis" if find_server("auto").name == "redis-server" else "valkey"
    except ChaosConfigError:
        return "redis"


def show(
    profile: Profile,
    seed: int | None,
    book: Book | None = None,
    server: str = "redis",
    prices: ModelPrices | None = None,
) -> list[str]:
    """The forecast as lines of at most 80 columns.

    `book` holds the journeys, ShopMax's when None; `server` is the name of the Redis server;
    `prices` are those of models, diya's when None.
    """
    ahead = forecast(profile, seed, book, server=server)
    title = f"{profile.name}: {profile.description}"
    if seed is not None:
        title += f" (seed {seed})"
    return [
        *textwrap.wrap(title, _WIDTH, subsequent_indent="  "),
        *textwrap.wrap(_time(profile, ahead), _WIDTH, subsequent_indent="  "),
        "",
        *_arrivals(profile, ahead, seed),
        "",
        *_sessions(profile, ahead),
        "",
        *_numbers(profile, ahead, server),
        *_table([("Model", _model(profile, book, prices or model_prices.read()))]),
    ]


def _time(profile: Profile, ahead: Forecast) -> str:
    if profile.compression == 1:
        pace = "Time is not compressed"
    else:
        pace = f"1 s stands for {profile.compression:g} s of the sale"
    return (
        f"{pace}: {clock(profile.load_seconds)} of load, a TTL of {profile.real_ttl_seconds:g} s "
        f"for {profile.ttl_seconds / 3600:.3g} h, {clock(ahead.seconds)} until it has drained"
    )


def _arrivals(profile: Profile, ahead: Forecast, seed: int | None) -> list[str]:
    curve = profile.curve()
    if seed is None:
        heading = "New conversations a second"
        grain = profile.load_seconds / (_COLUMNS * _GRAIN)
        rates = [curve.rate((place + 0.5) * grain) for place in range(_COLUMNS * _GRAIN)]
    else:
        heading = "New conversations a second, as this seed draws them"
        within = int(profile.load_seconds / ahead.step_s) + 1
        rates = list(ahead.arrivals[:within])
    drawn = plot.columns(rates, _COLUMNS)
    scale = ("0", number(max(drawn)))
    starts = [(start, name) for name, start, _ in profile.planned_phases()]
    return [
        heading,
        *plot.chart(drawn, _HEIGHT, scale, _MARGIN),
        *_axis(starts, profile.load_seconds),
    ]


def _sessions(profile: Profile, ahead: Forecast) -> list[str]:
    drawn = plot.columns(ahead.live, _COLUMNS)
    starts = [(0.0, "load"), (profile.load_seconds, "the TTL drains")]
    return [
        "Live sessions",
        *plot.chart(drawn, _HEIGHT, ("0", number(max(drawn))), _MARGIN),
        *_axis(starts, ahead.seconds),
    ]


def _axis(starts: Sequence[tuple[float, str]], seconds: float) -> list[str]:
    """Names below a chart of this many seconds, and the times at which they begin."""
    places = [round(t / seconds * _COLUMNS) for t, _ in starts]
    times = [f"{int(t) // 60}:{int(t) % 60:02}" for t, _ in starts]
    return plot.axis(places, [[name for _, name in starts], times], _COLUMNS, _MARGIN)


def _numbers(profile: Profile, ahead: Forecast, server: str) -> list[str]:
    talk = ahead.all_turns / ahead.conversations if ahead.conversations else 0.0
    peak = profile.curve().highest * ahead.day_factor
    stretch = profile.compression
    whole_bytes = (max(ahead.memory) - ahead.base_bytes) * stretch + ahead.base_bytes
    rows = [
        (
            "Arrivals",
            f"{number(ahead.conversations)} conversations, at most {number(peak)} a second"
            + (f"; a day of {ahead.day_factor:.2f} times the curve" if profile.day_cv else ""),
        ),
        (
            "Turns",
            f"{number(ahead.all_turns)} ({talk:.1f} a conversation), "
            f"at most {number(max(ahead.turns))} a second",
        ),
        (
            "Open",
            f"at most {number(max(ahead.open))} conversations at once (cap "
            f"{number(profile.max_open)}), if a turn takes {TURN_S:g} s",
        ),
        ("Sessions", f"at most {number(max(ahead.live))} live at once"),
        ("Old chats", _sliding(profile)),
        (
            "Redis",
            f"at most {size(max(ahead.memory))} in {server.capitalize()} with the sessions of the "
            f"reference service, of which {size(ahead.base_bytes)} without any session",
        ),
    ]
    if stretch > 1:
        rows.append(
            (
                "Real day",
                f"the same rates without compression: {number(max(ahead.live) * stretch)} live "
                f"sessions, {size(whole_bytes)} in Redis",
            )
        )
    return _table(rows)


def _model(profile: Profile, book: Book | None, prices: ModelPrices) -> str:
    """The cost of a real model, before any call was measured."""
    found = model_forecast.of_load(profile, book, prices)
    loads = (found.conversations, found.night_conversations, model_forecast.MILLION)
    run, night, million = (formatting.money(found.money * each, found.currency) for each in loads)
    read, written = (
        f"{each * found.conversations / 1e6:.3g} M"
        for each in (found.prompt_tokens, found.output_tokens)
    )
    return (
        f"assumed {number(found.calls * found.conversations)} calls, {read} tokens in, {written} "
        f"out: {run} with {found.model}, the night {night}, a million conversations {million}, at "
        f"prices of {prices.date}"
    )


def _sliding(profile: Profile) -> str:
    plan, ttl = profile.sliding_ttl(), profile.real_ttl_seconds
    if not plan.dues:
        return "no customer is sure to keep a session for longer than its TTL"
    shortest = ttl * sum(low for low, _ in plan.pauses)
    longest = ttl * max(high for _, high in plan.pauses)
    return (
        f"{number(len(plan.dues))} customers keep a session for {shortest:.3g} s or more of a TTL "
        f"of {ttl:g} s, idle for {longest:.3g} s at most"
    )


def _table(rows: Sequence[tuple[str, str]]) -> list[str]:
    lines = []
    for name, text in rows:
        lines += textwrap.wrap(
            text,
            _WIDTH,
            initial_indent=f"{name:<{_MARGIN}} ",
            subsequent_indent=" " * (_MARGIN + 1),
        )
    return lines


def number(value: float) -> str:
    """The number rounded, with thousands separators."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def size(value: float) -> str:
    """Bytes in a unit of a fitting size."""
    for unit in ("B", "KiB", "MiB"):
        if value < 1000:  # at most three digits
            return f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:.3g} GiB"


def clock(seconds: float) -> str:
    """`93 s`, `2 min 6 s`, `1 h 2 min`."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
