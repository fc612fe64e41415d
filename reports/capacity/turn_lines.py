"""The lines of the answer sheet about one turn: its processor time, Redis and the model."""

from __future__ import annotations

import statistics
from collections.abc import Mapping

from reports.capacity.answer import Line, Part
from reports.capacity.demand_rows import KINDS
from reports.capacity.findings import Demand, RedisSize
from reports.capacity.told import told
from reports.figures.derive import derive
from reports.figures.figure import Figure, Label, unknown

ONE_VALUE = "one value"
"""The note of a figure that was read once, so that nothing tells its interval."""
_NO_DEMAND = "the demand was not measured"
_NO_SIZE = "no Redis of real size was measured; `diya capacity` with its prefill would tell"
_RARE = (
    "fewer than 30 such turns, or the run does not tell them apart from others; a longer run would"
)
_NO_COMMANDS = (
    "diya does not count commands; INFO commandstats of Redis before and after a load would tell"
)
_NO_TOKENS = "no stand-in of the model counted them; a run with `--agent` and its stand-in would"
_KIND_TITLES = {
    "open": "CPU, opens the session",
    "stream": "CPU, streamed reply",
    "tool": "CPU, with tools",
    "text": "CPU, any other turn",
}


def turn(demand: Demand | None, size: RedisSize | None, no_redis: str) -> dict[str, Line]:
    """The cost of one turn at a low load.

    `no_redis` says why the sessions are in no Redis; it is empty where they are.
    """
    return {
        **_cpu(demand),
        **_redis(demand, size, no_redis),
        **_model(demand),
    }


def note(figure: Figure, more: str = "") -> str:
    """`more`, and that the figure is one value if it has no interval."""
    alone = figure.value is not None and figure.low is None and figure.high is None
    return ", ".join(part for part in (ONE_VALUE if alone else "", more) if part)


def _line(title: str, figure: Figure, more: str = "") -> Line:
    return Line(part=Part.TURN, title=title, figure=figure, note=note(figure, more))


def _cpu(demand: Demand | None) -> dict[str, Line]:
    if demand is None:
        kinds: Mapping[str, Figure] = {}
        missing = _NO_DEMAND
        base = earlier = unknown("s", missing)
    else:
        kinds = demand.by_kind_cpu_s
        # Where the processor was not sampled, no kind of turn can be told.
        missing = _RARE if demand.replica_cpu_s.value is not None else demand.replica_cpu_s.why
        base = told(demand.replica_cpu_base_s)
        earlier = told(demand.replica_cpu_per_earlier_turn_s, base)
    return {
        **{
            f"turn.{kind}": _line(_KIND_TITLES[kind], kinds.get(kind) or unknown("s", missing))
            for kind in KINDS
        },
        "turn.base": _line("CPU without history", base, "the opening of sessions apart"),
        "turn.earlier": _line("CPU for each earlier turn", _micro(earlier), "of its conversation"),
    }


def _redis(demand: Demand | None, size: RedisSize | None, no_redis: str) -> dict[str, Line]:
    low = unknown("s", _NO_DEMAND) if demand is None else demand.redis_s
    turn_bytes = unknown("bytes", _NO_DEMAND) if demand is None else told(demand.redis_bytes)
    session = unknown("bytes", _NO_DEMAND) if demand is None else told(demand.redis_session_bytes)
    full = unknown("s", _NO_SIZE) if size is None else size.turn_script_s
    rows = {
        "turn.redis": ("Redis, main thread", _micro(low), "in the demand run"),
        "turn.redis_size": ("Redis at its real size", _micro(full), ""),
        "turn.redis_scripts": ("of which scripts", _scripts(size), ""),
        "turn.redis_commands": ("Redis, commands", unknown("commands", _NO_COMMANDS), ""),
        "turn.redis_bytes": ("Redis, a stored turn", turn_bytes, ""),
        "turn.redis_session": ("Redis, a session", session, "without its turns"),
    }
    return {
        key: _line(title, unknown(figure.unit, no_redis) if no_redis else figure, more)
        for key, (title, figure, more) in rows.items()
    }


def _scripts(size: RedisSize | None) -> Figure:
    """Within the scripts, by INFO commandstats: the median over the sizes of Redis."""
    points = () if size is None else size.points
    found = [each.turn_commands_s for each in points if each.turn_commands_s is not None]
    if not found:
        return unknown("µs", _NO_SIZE if size is None else "the scripts were not timed apart")
    several = len(found) > 1
    return _micro(
        Figure(
            value=statistics.median(found),
            unit="s",
            label=Label.MEASURED,
            low=min(found) if several else None,
            high=max(found) if several else None,
        )
    )


def _micro(figure: Figure) -> Figure:
    """Seconds as microseconds."""
    return derive(lambda value: value * 1e6, figure, unit="µs", why=figure.why)


def _model(demand: Demand | None) -> dict[str, Line]:
    calls = unknown("calls", _NO_DEMAND) if demand is None else demand.model_calls
    waits = unknown("s", _NO_DEMAND) if demand is None else demand.model_s
    found = {
        "turn.model_calls": _line("model, calls", calls),
        "turn.model_wait": _line("model, waiting", waits),
    }
    use = () if demand is None else demand.model_use
    if not use:
        missing = unknown("tokens", _NO_DEMAND if demand is None else _NO_TOKENS)
        return {**found, "turn.model_tokens": _line("model, tokens", missing)}
    for place, each in enumerate(use, 1):
        if len(use) > 1:
            found[f"turn.model_{place}.calls"] = _line("calls of one model", each.calls, each.model)
        found[f"turn.model_{place}.read"] = _line("tokens read", each.prompt_tokens, each.model)
        found[f"turn.model_{place}.written"] = _line(
            "tokens written", each.output_tokens, each.model
        )
    return found
