"""From findings to one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from reports.basics.exit_codes import ExitCode
from reports.gates import Kind, gate
from reports.records import Finding, Status


class Verdict(StrEnum):
    """The answer, and the exit code that goes with it."""

    GO = "GO"
    NO_GO = "NO-GO"
    INCONCLUSIVE = "INCONCLUSIVE"

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the command that reached this verdict."""
        return ExitCode[self.name]


def judge_findings(findings: Sequence[Finding]) -> Verdict:
    """NO-GO on any failure, else INCONCLUSIVE on anything unknown, else GO.

    What nobody can see from outside of a foreign target is reported as unknown and does not count.

    Before that: of a run that was itself not sound only facts count.  A lost turn or a key without
    a TTL is one however the run went; a slow turn may be the slow generator's.
    """
    if any(is_fact(f) and f.status is Status.FAIL for f in findings):
        return Verdict.NO_GO
    if any(is_validity(f) and f.status is not Status.PASS for f in findings):
        return Verdict.INCONCLUSIVE
    if not any(is_validity(f) for f in findings):
        return Verdict.INCONCLUSIVE
    if any(f.status is Status.FAIL for f in findings):
        return Verdict.NO_GO
    if any(f.status is Status.UNKNOWN and not f.out_of_sight for f in findings):
        return Verdict.INCONCLUSIVE
    return Verdict.GO


def by_weight(findings: Sequence[Finding]) -> list[Finding]:
    """What did not pass, worst first: facts, the run's soundness, other failures, unknowns.

    A full machine comes before what else was not sound, which may be only what followed from it.
    """

    def weight(finding: Finding) -> int:
        failed = finding.status is Status.FAIL
        if failed and is_fact(finding):
            return 0
        if is_validity(finding):
            return 1 if finding.check == "validity.saturation" else 2
        if finding.out_of_sight:
            return 5
        return 3 if failed else 4

    return sorted((f for f in findings if f.status is not Status.PASS), key=weight)


def is_fact(finding: Finding) -> bool:
    """A failure of this check is proven however the run went."""
    return gate(finding.check).kind is Kind.FACT


def is_validity(finding: Finding) -> bool:
    """This check asks whether the run was sound."""
    return gate(finding.check).kind is Kind.VALIDITY
