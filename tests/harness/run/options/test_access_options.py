"""The options of a target's door: refused in one sentence that repeats no secret."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from harness import parser
from harness.errors import ConfigError
from harness.run import read_plan
from harness.run.plan import Plan
from tests import certificates

SECRET = "hunter2-hunter2"
HTTPS = ("--target", "https://127.0.0.1:1")


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", SECRET)
    monkeypatch.setenv("BASIC", f"Basic {SECRET}")
    monkeypatch.setenv("BROKEN", f"{SECRET}\r\nX-Other: 1")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("HOST_NAME", "agents.test")


def planned(*options: str) -> Plan:
    return read_plan.from_args(parser.build().parse_args(["readiness", *options]))


def refused(*options: str) -> str:
    with pytest.raises(ConfigError) as caught:
        planned(*options)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--header", "X-Key"), r"--header X-Key=…: must be NAME=VARIABLE"),
        (("--header", f"X-Key={SECRET}"), r"--header X-Key=…: must be NAME=VARIABLE"),
        (("--header", f"X-Key: {SECRET}"), r"--header …: must be NAME=VARIABLE"),
        (("--header", "X-Key=UNSET_HERE"), r"--header X-Key=UNSET_HERE: .* no variable UNSET_HERE"),
        (("--header", "X-Key=EMPTY"), r"--header X-Key=EMPTY: .* or it is empty"),
        (("--header", "X-Key=BROKEN"), r"the value of BROKEN cannot stand in a header"),
        (("--header", "content-length=KEY"), r"must be a header that diya does not set itself"),
        (("--header", "X-Key=KEY", "--header", "x-key=KEY"), r"--header x-key: must be given once"),
        (("--header", "authorization=KEY", "--token-env", "KEY"), r"a request has one token"),
        (("--token-env", "KEY", "--token-command", "true"), r"a request has one token"),
        (("--token-command", "'"), r"--token-command: must be a command line, got No closing"),
        (("--token-command", ""), r"--token-command: must be a command line, got nothing"),
        (("--token-command", "no-such-mint x"), r"--token-command no-such-mint: .* on PATH"),
        (("--client-key", "k.pem"), r"--client-key k\.pem: must be given with --client-cert"),
        (("--client-cert", "no.pem"), r"--client-cert .*no\.pem: must be a file that can be read"),
        (("--client-cert", "/"), r"--client-cert /: must be a file that can be read"),
        (("--replica-header", "X Y"), r"--replica-header X Y: must be the name of a response"),
        (("--target-replicas", "0"), r"--target-replicas 0: must be from 1 to 100000"),
    ],
)
def test_a_way_in_that_cannot_be_is_refused(options: tuple[str, ...], said: str) -> None:
    sentence = refused(*HTTPS, *options)
    assert re.search(said, sentence), sentence


@pytest.mark.parametrize(
    "options",
    [
        ("--header", "X-Key=KEY"),
        ("--header", f"X-Key={SECRET}"),
        ("--token-command", "true"),
        ("--token-command", f"echo {SECRET}"),
        ("--client-cert", "c.pem"),
        ("--target-replicas", "2"),
    ],
)
def test_ways_in_need_a_target(options: tuple[str, str]) -> None:
    said = refused(*options)
    assert said.startswith(options[0])
    assert said.endswith(": must not be given without a --target")


def test_a_client_certificate_needs_an_https_target(tmp_path: Path) -> None:
    path = str(certificates.write(tmp_path / "c.pem"))
    said = refused("--target", "http://127.0.0.1:1", "--client-cert", path)
    assert said.endswith("must be given with an https --target")


def test_an_encrypted_key_is_refused_without_a_question(tmp_path: Path) -> None:
    path = certificates.write(tmp_path / "c.pem", password=b"secret")
    assert "is not encrypted, got: " in refused(*HTTPS, "--client-cert", str(path))


def test_a_certificate_and_the_key_of_another_are_refused(tmp_path: Path) -> None:
    one, other = (certificates.write(tmp_path / name) for name in ("a.pem", "b.pem"))
    said = refused(*HTTPS, "--client-cert", str(one), "--client-key", str(other))
    assert said.endswith("got: key values mismatch")


def test_a_plan_describes_its_ways_in_without_any_value(tmp_path: Path) -> None:
    certificate = certificates.write(tmp_path / "c.pem")
    made = planned(
        *(*HTTPS, "--client-cert", str(certificate), "--token-command", f"{sys.executable} -V"),
        *("--header", "X-Auth=BASIC", "--header", "Host=HOST_NAME"),
        *("--replica-header", "X-Served-By", "--target-replicas", "3"),
    )
    described = made.description()
    assert SECRET not in repr(made)
    assert SECRET not in repr(described)
    assert described.topology.replicas == 3
    # A value is hidden whole and word by word; the name of a host is no secret.
    assert {f"Basic {SECRET}", SECRET} <= set(made.access.secrets())
    assert "agents.test" not in made.access.secrets()
    assert "--header X-Auth=BASIC --header Host=HOST_NAME" in " ".join(made.command)


def test_the_header_of_the_replica_is_taken_for_a_fleet_of_diyas_too() -> None:
    access = planned("--replica-header", "X-Served-By").description().access
    assert getattr(access, "replica_header", None) == "X-Served-By"
