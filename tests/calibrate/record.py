"""The track record: the verdict on each system, as lines, as JSON, as a table in Markdown.

`python -m tests.calibrate.record FILE...` prints the table of the outcomes that `--record FILE` has
gathered; with `--update PAGE` it writes their rows into the table of that page.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from reports.gates import Kind, gate
from tests.calibrate.run import SKIPPED, Outcome
from tests.calibrate.systems import BY_NAME, SYSTEMS

BEGIN, END = "<!-- track record: begin -->\n", "<!-- track record: end -->\n"


def line(outcome: Outcome) -> str:
    """One line for the terminal."""
    system = outcome.system
    mark = "✓" if outcome.right else "–" if outcome.verdict == SKIPPED else "✗"
    if mark == "–":
        return f"{mark} {system.name:20} seed {outcome.seed}  skipped: {outcome.headline}"
    expected = "" if outcome.right else f"  EXPECTED {system.verdict} {system.convicts or ''}"
    again = f", run {outcome.tries} times" if outcome.tries > 1 else ""
    named = ", ".join(_short(name) for name in outcome.failing) or "–"
    return (
        f"{mark} {system.name:20} seed {outcome.seed}  {outcome.verdict:12} {named}"
        f"  ({outcome.seconds:.0f} s{again}){expected}"
        + ("" if outcome.right else f"\n    {outcome.headline}")
    )


def add(file: Path, outcome: Outcome) -> None:
    """Append an outcome to a file of JSON lines."""
    with file.open("a") as lines:
        values = {
            "system": outcome.system.name,
            "seed": outcome.seed,
            "verdict": outcome.verdict,
            "failing": outcome.failing,
            "headline": outcome.headline,
            "seconds": round(outcome.seconds),
            "tries": outcome.tries,
        }
        lines.write(json.dumps(values) + "\n")


def read(files: Iterable[Path]) -> list[Outcome]:
    """The outcomes in such files; of one system and seed the last."""
    found: dict[tuple[str, int], Outcome] = {}
    for file in files:
        for each in file.read_text().splitlines():
            values = json.loads(each)
            name, seed = values.pop("system"), values.pop("seed")
            failing = tuple(values.pop("failing"))
            if name in BY_NAME:
                found[name, seed] = Outcome(BY_NAME[name], seed, failing=failing, **values)
    return list(found.values())


def markdown(outcomes: Sequence[Outcome]) -> str:
    """The table, one row for each system that was judged."""
    rows = [
        "| system | description | verdict, class | right on seeds | also failed |",
        "|---|---|---|---|---|",
    ]
    for system in SYSTEMS:
        group = sorted(
            (o for o in outcomes if o.system is system and o.verdict != SKIPPED),
            key=lambda outcome: outcome.seed,
        )
        if not group:
            continue
        failing = {name for outcome in group for name in outcome.failing} - {system.convicts}
        # The run's own soundness says something about the machine, nothing about the system.
        also = sorted(_short(name) for name in failing if gate(name).kind is not Kind.VALIDITY)
        must = ", ".join(filter(None, (system.verdict, _short(system.convicts or ""))))
        wrong = [outcome for outcome in group if not outcome.right]
        seen = ", ".join(str(outcome.seed) for outcome in group if outcome.right) or "none"
        if wrong:
            seen += f"; **wrong on {', '.join(str(outcome.seed) for outcome in wrong)}**"
        rows.append(
            f"| `{system.name}` | {system.what} | {must} | {seen} | {', '.join(also) or '–'} |"
        )
    return "\n".join(rows) + "\n"


def updated(page: str, outcomes: Sequence[Outcome]) -> str:
    """The page with the rows of these outcomes between its markers, in the order of the systems.

    Rows of systems without an outcome stay as they are.
    """
    before, _, rest = page.partition(BEGIN)
    old, _, after = rest.partition(END)
    header, rows = table(old)
    rows |= table(markdown(outcomes))[1]
    kept = [rows[system.name] for system in SYSTEMS if system.name in rows]
    return "".join([before, BEGIN, *(f"{each}\n" for each in (*header, *kept)), END, after])


def table(text: str) -> tuple[list[str], dict[str, str]]:
    """The two lines of a table's header, and its rows by the name of the system."""
    lines = text.splitlines()
    return lines[:2], {row.split("`")[1]: row for row in lines[2:]}


def _short(name: str) -> str:
    row = gate(name)
    return row.question if row.group == "continuity" else name


def main() -> None:
    """Print the table, or write it into a page."""
    parser = argparse.ArgumentParser(prog="python -m tests.calibrate.record", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--update", type=Path, metavar="PAGE", help="write the rows into this page")
    args = parser.parse_args()
    outcomes = read(args.files)
    if args.update is None:
        print(markdown(outcomes), end="")
    else:
        page = args.update.read_text(encoding="utf-8")
        args.update.write_text(updated(page, outcomes), encoding="utf-8")


if __name__ == "__main__":
    main()
