"""The table of gates: every finding has a row, every row a check, and nothing else names a gate."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reports import gates
from reports.checks import CHECKS, run_checks
from reports.gates import GATES, GROUPS, VIOLATIONS, Kind, gate
from reports.records import Finding, Status
from reports.records.history import History
from reports.verdict.judge import SCHEMA_FILE
from tests.calibrate.systems import SYSTEMS
from tests.prove.verdicts.harm import HARMS

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "harness" / "reference"
TABLE = Path(gates.__file__).parent
_NAME = re.compile(rf"({'|'.join(GROUPS)})\.[a-z0-9_]+")
_PREFIX = re.compile(rf"({'|'.join(GROUPS)})\.")


def texts(*folders: str) -> Iterator[tuple[Path, str]]:
    """The strings of the code in these folders, but for the rows of the table itself.

    The reference pages name fields and files too; a test of their own holds them to the table.
    """
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if {TABLE, PAGES} & set(path.parents):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield path, node.value


def test_a_finding_without_a_row_is_a_check_that_crashed() -> None:
    def check_luck(_: History) -> list[Finding]:
        return [Finding("errors.luck", "run", Status.PASS, 0, 0, "", "lucky")]

    (found,) = run_checks(History.__new__(History), [check_luck])
    assert (found.check, found.status) == ("luck.check", Status.UNKNOWN)
    assert "errors.luck must be a row of reports/gates/" in found.summary


def test_every_name_of_a_gate_in_the_code_has_a_row() -> None:
    named = {(path.name, text) for path, text in texts("reports", "harness")}
    unknown = {each for each in named if _NAME.fullmatch(each[1]) and each[1] not in GATES}
    assert unknown == set()


def test_every_row_is_the_name_of_a_check_s_finding() -> None:
    named = {text for _, text in texts("reports/checks")}
    of_classes = {row.name for row in VIOLATIONS.values()}
    assert set(GATES) - of_classes - named == set()


def test_every_row_explains_its_gate_in_sentences() -> None:
    bare = [row.name for row in GATES.values() if not re.fullmatch(r"[A-Z0-9].+\.", row.meaning)]
    assert bare == []


def test_every_check_is_named_by_a_row_or_called_by_another_check() -> None:
    """A new check needs no other entry than its row; one without a row would never be made."""
    files = (ROOT / "reports" / "checks").glob("*.py")
    trees = {path.stem: ast.parse(path.read_text()) for path in files}
    called = {
        node.func.id
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    defined = {
        node.name
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
    }
    assert defined - called == {check.__name__ for check in CHECKS}


def test_code_never_recognises_a_group_by_a_prefix() -> None:
    told = [each for each in texts("reports", "harness") if _PREFIX.fullmatch(each[1])]
    assert told == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_a_check_that_crashed_counts_as_its_group_does(check: object) -> None:
    name = getattr(check, "__name__", "").removeprefix("check_")
    row = gate(f"{name}.check")
    assert row.title == f"The {name} check itself"
    assert (row.kind is Kind.VALIDITY) == (name in {"validity", "records"})
    assert row.visible_from_outside == (name != "memory")


def test_the_facts_are_continuity_keys_cost_and_refusals_of_a_quota() -> None:
    facts = {row.name for row in GATES.values() if row.kind is Kind.FACT}
    assert facts == {
        *gates.names_of("continuity", "model"),
        "memory.ttl",
        "memory.evicted",
        "latency.cost",
    }


def test_the_gates_of_the_run_itself_are_one_group() -> None:
    kinds = {row.name for row in GATES.values() if row.kind is Kind.VALIDITY}
    assert kinds == set(gates.names_of("validity"))


def test_redis_expiry_and_the_model_s_input_are_out_of_sight_at_a_target() -> None:
    hidden = {row.name for row in GATES.values() if not row.visible_from_outside}
    assert hidden == {
        *gates.names_of("memory"),
        "continuity.resurrected",
        "continuity.context_missed",
    }


def test_each_known_bad_system_must_fail_a_gate_with_a_row() -> None:
    assert {s.convicts for s in SYSTEMS if s.convicts is not None} <= set(GATES)


def test_each_class_of_violation_is_proved_by_a_harm() -> None:
    assert {name.partition(",")[0] for name in HARMS} == set(VIOLATIONS)


def test_the_schema_counts_each_class_of_violation() -> None:
    schema = json.loads(SCHEMA_FILE.read_text())
    counted = set(schema["$defs"]["Continuity"]["properties"])
    others = {"conversations_audited", "turns_witnessed", "within_durability"}
    assert counted - others == set(VIOLATIONS)
