"""From findings to one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from reports.basics.exit_codes import ExitCode
from reports.gates import Kind, gate
from reports.records import Finding, Status


class Verdict(StrEnum):
    """The verdict, with its exit code."""

    GO = "GO"
    NO_GO = "NO-GO"
    INCONCLUSIVE = "INCONCLUSIVE"

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the command that reached this verdict."""
        return ExitCode[self.name]


def judge_findings(findings: Sequence[Finding]) -> Verdict:
    """NO-GO on any failure, else INCONCLUSIVE on anything unknown, else GO.

    Gates that a foreign target does not show are reported as unknown and do not count.

    In an unsound run only facts count: a lost turn or a key without a TTL is one in any run, but a
    slow turn may be the generator's.
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
    """The findings that did not pass, worst first: facts, validity, other failures, unknowns.

    A full machine comes before other invalid gates, which may be its consequences.
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
    """Whether a failure of this check is proven even in an unsound run."""
    return gate(finding.check).kind is Kind.FACT


def is_validity(finding: Finding) -> bool:
    """Whether this check asks if the run was sound."""
    return gate(finding.check).kind is Kind.VALIDITY
