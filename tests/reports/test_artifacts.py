"""Artifacts that turns have saved: there, of their own turn, and unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reports.checks import run_checks
from reports.records import ArtifactItem, Finding, Status
from tests.reports.a_run import TTL, Conversation, Run
from tests.reports.gated import judge

GATE = "continuity.artifacts"


class _WithService(Run):
    """A run whose artifacts are in a service that the user named."""

    def run_json(self) -> dict[str, Any]:
        return {**super().run_json(), "services": {"artifacts": "file:///srv/artifacts"}}


def item(turn: int, version: int, found: bool | None = True, content: str = "c") -> ArtifactItem:
    return ArtifactItem(f"c0t{turn}", "n", version, found, content if found else None)


def read(conversation: Conversation, *items: ArtifactItem, when: str = "end") -> Conversation:
    """A read of the session that shows these artifacts."""
    late = None if when == "end" else conversation.ended + 40.0
    conversation.audit(when=when, at=late, status="found" if when == "end" else "gone")
    conversation.audits[-1] = replace(conversation.audits[-1], artifacts=items)
    return conversation


def run(*items: ArtifactItem, kind: type[Run] = _WithService) -> Run:
    """Two turns, and one read at the end."""
    written = kind()
    read(written.conversation().turn().turn(), *items)
    return written


def test_a_version_for_each_turn_that_is_there_passes(tmp_path: Path) -> None:
    found = judge(run(item(0, 0, content="a"), item(1, 1, content="b")), tmp_path, GATE)
    assert (found.status, found.value) == (Status.PASS, 0)
    assert found.summary == (
        "Of 2 versions of artifacts that turns have saved, 0 were missing and 0 were of another "
        "turn or had changed"
    )


def test_a_version_that_is_missing_fails_and_names_the_turn(tmp_path: Path) -> None:
    found = judge(run(item(0, 0), item(1, 1, found=False)), tmp_path, GATE)
    assert (found.status, found.value) == (Status.FAIL, 1)
    (line,) = found.evidence
    assert line.startswith("conversation 0, turn c0t1: version 1 of artifact n was missing")


def test_a_version_that_two_turns_have_saved_fails(tmp_path: Path) -> None:
    found = judge(run(item(0, 0), item(1, 0)), tmp_path, GATE)
    assert (found.status, found.value) == (Status.FAIL, 1)
    assert found.evidence[0].endswith("was saved by turns c0t0, c0t1")


@pytest.mark.parametrize(("late", "status"), [("a", Status.PASS), ("b", Status.FAIL)])
def test_a_version_is_read_again_after_the_load_and_must_not_change(
    tmp_path: Path, late: str, status: Status
) -> None:
    written = run(item(0, 0, content="a"))
    read(written.conversations[0], item(0, 0, content=late), when="expired")
    assert judge(written, tmp_path, GATE).status is status


def late(written: Run, at: float, status: str, *, found: bool = False) -> None:
    """A read of version 0 so many seconds after the end of the conversation."""
    conversation = written.conversations[0]
    conversation.audit(when="expired", at=conversation.ended + at, status=status)
    last = replace(conversation.audits[-1], artifacts=(item(0, 0, found=found),))
    conversation.audits[-1] = last


@pytest.mark.parametrize(
    ("at", "session", "status"),
    [
        (TTL + 10, "gone", Status.PASS),
        (TTL - 10, "gone", Status.FAIL),  # the session is lost, and so is its artifact
        (TTL + 10, "found", Status.FAIL),  # the session is there, and its artifact is not
    ],
)
def test_an_artifact_may_go_with_its_session_and_not_before(
    tmp_path: Path, at: float, session: str, status: Status
) -> None:
    written = run(item(0, 0))
    late(written, at, session)
    assert judge(written, tmp_path, GATE).status is status


def test_an_artifact_may_go_with_its_deleted_session(tmp_path: Path) -> None:
    written = run(item(0, 0))
    conversation = written.conversations[0]
    conversation.deleted = conversation.ended + 0.5
    late(written, 1.0, "gone")
    found = judge(written, tmp_path, GATE)
    assert found.status is Status.PASS
    assert found.summary.endswith(
        "1 more were missing as declared, or with a session that was over"
    )


def lossy(*items: ArtifactItem, declared: float) -> Run:
    """The same, and a fault that may lose what was written in the seconds before it."""
    written = run(*items)
    last = written.conversations[0].turns[-1].done
    written.fault(
        "power_loss", last + 0.5, last + 1.5, injected=last + 0.5, may_lose_since=last - declared
    )
    return written


@pytest.mark.parametrize(
    ("turn", "declared", "status"),
    [
        (1, 0.2, Status.PASS),
        (0, 0.2, Status.FAIL),  # saved long before the seconds that may be lost
        (1, -0.1, Status.FAIL),  # nothing written so early may be lost
    ],
)
def test_a_declared_loss_excuses_artifacts_of_its_seconds_alone(
    tmp_path: Path, turn: int, declared: float, status: Status
) -> None:
    written = lossy(item(turn, 0, found=False), declared=declared)
    assert judge(written, tmp_path, GATE).status is status


def test_an_artifact_that_was_read_after_the_declared_loss_must_stay(tmp_path: Path) -> None:
    written = lossy(item(1, 0), declared=0.2)
    conversation = written.conversations[0]
    for after, found in ((5, True), (20, False)):
        conversation.audit(when="expired", at=conversation.ended + after)
        shown = replace(conversation.audits[-1], artifacts=(item(1, 0, found=found),))
        conversation.audits[-1] = shown
    assert judge(written, tmp_path, GATE).status is Status.FAIL


def test_reads_without_an_answer_make_the_gate_unknown(tmp_path: Path) -> None:
    found = judge(run(item(0, 0), item(1, 1, found=None)), tmp_path, GATE)
    assert (found.status, found.out_of_sight) == (Status.UNKNOWN, False)


def test_a_named_service_that_no_turn_used_is_not_known(tmp_path: Path) -> None:
    found = judge(run(), tmp_path, GATE)
    assert (found.status, found.out_of_sight) == (Status.UNKNOWN, True)


def test_the_memory_of_each_replica_is_not_held_against_the_agent(tmp_path: Path) -> None:
    found = judge(run(item(0, 0, found=False), kind=Run), tmp_path, GATE)
    assert (found.status, found.out_of_sight) == (Status.UNKNOWN, True)
    assert "--artifact-service-uri" in found.summary


def test_a_run_without_artifacts_has_no_such_gate(tmp_path: Path) -> None:
    findings: list[Finding] = run_checks(run(kind=Run).history(tmp_path))
    assert [each for each in findings if each.check == GATE] == []
