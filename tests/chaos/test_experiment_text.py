"""Experiments as other people's tools write their files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chaos.errors import ChaosConfigError
from chaos.experiment.model import Experiment
from chaos.experiment.reader import load

METHOD = (
    '"method": [{"type": "action", "name": "%s", "provider": {"type": "python", '
    '"module": "chaos.actions", "func": "kill_replica"}, "pauses": {"after": %s}}]'
)


def read(tmp_path: Path, text: str | bytes, name: str = "sale.json") -> Experiment:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path)


@pytest.mark.parametrize("name", ["sale.json", "sale.yaml", "sale"])
def test_json_is_read_as_json_under_any_file_name(tmp_path: Path, name: str) -> None:
    text = '{\n\t"title": "Sale \\ud83d\\ude80 \\/ day",\n\t' + METHOD % ("\\ud83d\\udca5", "1e1")
    experiment = read(tmp_path, text + "\n}\n", name)
    assert experiment.title == "Sale 🚀 / day"
    assert (experiment.method[0].name, experiment.method[0].after) == ("💥", 10.0)


def test_a_surrogate_pair_in_yaml_is_one_character(tmp_path: Path) -> None:
    text = 'title: "Sale \\ud83d\\ude80"\nmethod: []\n'
    assert read(tmp_path, text, "sale.yaml").title == "Sale 🚀"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("name", "text"),
    [("a.json", '{"title": "é", "method": []}'), ("a.yaml", "title: é\nmethod: []")],
)
def test_a_byte_order_mark_is_left_out(tmp_path: Path, encoding: str, name: str, text: str) -> None:
    assert read(tmp_path, text.encode(encoding), name).title == "é"


def test_a_key_that_stands_twice_in_json_is_noted(tmp_path: Path) -> None:
    experiment = read(tmp_path, '{"title": "a", "title": "b", "method": []}')
    assert experiment.title == "b"
    assert experiment.notes == ("the key 'title' stands twice: the last one counts",)


def test_a_key_that_stands_twice_in_yaml_is_noted(tmp_path: Path) -> None:
    text = """
title: t
x-a: &a {type: python, func: noop}
x-b: &b {<<: *a, func: kill_replica}
method: []
method:
- {type: action, name: a, provider: {<<: *b, module: chaos.actions}}
"""
    experiment = read(tmp_path, text, "sale.yaml")
    assert experiment.planned == ["kill-replica-1"]
    assert "the key 'method' stands twice: the last one counts" in experiment.notes
    assert sum("twice" in note for note in experiment.notes) == 1


@pytest.mark.parametrize("title", ["yes", "2025", "2025-10-20", "1.5"])
def test_a_text_that_yaml_reads_as_something_else_wants_quotes(tmp_path: Path, title: str) -> None:
    with pytest.raises(ChaosConfigError, match=r"title must be a text, got .* is in quotes\)$"):
        read(tmp_path, f"title: {title}\nmethod: []\n", "sale.yaml")


def test_a_probe_as_a_tolerance_is_refused_with_what_to_do(tmp_path: Path) -> None:
    judge = {"type": "probe", "name": "j", "provider": {"type": "python", "module": "m"}}
    probe = {
        "type": "probe",
        "name": "p",
        "tolerance": judge,
        "provider": {"type": "http", "url": "http://127.0.0.1:1/"},
    }
    document = {"title": "t", "steady-state-hypothesis": {"title": "h", "probes": [probe]}}
    with pytest.raises(ChaosConfigError, match=r"tolerance: must be true, .*got a probe that"):
        read(tmp_path, json.dumps({**document, "method": []}))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"title": "a",\n // why\n "method": []}', "sale.json, line 2: must be JSON: "),
        ('{"title": "a",\n "method": [],\n}', "sale.json, line 2|3: must be JSON: "),
        ("title: a\nmethod: []\n", "sale.json, line 1: must be JSON: "),
        ('{"title": "\\ud83d", "method": []}', r"^\S*sale.json: '\\ud83d' must be text, got half"),
        (b'{"title": "\xe9", "method": []}', "sale.json: must be text in UTF-8: "),
        (
            '{"title": "a", ' + METHOD % ("a", "NaN") + "}",
            "pauses.after must be at least 0 seconds, got nan",
        ),
        ("[" * 100_000, "sale.json: cannot be read: it is nested too deeply"),
        ('{"title": ' + "9" * 5000 + "}", "sale.json: cannot be read: Exceeds the limit"),
        (
            '{"title": "a", ' + METHOD % ("a", "9" * 400) + "}",
            "pauses.after must be at least 0 seconds, got 9+",
        ),
    ],
)
def test_a_file_that_is_not_json_is_refused_with_its_line(
    tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    with pytest.raises(ChaosConfigError, match=sentence):
        read(tmp_path, text)


def test_parts_that_change_nothing_here_are_passed_over_with_a_note(tmp_path: Path) -> None:
    control = [{"name": "tracing", "provider": {"type": "python", "module": "chaostracing"}}]
    probe = {
        "type": "probe",
        "name": "ready",
        "tolerance": True,
        "controls": control,
        "provider": {"type": "python", "module": "chaos.probes", "func": "redis_answers"},
    }
    document = {
        "title": "t",
        "controls": control,
        "runtime": {"rollbacks": {"strategy": "always"}},
        "steady-state-hypothesis": {"title": "h", "probes": [probe], "controls": control},
        "method": [{**probe, "timeout": 3}],
    }
    assert read(tmp_path, json.dumps(document)).notes == (
        "controls is passed over",
        "runtime is passed over",
        "steady-state-hypothesis.controls is passed over",
        "steady-state-hypothesis.probes[0].controls is passed over",
        "method[0].controls is passed over",
        "method[0].timeout is passed over",
    )


def test_anchors_may_stand_under_a_key_of_the_authors_own(tmp_path: Path) -> None:
    text = """
title: t
x-kill: &kill {type: python, module: chaos.actions, func: kill_replica}
method:
- type: action
  name: a
  x-why: to see whether it survives
  provider:
    <<: *kill
"""
    found = read(tmp_path, text, "sale.yaml")
    assert found.planned == ["kill-replica-1"]
    assert found.notes == ("x-kill is passed over", "method[0].x-why is passed over")


def test_a_zero_byte_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ChaosConfigError, match=r"sale.yaml: cannot be read: [^\n]+\Z"):
        read(tmp_path, "title: t\0\nmethod: []\n", "sale.yaml")


def test_a_reference_may_come_before_the_activity_it_names(tmp_path: Path) -> None:
    later = METHOD % ("kill", "2")
    text = '{"title": "t", ' + later.replace('"method": [', '"method": [{"ref": "kill"}, ') + "}"
    assert read(tmp_path, text).planned == ["kill-replica-1", "kill-replica-2"]


def test_an_unknown_name_is_named_once_with_its_key_and_its_file(tmp_path: Path) -> None:
    provider = {"type": "http", "url": "http://127.0.0.1:1/", "timeout": "${timout}"}
    probe = {"type": "probe", "name": "p", "tolerance": 200, "provider": provider}
    document = {
        "title": "t",
        "configuration": {"timeout": 3},
        "steady-state-hypothesis": {"title": "h", "probes": [probe]},
        "method": [],
    }
    with pytest.raises(ChaosConfigError) as caught:
        read(tmp_path, json.dumps(document))
    assert str(caught.value) == (
        f"{tmp_path / 'sale.json'}: steady-state-hypothesis.probes[0].provider.timeout "
        "must be a name of configuration or secrets, got '${timout}' (did you mean timeout?)"
    )
