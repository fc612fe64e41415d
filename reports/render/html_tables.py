"""The tables of the page: faults, latency, memory, turns, and what the run ran on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from reports.render import budget_view, formatting, view
from reports.render.view import Result


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "", caption: str = ""
) -> str:
    """A table in a box that scrolls sideways on a narrow screen.  All text is escaped.

    The first column names the row; `kind` is the CSS class.
    """
    lines = [f"<caption>{escape(caption)}</caption>"] if caption else []
    if head:
        cells = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
        lines.append(f"<thead><tr>{cells}</tr></thead>")
    lines.append("<tbody>")
    for name, *values in rows:
        cells = "".join(f"<td>{escape(value)}</td>" for value in values)
        lines.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    lines.append("</tbody>")
    body = "\n".join(lines)
    return f'<div class="scroll" tabindex="0"><table class="{kind}">\n{body}\n</table></div>'


def why(result: Result) -> str:
    """What explains each failed gate, what else held, and what the errors were."""
    rows = []
    for each in view.diagnoses(result):
        title = next(
            (
                f"{gate.title}, {gate.where}" if gate.where else gate.title
                for gate in view.gates(result)
                if (gate.name, gate.phase) == (each.get("gate"), each.get("phase"))
            ),
            formatting.clean(each.get("gate")),
        )
        causes = [formatting.clean(cause.get("sentence")) for cause in each.get("causes") or ()]
        errors = [
            f"{formatting.clean(error.get('text'))} "
            f"({formatting.count(view.number(error, 'count'))})"
            for error in each.get("errors") or ()
        ]
        since, until = (formatting.clock(view.number(each, key)) for key in ("since", "until"))
        beside = [*causes[1:], *([formatting.clean(each["queue"])] if each.get("queue") else [])]
        rows.append(
            (
                title,
                f"{since} to {until}",
                formatting.count(view.number(each, "waits")),
                causes[0] if causes else "nothing recorded explains it",
                "; ".join(beside) or formatting.MISSING,
                "; ".join(errors) or formatting.MISSING,
            )
        )
    return table(["Gate", "from to", "waits", "why", "beside it", "errors"], rows, "why")


def faults(result: Result) -> str:
    """What was injected, whether it took hold, and how long customers felt it."""
    rows: list[tuple[str, ...]] = []
    for number, fault in enumerate(view.faults_of(result), 1):
        recovery = formatting.seconds(view.number(fault, "recovery_s"))
        rows.append(
            (
                f"{number} {formatting.clean(fault.get('id'))}",
                formatting.clean(fault.get("target")),
                formatting.clock(view.number(fault, "start")),
                "yes" if fault.get("took_hold") else "✗ no",
                formatting.seconds(view.number(fault, "downtime_s")),
                formatting.seconds(view.number(fault, "first_ok_s")),
                recovery if fault.get("recovered_at") is not None else f"{recovery} (target lost)",
                formatting.count(view.number(fault, "disturbed_turns")),
                formatting.count(view.number(fault, "failed_turns")),
                formatting.seconds(view.number(fault, "worst_outage_s")),
                formatting.count(view.number(fault, "sent_to_dead")),
                budget_view.budget_spent(fault),
                formatting.clean(fault.get("error") or ""),
            )
        )
    if not rows:
        return "<p>No fault was injected.</p>"
    head = [
        "Fault", "target", "at", "took hold", "until healed", "first answer after",
        "customers undisturbed after", "turns disturbed", "turns failed", "longest outage",
        "sent to a dead replica", "error budget spent",
    ]  # fmt: skip
    if any(row[-1] for row in rows):
        head.append("error")
    else:
        rows = [row[:-1] for row in rows]
    note = budget_view.budget_note(result)
    told = f'<p class="note">{escape(note)}</p>' if note else ""
    return table(head, rows, "numbers faults") + told


def latency(result: Result) -> str:
    """Percentiles by phase; small samples are marked."""
    phases = view.latency_phases(result)
    if not phases:
        return "<p>No turn was measured.</p>"
    columns = list(view.PERCENTILES)
    firsts = [
        key
        for key in ("first_token_p50", "first_token_p99")
        if any(view.number(row, key) is not None for _, row in phases)
    ]
    titles = [view.PERCENTILE_TITLES.get(name, name) for name in columns]
    titles += [key.replace("first_token_", "first token ") for key in firsts]
    rows, small = [], False
    for name, row in phases:
        few = (view.number(row, "count") or 0) < view.SMALL_SAMPLE
        small = small or few
        figures = [formatting.seconds(view.number(row, key)) for key in columns + firsts]
        turns = formatting.count(view.number(row, "count")) + (" *" if few else "")
        rows.append((view.phase_words(name), turns, *figures))
    note = (
        f"<p class='note'>* Fewer than {view.SMALL_SAMPLE} turns are too few for a p99: the gate "
        "judges the slowest turn.</p>"
    )
    return table(["Phase", "turns", *titles], rows, "numbers") + (note if small else "")


def memory(result: Result) -> str:
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
    return table(head, rows, "numbers") + f"<p class='note'>{escape(', '.join(facts))}.</p>"


def load(result: Result) -> str:
    """What the generator offered, and how well it kept time."""
    turns, generator = view.part(result, "turns"), view.part(result, "generator")

    def count(key: str) -> str:
        return formatting.count(view.number(turns, key))

    lag = " / ".join(
        formatting.seconds(view.number(generator, f"lag_{name}_s"))
        for name in ("p50", "p99", "max")
    )
    cpu = view.number(generator, "cpu_max_percent")
    rows = [
        ("Conversations", f"{count('conversations_offered')} of {count('conversations_planned')} "
                          "planned were offered"),
        ("Turns", f"{count('offered')} of {count('planned')} planned were offered, in "
                  f"{count('attempts')} attempts"),
        ("Outcome", f"{count('ok')} acknowledged, {view.turns_note(result)}"),
        ("Replicas that answered", f"{count('replicas_seen')}; {count('moved')} turns went to "
                                   "another replica than the turn before"),
        ("Replies checked by the model's witness", formatting.count(
            view.number(result, "continuity", "turns_witnessed"))),
        ("Lag of the generator p50 / p99 / max", lag),
        ("CPU of the generator, at most", formatting.quantity(cpu, "%")),
        ("CPU of others on this machine, at most over 5 s", formatting.quantity(
            view.number(generator, "foreign_cpu_percent"), "%")),
    ]  # fmt: skip
    return table((), rows, "settings")


def settings(result: Result, key: str) -> str:
    """A nested section as a table of names and values."""
    rows = list(view.flatten(view.part(result, key)))
    return table((), rows, "settings") if rows else "<p>None.</p>"
