"""The reference pages match the code."""

from __future__ import annotations

import dataclasses
import json
import re
from enum import IntEnum
from pathlib import Path

import pytest

from chaos.faults.catalogue import FAULTS
from chaos.faults.network import NetworkCut
from harness import parser
from harness.commands import fault_table
from harness.pytest_plugin.metrics import METRICS
from harness.reference import __main__ as writing
from harness.reference import exit_codes, faults, profile, pytest_plugin, result
from harness.reference.pages import PAGES
from loadtests.profiles import keys as profile_keys
from reports.gates import VIOLATIONS
from tests.docs.pages import DOCS

FOLDER = DOCS / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_a_committed_page_is_the_generated_one(name: str) -> None:
    committed = (FOLDER / name).read_text(encoding="utf-8")
    assert committed == PAGES[name](), f"docs/reference/{name} is outdated: run `make docs`"


def test_the_folder_holds_no_other_page() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


def test_the_command_writes_every_page(tmp_path: Path) -> None:
    writing.main(tmp_path / "reference")
    for name, page in PAGES.items():
        assert (tmp_path / "reference" / name).read_text(encoding="utf-8") == page()


def test_a_page_follows_a_changed_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    class Changed(IntEnum):
        NO_GO = 98
        """NO-GO: at least one gate failed."""

    monkeypatch.setattr(exit_codes, "ExitCode", Changed)
    assert "| `98` | NO-GO: at least one gate failed. |" in PAGES["exit-codes.md"]()


def test_a_page_follows_a_changed_default(monkeypatch: pytest.MonkeyPatch) -> None:
    built = parser.build()
    monkeypatch.setattr(parser, "build", lambda: built)
    command = built._subparsers._group_actions[0].choices["readiness"]  # type: ignore[union-attr, index]
    command.set_defaults(profile="soak")
    assert "the load (default: soak)" in PAGES["command-line.md"]()


def test_every_field_of_the_result_is_described() -> None:
    schema = json.loads(result.SCHEMA.read_text(encoding="utf-8"))
    parts = {"": schema, **{f"{name}.": part for name, part in schema["$defs"].items()}}
    bare = {
        prefix + path
        for prefix, part in parts.items()
        for path, field, _ in result.fields(part)
        if not field.get("description")
    }
    assert bare == set()


def test_every_profile_key_has_a_meaning() -> None:
    read = profile_keys.every_key()
    assert {key.section for key in read} == set(profile.SECTIONS)
    bare = [
        (key.section, key.name) for key in read if not profile.meaning(key).endswith((".", "…"))
    ]
    assert bare == []


def test_every_expectation_has_a_meaning() -> None:
    assert {*pytest_plugin.MEANINGS, *VIOLATIONS} == set(METRICS)


def test_every_fault_is_listed_with_its_parameters() -> None:
    page = faults.page()
    parts = {each.partition("`")[0]: each for each in page.split("\n### `")[1:]}
    listed = {
        func: set(re.findall(r"^\| `(\w+)` \|", part.partition("\n## ")[0], re.MULTILINE))
        for func, part in parts.items()
    }
    assert listed == {
        func: {each.name for each in dataclasses.fields(fault) if each.init}
        for func, fault in FAULTS.items()
    }


@pytest.mark.parametrize(
    ("func", "done"),
    [
        ("noop", "✓✓✓✓✓✓"),
        ("kill_replica", "✓✓✓✓✓✓"),
        ("kill_redis", "✓✓✓–✓✓"),
        ("power_loss", "✓✓✓–––"),
        ("failover", "–✓––––"),
        ("cluster_shard_down", "––✓–––"),
        ("network_cut", "✓✓✓–––"),
        ("slow_model", "✓✓✓✓––"),
        ("limit_memory", "––––✓✓"),
    ],
)
def test_a_fault_is_shown_where_it_is_not_refused(func: str, done: str) -> None:
    lines = faults.page().splitlines()
    head = next(line for line in lines if line.startswith("| fault |"))
    row = next(line for line in lines if line.startswith(f"| [`{func}`]"))
    shown = dict(zip(head.strip("| ").split(" | "), row.strip("| ").split(" | "), strict=False))
    places = ("process", "sentinel", "cluster", "redis-url", "containers", "compose")
    options = [fault_table.ENVIRONMENTS[place][0] for place in places]
    assert "".join(shown[option] for option in options) == done


def test_a_fault_at_the_balancer_needs_its_proxy_only() -> None:
    _, foreign_redis = fault_table.ENVIRONMENTS["redis-url"]
    assert foreign_redis is not None
    assert fault_table.refusal(NetworkCut(side="balancer"), foreign_redis) is None
    assert fault_table.refusal(NetworkCut(side="redis"), foreign_redis) is not None
