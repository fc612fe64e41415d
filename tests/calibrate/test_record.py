"""The right verdicts, and their rows in the track record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.calibrate import beside, record
from tests.calibrate.run import SKIPPED, Outcome
from tests.calibrate.system import HERE
from tests.calibrate.systems import BY_NAME, SYSTEMS

PAGE = Path(__file__).parents[2] / "docs" / "track-record.md"
BAD, GOOD = BY_NAME["memory-sessions"], BY_NAME["ours"]
UNPROVEN = BY_NAME["sticky-balancer"]


def test_a_conviction_for_another_reason_is_not_the_right_one() -> None:
    assert Outcome(BAD, 1, "NO-GO", ("errors.rate", "continuity.lost")).right
    assert not Outcome(BAD, 1, "NO-GO", ("continuity.duplicated",)).right
    assert not Outcome(GOOD, 1, "NO-GO", ("continuity.lost",)).right


def test_a_run_that_proved_nothing_or_broke_is_never_right() -> None:
    for verdict in ("INCONCLUSIVE", "exit 70", SKIPPED):
        assert not Outcome(BAD, 1, verdict, ("continuity.lost",)).right
        assert not Outcome(GOOD, 1, verdict).right


def test_a_system_that_cannot_be_proven_must_be_inconclusive_by_its_gate() -> None:
    assert Outcome(UNPROVEN, 1, "INCONCLUSIVE", ("validity.spread",)).right
    assert not Outcome(UNPROVEN, 1, "INCONCLUSIVE", ("validity.generator",)).right
    assert not Outcome(UNPROVEN, 1, "NO-GO", ("validity.spread", "errors.rate")).right
    assert not Outcome(UNPROVEN, 1, "GO").right
    row = record.markdown([Outcome(UNPROVEN, 1, "INCONCLUSIVE", ("validity.spread",))])
    assert "| INCONCLUSIVE, validity.spread | 1 | – |" in row


def test_the_table_names_the_seeds_that_went_wrong() -> None:
    table = record.markdown(
        [
            Outcome(BAD, 1, "NO-GO", ("continuity.lost", "errors.rate")),
            Outcome(BAD, 2, "GO"),
            Outcome(GOOD, 1, SKIPPED),
        ]
    )
    row = table.splitlines()[-1]
    assert row.startswith("| `memory-sessions` |")
    assert "| NO-GO, lost | 1; **wrong on 2** | errors.rate |" in row


def test_the_rows_of_the_page_are_the_systems_as_they_are_declared() -> None:
    text = PAGE.read_text(encoding="utf-8")
    header, rows = record.table(text.partition(record.BEGIN)[2].partition(record.END)[0])
    assert header == record.markdown([]).splitlines()
    assert list(rows) == [system.name for system in SYSTEMS if system.name in rows]
    unseen = re.findall(r"`([\w-]+)`", text.partition("Without a record so far:")[2])
    assert unseen == [system.name for system in SYSTEMS if system.name not in rows]
    for system in SYSTEMS:
        if system.name not in rows:
            continue
        expected = record.markdown([Outcome(system, 1, system.verdict)]).splitlines()[-1]
        cells = [text.split(" | ")[:3] for text in (rows[system.name], expected)]
        assert cells[0] == cells[1], "the page says something else of the system than its row"


def test_rows_are_written_into_the_page_and_others_stay() -> None:
    text = PAGE.read_text(encoding="utf-8")
    changed = record.updated(text, [Outcome(BAD, 7, "NO-GO", ("continuity.lost",))])
    (row,) = (each for each in changed.splitlines() if each.startswith(f"| `{BAD.name}` |"))
    assert row.endswith("| NO-GO, lost | 7 | – |")
    others = [
        [each for each in page.splitlines() if not each.startswith(f"| `{BAD.name}` |")]
        for page in (text, changed)
    ]
    assert others[0] == others[1]


def test_the_last_of_two_records_counts(tmp_path: Path) -> None:
    file = tmp_path / "seen.jsonl"
    for verdict in ("GO", "NO-GO"):
        record.add(file, Outcome(BAD, 3, verdict, ("continuity.lost",), "Lost", 12.3, 1))
    (outcome,) = record.read([file])
    assert (outcome.verdict, outcome.seed, outcome.seconds) == ("NO-GO", 3, 12)


def test_every_system_has_its_profile_and_experiment_here_or_among_ours() -> None:
    for system in SYSTEMS:
        assert (HERE / f"{system.profile}.toml").is_file()
        if system.experiment.endswith(".yaml"):
            assert (HERE / system.experiment).is_file()


@pytest.mark.slow
@pytest.mark.service
def test_an_environment_that_cannot_be_made_is_a_reason_not_a_crash() -> None:
    with pytest.raises(beside.NotToBeHadError, match="Invalid requirement"):
        beside.python("no name of a package")
