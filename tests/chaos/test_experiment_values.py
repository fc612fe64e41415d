"""Values of an experiment are read as the Chaos Toolkit's own loader reads them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from chaoslib import substitute
from chaoslib.configuration import load_configuration
from chaoslib.secret import load_secrets

from chaos.errors import ChaosConfigError
from chaos.experiment.reader import load, parse
from chaos.experiment.values import UnknownName, Values, read_configuration, read_secrets
from tests.chaos.conftest import NO_FLEET


def env(default: Any = None, kind: str | None = None, key: str = "DIYA_NOT_SET") -> dict[str, Any]:
    entry = {"type": "env", "key": key, "default": default}
    return entry if kind is None else {**entry, "env_var_type": kind}


ENTRIES: dict[str, Any] = {
    "text": "a",
    "number": 2,
    "nothing": None,
    "a list": [1, [2, "${x}"]],
    "a mapping": {"nested": {"deeper": [1]}},
    "a mapping inside which env is a text": {"a": {"type": "env", "key": "DIYA_NOT_SET"}},
    "a mapping with a type of its own": {"type": "ClusterIP", "port": 80},
    "a default as it is": env("5"),
    "a default that is a list": env([1, 2]),
    "an empty default": env(""),
    "a default as an int": env("5", "int"),
    "a default as an integer": env(5.9, "integer"),
    "a default as a float": env("5", "float"),
    "a default as a number": env("1e3", "number"),
    "a default as bytes": env("né", "bytes"),
    "a default as no": env("No", "bool"),
    "a default as yes": env("y", "bool"),
    "a default that is a bool": env(False, "bool"),
    "a default as JSON": env('{"a": [1, 2.5, null]}', "json"),
    "a default that JSON need not read": env([1], "json"),
    "an empty default as JSON": env("", "json"),
    "a variable": env("x", key="DIYA_SET"),
    "a variable as an int": env("x", "int", key="DIYA_SET"),
    "a key of nobody's": {**env("5"), "description": "the pause"},
}

SECRETS: dict[str, Any] = {
    "shop": {"token": {"type": "env", "key": "DIYA_SET"}, "plain": "hunter2", "port": 5},
    "deep": {"k8s": {"user": {"type": "env", "key": "DIYA_SET"}, "name": "x"}},
    "again": {"token": "the first group counts"},
}

TEXTS: list[Any] = [
    "${number}",
    "$number",
    "a ${number} b $text c",
    "$$text and $${number} and $$",
    "^a$",
    "$.path[0]",
    "cost: $5",
    "$unknown",
    ["${number}", {"k": "${text}"}, 3, None],
    "${token}",
    "Bearer $plain",
    "${k8s}",
]


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_of_the_configuration_has_the_value_that_chaos_toolkit_gives_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DIYA_SET", "7")
    entry = {"it": ENTRIES[name]}
    ours = read_configuration(copy.deepcopy(entry), [])
    theirs = load_configuration(copy.deepcopy(entry))
    assert ours == theirs
    assert type(ours["it"]) is type(theirs["it"])


@pytest.mark.parametrize("text", TEXTS, ids=str)
def test_a_text_is_filled_in_as_chaos_toolkit_does(
    monkeypatch: pytest.MonkeyPatch, text: Any
) -> None:
    monkeypatch.setenv("DIYA_SET", "7")
    configuration = {"text": "a", "number": 2}
    ours = Values(configuration, read_secrets(SECRETS, [])).put_in(text)
    theirs = substitute(text, configuration, load_secrets(SECRETS))
    assert ours == theirs


def test_a_default_with_a_type_may_be_a_pause(tmp_path: Path) -> None:
    provider = {"type": "python", "module": "chaos.actions", "func": "kill_replica"}
    step = {"type": "action", "name": "a", "provider": provider}
    document = {
        "title": "t",
        "configuration": {"before": env("5", "float"), "after": env("2.5")},
        "method": [{**step, "pauses": {"before": "${before}", "after": "${after}"}}],
    }
    path = tmp_path / "sale.yaml"
    path.write_text(yaml.safe_dump(document))
    (read,) = load(path).method
    assert (read.before, read.after) == (5.0, 2.5)


@pytest.mark.parametrize(("default", "value"), [(0, False), (1, True)])
def test_a_number_may_be_the_default_of_a_bool(default: int, value: bool) -> None:
    assert read_configuration({"it": env(default, "bool")}, []) == {"it": value}


@pytest.mark.parametrize("kind", ["str", "string", "int", "integer", "float", "number", "bytes"])
def test_every_type_that_a_sentence_names_is_read(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("DIYA_SET", "7")
    assert read_configuration({"it": env(kind=kind, key="DIYA_SET")}, [])["it"] in (7, "7", b"7")


@pytest.mark.parametrize("text", ["${größe}", "a ${größe}", ["${nmber}"], {"k": ["$$ ${nmber}"]}])
def test_a_name_that_chaos_toolkit_would_leave_in_the_text_is_refused(text: Any) -> None:
    with pytest.raises(UnknownName):
        Values({"größe": 1, "number": 2}).put_in(text)


def test_an_escaped_name_is_not_looked_up() -> None:
    assert Values({"number": 2}).put_in("$${nmber} $$$${x}") == "${nmber} $${x}"


def test_no_secret_is_logged_at_any_level(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DIYA_SET", "hunter2")
    entries = {"shop": {"token": {"type": "env", "key": "DIYA_SET"}, "plain": "hunter3"}}
    with caplog.at_level("DEBUG"):
        values = Values({}, read_secrets(entries, []))
        assert values.put_in("${token} $plain ${plain}") == "hunter2 hunter3 hunter3"
        assert values.put_in("${token}") == "hunter2"
    assert "hunter" not in caplog.text


VAULTS: list[tuple[dict[str, Any], str]] = [
    (
        {"type": "vault", "path": "shop"},
        "secrets.type: must be env, got 'vault', which is not ",
    ),
    ({"shop": {"type": "vault", "path": "shop"}}, "secrets.shop.type: must be env, got 'vault', "),
    (
        {"shop": {"token": {"type": "vault", "path": "shop", "key": "token"}}},
        "secrets.shop.token.type: must be env, got 'vault', which is not read here",
    ),
    ({"shop": {"token": {"type": "Vault"}}}, "secrets.shop.token.type: must be env, got 'Vault', "),
    ({"token": {"type": "ENV", "key": "X"}}, "secrets.token.type: must be env, got 'ENV'"),
    (
        {"type": "env", "key": "DIYA_SET"},
        "secrets.type: must be in an entry with a name, as secrets.NAME.type, got 'env'",
    ),
]


@pytest.mark.parametrize(("secrets", "sentence"), VAULTS, ids=[said for _, said in VAULTS])
def test_a_secret_that_would_stay_empty_is_refused(
    tmp_path: Path, secrets: dict[str, Any], sentence: str
) -> None:
    path = tmp_path / "sale.yaml"
    path.write_text(yaml.safe_dump({"title": "t", "secrets": secrets, "method": []}))
    with pytest.raises(ChaosConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: {sentence}")


def test_a_group_of_secrets_with_a_type_of_its_own_is_read_with_a_note() -> None:
    notes: list[str] = []
    account = {"type": "service_account", "private_key": "hunter2"}
    secrets = read_secrets({"gcp": {"account": account}}, notes)
    assert secrets == {"account": account}
    assert notes == [
        "secrets.gcp.account.type is not env: each key of the entry is a secret as it stands"
    ]


def test_a_key_of_a_variable_that_is_not_known_is_noted() -> None:
    notes: list[str] = []
    read_configuration({"pause": {**env("5"), "env_var_tpye": "int"}}, notes)
    assert notes == ["configuration.pause.env_var_tpye is passed over"]


@pytest.mark.service
def test_a_secret_in_the_file_is_used_and_not_kept(tmp_path: Path) -> None:
    echo = {"type": "process", "path": "echo", "arguments": ["${password}"]}
    probe = {"type": "probe", "name": "echo", "tolerance": "x", "provider": echo}
    document = {
        "title": "t",
        "secrets": {"shop": {"password": "hunter2"}},
        "steady-state-hypothesis": {"title": "h", "probes": [probe]},
        "method": [],
    }
    path = tmp_path / "sale.yaml"
    path.write_text(yaml.safe_dump(document))
    experiment = load(path)
    (asked,) = experiment.steady_state
    answer = asked.ask(NO_FLEET)
    assert isinstance(answer, dict)
    assert answer["stdout"] == "hunter2\n"
    assert asked.mask("hunter2") == "•••"
    assert "hunter2" not in experiment.source
    with pytest.raises(ChaosConfigError, match=r"secrets\.shop\.password: must be .type: env"):
        parse(experiment.source, tmp_path / "kept.yaml")
