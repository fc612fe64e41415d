"""The load that the generator offered, and how well it kept time."""

from __future__ import annotations

from reports.render import formatting, view
from reports.render.sections.section import Content, Section, Table
from reports.render.view import Result


def _page(result: Result) -> Content:
    """The load that the generator offered, and how well it kept time."""
    turns, generator = view.part(result, "turns"), view.part(result, "generator")

    def count(key: str) -> str:
        return formatting.count(view.number(turns, key))

    lag = " / ".join(
        formatting.seconds(view.number(generator, f"lag_{name}_s"))
        for name in ("p50", "p99", "max")
    )
    cpu = view.number(generator, "cpu_max_percent")
    foreign = view.number(generator, "foreign_cpu_percent")
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
        ("CPU of others on this machine, at most over 5 s", "not measured" if foreign is None
                                                        else formatting.quantity(foreign, "%")),
    ]  # fmt: skip
    return Table((), [*rows, *_calls(result)], kind="settings")


def _calls(result: Result) -> list[tuple[str, str]]:
    """The calls of the model, if a stand-in played it."""
    calls = view.part(result, "model_calls")
    if not calls:
        return []

    def count(key: str) -> str:
        return formatting.count(view.number(calls, key))

    refused = formatting.count(sum(view.part(calls, "refused").values()))
    by_replica = view.part(calls, "by_replica")
    callers = ", ".join(f"{name} {number:,}" for name, number in by_replica.items())
    agents = [
        f"{agent['name'] or 'without a name'} ({agent['shows']})"
        for agent in calls.get("agents", ())
        if agent["shows"] != "everything"
    ]
    rows = [
        (
            "Calls of the model",
            f"{count('calls')}, of which {count('of_several')} may be of several turns and "
            f"{count('of_nobody')} are of none; {count('errors')} had an error, {refused} were "
            "refused by the quota",
        ),
        ("Replicas that called the model", callers or "not known"),
    ]
    if agents:
        rows.append(("Agents that do not show their model everything", ", ".join(agents)))
    tools = [
        f"{tool['name']} {tool['calls']:,} ({'ran' if tool['ran'] else 'did not run'})"
        for tool in calls.get("tools", ())
    ]
    if tools:
        rows.append(("Tools that the stand-in for the model called", ", ".join(tools)))
    return rows


def _screen(result: Result) -> list[tuple[str, str]]:
    turns = view.part(result, "turns")
    ok, offered = (formatting.count(view.number(turns, key)) for key in ("ok", "offered"))
    return [("Turns", f"{ok} of {offered} acknowledged, {view.turns_note(result)}")]


SECTION = Section("The load", _page, screen=_screen)
