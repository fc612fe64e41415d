"""The page of faults: the catalogue with its parameters, and where each fault can be done."""

from __future__ import annotations

from chaos.experiment import model, reader
from chaos.experiment.fleet_probes import PROBES
from chaos.fleet.environment import CAPABILITIES
from harness.commands.fault_table import ENVIRONMENTS, Entry, catalogue
from harness.reference import docstrings, markdown

_PARAGRAPH = "\n\n"

_INTRO = """\
Every fault of the catalogue. In an [experiment](../experiment.md) it is the function of that name
in `chaos.actions`. In a [test](../ci.md) it is a verb of the run: `run.kill_replica(at="5s")` or
`run.kill("replica", at="5s")`. [By hand](../by-hand.md) it is `diya chaos kill-replica`. Each
fault verifies that it took hold, and heals at its end. `diya faults` shows the same in the
terminal, and as JSON."""

_WHERE = """\
A fault that cannot be done in an environment is refused before the load begins. A `--target` gets
no faults, but those of a [stand-in for its model](../your-agent.md) that runs beside it, and, with
`--fleet`, those of [its pods](../kubernetes.md)."""

_NEEDS = """\
These names state the needs of a fault. It can be done where the fleet has them all."""


def page() -> str:
    """The page."""
    entries = catalogue()
    fleets = {place: told for place, told in ENVIRONMENTS.items() if told[1] is not None}
    parts = [
        _INTRO,
        "## Where each can be done",
        _WHERE,
        markdown.table(
            ("fault", *(option for option, _ in fleets.values())),
            (
                (
                    f"[`{entry.function}`](#{entry.function})",
                    *("–" if entry.refusals[place] else "✓" for place in fleets),
                )
                for entry in entries
            ),
        ),
        "The network's faults need proxies on the way; an experiment that has one brings them, "
        "`diya up` has them with `--proxy`. `diya chaos` and `chaos run` have no load, and so no "
        "`load_spike` and no `reconnect_storm`.",
        "## Each fault",
        *(_entry(entry) for entry in entries),
        "## Needs",
        _NEEDS,
        markdown.table(
            ("name", "meaning"),
            (
                (markdown.code(name), markdown.sentence(f"{told}."))
                for name, told in CAPABILITIES.items()
            ),
        ),
        "## Probes",
        "Questions that an experiment may ask of the fleet, in its steady-state hypothesis or "
        "between faults (`module: chaos.probes`).",
        markdown.table(
            ("probe", "question"),
            (
                (markdown.code(name), docstrings.first_sentence(probe))
                for name, probe in PROBES.items()
            ),
        ),
        "## Experiments that come with diya",
        "`diya readiness --experiment NAME`.",
        markdown.table(("name", "title", "description"), _experiments()),
    ]
    return markdown.page("Faults", *parts)


def _entry(entry: Entry) -> str:
    named = ", ".join(map(markdown.code, sorted(entry.needs))) or "nothing"
    rows = [
        (markdown.code(each.name), each.kind, markdown.code(each.shown), each.meaning)
        for each in entry.parameters
    ]
    text = f"### `{entry.function}`\n\n{_PARAGRAPH.join(entry.description)}\n\n"
    text += f"Needs: {named}.\n\n"
    return text + markdown.table(("parameter", "value", "default", "meaning"), rows)


def _experiments() -> list[tuple[str, str, str]]:
    loaded = [(name, reader.load(name)) for name in model.names()]
    return [(markdown.code(name), each.title, each.description) for name, each in loaded]
