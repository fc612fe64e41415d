"""The track record: what was said of each system, as lines and as a table in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tests.calibrate.run import Outcome


def line(outcome: Outcome) -> str:
    """One line for the terminal."""
    system = outcome.system
    mark = "✓" if outcome.right else "✗"
    expected = "" if outcome.right else f"  EXPECTED {system.verdict} {system.convicts or ''}"
    again = f", run {outcome.tries} times" if outcome.tries > 1 else ""
    named = ", ".join(gate.removeprefix("continuity.") for gate in outcome.failing) or "–"
    return (
        f"{mark} {system.name:18} seed {outcome.seed}  {outcome.verdict:12} {named}"
        f"  ({outcome.seconds:.0f} s{again}){expected}"
        + ("" if outcome.right else f"\n    {outcome.headline}")
    )


def markdown(outcomes: Sequence[Outcome]) -> str:
    """The table, one row for each system."""
    rows = [
        "| system | what it is | must be | was, of all seeds | also failed |",
        "|---|---|---|---|---|",
    ]
    by_system: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_system.setdefault(outcome.system.name, []).append(outcome)
    for name, group in by_system.items():
        system = group[0].system
        right = sum(outcome.right for outcome in group)
        also = {gate for outcome in group for gate in outcome.failing} - {system.convicts}
        must = "GO" if system.convicts is None else f"NO-GO, `{system.convicts}`"
        rows.append(
            f"| `{name}` | {system.what} | {must} | {right} of {len(group)} | "
            f"{', '.join(f'`{gate}`' for gate in sorted(also)) or '–'} |"
        )
    return "\n".join(rows) + "\n"
