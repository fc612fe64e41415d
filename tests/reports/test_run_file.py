"""`run.json` as a type: files of older and later versions, and values that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect

from reports.records import run_file
from reports.records.errors import HistoryError
from reports.records.run_description import RunDescription
from tests.reports.a_run import Run

LEAST = {"schema_version": 1, "origin": 1793500000.0, "ttl_seconds": 30}
"""All that a run of the oldest version must say."""
PATH = Path("runs/one/run.json")


def parse(**values: Any) -> RunDescription:
    return run_file.parse(PATH, {**LEAST, **values}, RunDescription)


def test_keys_that_older_versions_did_not_write_have_their_defaults() -> None:
    run = parse()
    assert (run.foreign, run.ttl_known, run.app, run.sizing, run.command) == (
        *(False, True, None, None),
        [],
    )
    assert (run.planned_faults, run.steady_state, run.topology.replicas) == ((), (), None)


def test_a_key_that_says_null_is_as_a_key_that_is_missing() -> None:
    optional = {"topology", "profile", "environment", "command", "foreign", "ttl_known", "service"}
    assert parse(**dict.fromkeys(optional)) == parse()


def test_keys_of_later_versions_are_ignored() -> None:
    assert parse(weather="hot", topology={"redis": "single", "moons": 2}).topology.redis == "single"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"experiment": []}, "experiment must be an object, got []"),
        ({"experiment": {"steady_state": ["a", 1]}}, "a list of words, got ['a', 1]"),
        ({"environment": {"cores": True}}, "environment.cores must be a whole number from 0"),
        (
            {"environment": {"redis_server": {"name": 3}}},
            "environment.redis_server.name must be a word, got 3",
        ),
        ({"environment": {"versions": {"redis": 8}}}, "environment.versions must be an object of"),
        ({"topology": {"replicas": "12"}}, "topology.replicas must be a whole number from 0"),
        ({"topology": {"replicas": 10**40}}, "topology.replicas must be a whole number from 0"),
        ({"sizing": {"mode": "auto", "factor": 1}}, "sizing.cores must be a number above 0"),
        ({"ttl_seconds": 10**400}, "ttl_seconds must be seconds, at least 0, got 1000"),
        ({"compression": 10**400}, "compression must be a number from 0, got 1000"),
        ({"foreign": 1}, "foreign must be true or false, got 1"),
        ({"schema_version": True}, "schema_version must be 1, got True"),
        ({"service": {"DIYA_MODEL": 1}}, "service must be an object of words, got"),
        ({"profile": {"slo": {"recovery_s": -1}}}, "profile.slo.recovery_s must be a number from"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_key(
    values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(HistoryError) as caught:
        parse(**values)
    assert str(caught.value).startswith(f"{PATH}: ")
    assert sentence in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_every_error_names_the_expected_value() -> None:
    """Else an error would have no words for it."""

    def undescribed(struct: inspect.StructType, at: str) -> Iterator[str]:
        for field in struct.fields:
            kind = field.type
            members = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
            nested = [each for each in members if isinstance(each, inspect.StructType)]
            for each in nested:
                yield from undescribed(each, f"{at}{field.name}.")
            words = [e.extra_json_schema for e in members if isinstance(e, inspect.Metadata)]
            if not nested and not (words and words[0] and words[0].get("description")):
                yield f"{at}{field.name}"

    whole = inspect.type_info(RunDescription)
    assert isinstance(whole, inspect.StructType)
    assert [*undescribed(whole, "")] == []


def test_a_run_that_was_read_can_be_written_again(tmp_path: Path) -> None:
    run = Run()
    run.sound()
    first = run_file.read(run.write(tmp_path / "run"), RunDescription)
    run_file.write(tmp_path, first)
    assert run_file.read(tmp_path, RunDescription) == first
