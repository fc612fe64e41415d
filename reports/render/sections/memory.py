"""Redis and the replicas before the load, at the peak, and after the TTL has drained."""

from __future__ import annotations

from reports.render import formatting, view
from reports.render.sections.section import Content, Section, Table
from reports.render.view import Result

_MOMENTS = ("baseline", "peak", "final")


def _page(result: Result) -> Content:
    """Redis and the replicas before the load, at the peak, and after the TTL has drained."""
    values = view.part(result, "memory")

    def row(name: str, *keys: str) -> tuple[str, ...]:
        return name, *(formatting.size(view.number(values, key)) for key in keys)

    keys = [formatting.count(view.number(values, f"{at}_keys")) for at in ("peak", "final")]
    rows = [
        row("Redis, live data", "baseline_bytes", "peak_bytes", "final_bytes"),
        ("Redis keys", formatting.MISSING, *keys),
        row(
            "All replicas, resident",
            "fleet_rss_baseline_bytes",
            "fleet_rss_peak_bytes",
            "fleet_rss_final_bytes",
        ),
    ]
    if view.number(values, "database_final_bytes") is not None:
        rows.append(row("Database", *(f"database_{at}_bytes" for at in _MOMENTS)))
    each = formatting.size(view.number(values, "bytes_per_live_conversation"))
    facts = [
        f"{formatting.count(view.number(values, 'expired_keys'))} keys expired",
        f"{formatting.count(view.number(values, 'evicted_keys'))} evicted",
        f"{formatting.count(view.number(values, 'keys_without_ttl_max'))} at most without a TTL",
        f"{each} for each live conversation",
        f"TTL {formatting.seconds(view.number(values, 'ttl_seconds'))}",
    ]
    if note := view.forecast_note(result):
        facts.append(note)
    head = ["", "before the load", "at the peak", "after the TTL"]
    return Table(head, rows, f"{', '.join(facts)}.")


def _screen(result: Result) -> list[tuple[str, str]]:
    memory = view.part(result, "memory")
    database = [view.number(memory, f"database_{at}_bytes") for at in _MOMENTS]
    if None not in database and view.number(memory, "peak_bytes") is None:
        return [("Database", " → ".join(map(formatting.size, database)))]
    sizes = [formatting.size(view.number(memory, f"{at}_bytes")) for at in _MOMENTS]
    keys = formatting.count(view.number(memory, "peak_keys"))
    evicted = formatting.count(view.number(memory, "evicted_keys"))
    forever = formatting.count(view.number(memory, "keys_without_ttl_max"))
    told = f"{' → '.join(sizes)}; {keys} keys, {evicted} evicted, {forever} without TTL"
    note = view.forecast_note(result)
    return [("Memory", told), *([("", note)] if note else [])]


SECTION = Section("Memory", _page, screen=_screen)
