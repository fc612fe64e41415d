"""The page of gates: every check of the verdict, its meaning and its effect."""

from __future__ import annotations

from harness.reference import markdown
from reports.gates import GATES, GROUPS

_INTRO = """\
A gate is one question to a run, with a status: passed, failed or unknown. `result.json` has one
entry for each gate and phase, with its value, its limit and its evidence.
[Read a verdict](../verdict.md) shows how the gates make the verdict."""

_KINDS = """\
| kind | when it fails | when it is unknown |
| --- | --- | --- |
| fact | NO-GO, however the run went | INCONCLUSIVE, unless another gate failed |
| validity | INCONCLUSIVE, unless a fact failed | INCONCLUSIVE, unless a fact failed |
| limit | NO-GO, if the run was sound | INCONCLUSIVE, unless another gate failed |

A gate that is *hidden at a target* is unknown where diya drives somebody else's service
(`--target`) that does not show the evidence for it. It is then reported and does not count. The
same holds for `continuity.context_missed` where the agent's own model answers (`--model real` or
`own`), or where the agent leaves earlier messages out by design."""

_CLASSES = """\
For the gates of continuity that name a violation, the meaning is the violation that is counted; the
limit is 0."""

_CRASHED = """\
A check that crashes is reported as `CHECK.check`, with the status unknown."""


def page() -> str:
    """The page."""
    parts = [_INTRO, _KINDS]
    for group in GROUPS:
        parts.append(f"## {markdown.sentence(group)}")
        if group == "continuity":
            parts.append(_CLASSES)
        rows = [
            (
                markdown.code(row.name),
                row.title,
                row.meaning,
                row.kind.value,
                "" if row.visible_from_outside else "yes",
            )
            for row in GATES.values()
            if row.group == group
        ]
        header = ("gate", "title", "meaning", "kind", "hidden at a target")
        parts.append(markdown.table(header, rows))
    return markdown.page("Gates", *parts, _CRASHED)
