"""Redis at its real size as lines of text."""

from __future__ import annotations

from collections.abc import Callable

from reports.capacity.findings import RedisPoint, RedisSize
from reports.figures.figure import Figure

MIB = 1024.0**2

_ROWS: tuple[tuple[str, Callable[[RedisPoint], float | None], float, str], ...] = (
    ("live memory, MiB", lambda each: each.live_bytes, 1 / MIB, ",.1f"),
    ("bytes a session", lambda each: each.live_bytes / each.sessions, 1.0, ",.0f"),
    ("live memory after a restart, MiB", lambda each: each.loaded_bytes, 1 / MIB, ",.1f"),
    ("expired but counted, MiB", lambda each: each.expired_bytes, 1 / MIB, ",.1f"),
    ("RSS / used_memory", lambda each: each.fragmentation, 1.0, ".3f"),
    ("fork, ms", lambda each: each.fork_s, 1e3, ",.1f"),
    ("rewrite, s", lambda each: each.rewrite_s, 1.0, ",.2f"),
    ("rewrite, more memory, MiB", lambda each: each.rewrite_extra_bytes, 1 / MIB, ",.1f"),
    ("longest pause in it, ms", lambda each: each.longest_pause_s, 1e3, ",.1f"),
    ("restart to the first read, s", lambda each: each.restart_s, 1.0, ",.2f"),
    ("main thread a turn, µs", lambda each: each.turn_script_s, 1e6, ",.0f"),
    ("of that in scripts, µs", lambda each: each.turn_commands_s, 1e6, ",.0f"),
)
_FIGURES = (
    ("bytes_per_session", "a session"),
    ("empty_bytes", "the empty server"),
    ("fragmentation", "RSS for each byte of used_memory"),
    ("rewrite_extra_share", "more memory in a rewrite"),
    ("expired_share", "expired but counted"),
    ("fork_s_per_gib", "fork"),
    ("restart_s_per_gib", "restart"),
    ("turn_script_s", "main thread a turn"),
    ("turn_always_s", "the same with appendfsync always"),
    ("shard_turns_per_s", "one shard carries"),
)


def text(size: RedisSize) -> str:
    """The points in columns, and the figures through them."""
    if not size.points:
        return f"Redis at its real size  not known: {size.bytes_per_session.why}\n"
    columns = "".join(f"{each.sessions:>12,}" for each in size.points)
    lines = [f"{size.server:<36}{columns}"]
    for title, value, factor, form in _ROWS:
        shown = (_shown(value(each), factor, form) for each in size.points)
        lines.append(f"{title:<36}" + "".join(f"{each:>12}" for each in shown))
    lines.append("")
    for name, title in _FIGURES:
        figure = getattr(size, name)
        if figure is not None:
            lines.append(f"{title:<36}{_figure(figure)}")
    if size.foreseen:
        lines += ["", f"{'foreseen from the other sizes':<36}{columns}"]
        for name in size.foreseen[0].off:
            off = "".join(f"{100 * each.off[name]:>+11.1f}%" for each in size.foreseen)
            lines.append(f"{name:<36}{off}")
    return "\n".join([*lines, *size.left_out]) + "\n"


def _shown(value: float | None, factor: float, form: str) -> str:
    return "–" if value is None else format(value * factor, form)


def _figure(figure: Figure) -> str:
    if figure.value is None:
        return f"not known: {figure.why}"
    interval = ""
    if figure.low is not None and figure.high is not None:
        interval = f" [{figure.low:.4g} – {figure.high:.4g}]"
    return f"{figure.value:.4g} {figure.unit}{interval}  {figure.label}; {figure.why}"
