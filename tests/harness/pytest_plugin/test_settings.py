"""Markers, options and ini values become arguments of `diya readiness`."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import diya_options
import pytest_diya
from harness import parser
from harness.fleet_kinds import FLEETS
from harness.pytest_plugin.errors import PlanError
from harness.pytest_plugin.settings import ENVIRONMENTS, TARGET, Settings, as_pytest_says, checked
from loadtests.doors.names import DOORS

HERE = Path("repository")


def arguments(**chosen: Any) -> Any:
    """As `diya readiness` reads them."""
    words = Settings(out=HERE / "runs", root=HERE, **chosen).arguments()
    return parser.build().parse_args(["readiness", *words])


def test_a_target_is_described_as_on_the_command_line() -> None:
    at = {"target": "http://agent:8000", "authorised": True, "ttl": 60.5, "token_env": "TOKEN"}
    read = arguments(env="target", **at)
    assert (read.target, read.authorised, read.ttl, read.token_env) == tuple(at.values())


def test_the_ways_in_at_a_target_are_passed_on() -> None:
    ways = {"token_command": "mint -q", "client_cert": "c.pem", "client_key": "k.pem"}
    read = arguments(env="target", target="https://agent", header=("A=B", "Host=H"), **ways)
    assert (read.token_command, read.client_cert, read.client_key) == tuple(ways.values())
    assert read.header == ["A=B", "Host=H"]
    elsewhere = arguments(env="process", header=("A=B",), **ways)
    assert (elsewhere.token_command, elsewhere.header, elsewhere.client_cert) == (None, None, None)


def test_a_target_is_asked_at_its_door_and_broken_as_on_the_command_line() -> None:
    chosen = {
        **{"door": "a2a", "model_url": "http://127.0.0.1:8", "replica_header": "X-Pod"},
        **{"target_replicas": 3, "break_target": True, "experiment": "kill.yaml"},
    }
    read = arguments(env="target", target="http://agent:8000", **chosen)
    assert {name: getattr(read, name) for name in chosen} == chosen
    elsewhere = arguments(env="process", **chosen)
    assert (elsewhere.door, elsewhere.model_url, elsewhere.break_target) == ("adk", None, False)
    assert (elsewhere.replica_header, elsewhere.experiment) == (None, None)


def test_services_of_the_users_own_are_those_of_replicas() -> None:
    uris = {f"{kind}_service_uri": f"file://{kind}" for kind in ("session", "artifact", "memory")}
    read = arguments(env="process", ttl=60.0, **uris)
    assert {name: getattr(read, name) for name in uris} == uris
    assert read.ttl == 60.0
    # A fleet that has its own services must refuse these, and not ignore them.
    assert arguments(env="containers", **uris).session_service_uri == "file://session"


def test_every_option_of_a_target_is_one_of_the_plugin_too() -> None:
    """A new option of `diya readiness` about a target is declared for both."""
    ours = {each.dest for each in parser.readiness_options() if "--target" in str(each.help)}
    # A run with --fleet breaks pods of a cluster: no test of a repository does.
    others = {"app", "experiment", "scale", "fleet"}
    assert ours - others <= {option.name for option in diya_options.SHARED}
    assert {"door", "token_command", "break_target", "target_replicas"} <= ours
    fields = {each.name for each in dataclasses.fields(Settings)}
    assert {option.name for option in diya_options.SHARED} <= fields


def test_the_doors_are_those_that_exist() -> None:
    """The declaration imports nothing of diya, so it repeats the names."""
    assert diya_options.DOOR.choices == DOORS


def test_options_of_a_target_are_not_passed_for_a_fleet_of_diya() -> None:
    read = arguments(env="process", target="http://agent:8000", ttl=60, token_env="TOKEN")
    assert (read.target, read.ttl, read.token_env) == (None, None, None)


def test_containers_get_their_variables_and_say_where_they_are_ready() -> None:
    chosen = {"image": "mine", "health_path": "/health", "pass_env": ("API_KEY", "REGION")}
    read = arguments(env="containers", **chosen)
    assert (read.image, read.health_path) == ("mine", "/health")
    assert read.pass_env == ["API_KEY", "REGION"]
    elsewhere = arguments(env="process", **chosen)
    assert (elsewhere.image, elsewhere.health_path, elsewhere.pass_env) == (None, None, None)


def test_the_load_is_scaled_as_on_the_command_line() -> None:
    assert arguments(env="process").scale == "auto"
    assert arguments(env="process", scale="0.5").scale == "0.5"
    assert arguments(env="containers", scale="0.5").scale == "0.5"


def test_a_value_that_begins_with_a_dash_is_a_value() -> None:
    assert arguments(env="process", profile="-odd.toml", seed=-1).profile == "-odd.toml"


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("replicas", "x", "a whole number"),
        ("scale", "half", "auto or a number"),
        ("replicas", 2.5, "a whole number"),
        ("replicas", True, "a whole number"),
        ("replicas", None, "a whole number"),
        ("seed", "7", "a whole number"),
        ("target_replicas", "two", "a whole number"),
        ("break_target", "yes", "True or False"),
        ("ttl", "soon", "a number of seconds"),
        ("authorised", "yes", "True or False"),
        ("pass_env", 3, "a list of names"),
        ("pass_env", ["KEY", 3], "a list of names"),
        ("profile", 3, "a string"),
        ("profile", None, "a string"),
        ("env", ["process"], "a string"),
    ],
)
def test_a_value_of_another_type_is_refused_in_one_sentence(
    name: str, value: object, wanted: str
) -> None:
    with pytest.raises(PlanError) as refused:
        checked(name, value)
    assert str(refused.value) == f"{name} = {value!r}: must be {wanted}"


def test_values_are_taken_as_people_write_them() -> None:
    assert checked("ttl", "60") == 60.0
    assert checked("target_replicas", "3") == checked("target_replicas", 3) == 3
    assert [checked("scale", each) for each in ("auto", 0.5, "2")] == ["auto", "0.5", "2"]
    assert checked("pass_env", "API_KEY") == ("API_KEY",)
    assert checked("baseline", ["main=a", "b.json"]) == ("main=a", "b.json")
    assert checked("profile", Path("load/evening.toml")) == "load/evening.toml"
    assert checked("seed", None) is None
    assert checked("journeys", "~/talk.toml") == str(Path.home() / "talk.toml")


def test_a_sentence_of_the_command_line_names_the_options_of_pytest() -> None:
    assert as_pytest_says("--redis x, --redis-image y: --ttl was expected, not --ttl-x") == (
        "--redis x, --diya-redis-image y: --diya-ttl was expected, not --ttl-x"
    )


@pytest.mark.service
@pytest.mark.parametrize(
    ("options", "out", "journeys"),
    [
        ((), "kept", "guests.toml"),
        (("--diya-out", "other", "--diya-journeys", "b.toml"), "other", "b.toml"),
    ],
)
def test_an_option_of_pytest_wins_over_the_ini_file(
    tmp_path: Path, options: tuple[str, ...], out: str, journeys: str
) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\ndiya_out = kept\ndiya_journeys = guests.toml\n")
    (tmp_path / "test_chosen.py").write_text(
        "from harness.pytest_plugin.settings import of\n"
        "def test_chosen(request):\n"
        "    print('chosen', of(request).out.name, of(request).journeys)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-s", "-p", "no:locust", "-p", "no:valkey", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert f"chosen {out} {journeys}\n" in finished.stdout, finished.stdout + finished.stderr


def test_the_plugin_offers_the_kinds_of_fleet_that_tests_can_have() -> None:
    """The plugin's own file imports no table, so it repeats the names."""
    options = pytest.Parser(_ispytest=True)
    pytest_diya.pytest_addoption(options)
    (env,) = (
        option for option in options.getgroup("diya").options if "--diya-env" in option.names()
    )
    assert env.attrs()["choices"] == ENVIRONMENTS
    told = {name: option for option in options.getgroup("diya").options for name in option.names()}
    help = told["--diya-ttl"].attrs()["help"]
    assert "the --diya-target or the --diya-session-service-uri keeps" in help
    assert set(ENVIRONMENTS) - {TARGET} < FLEETS.keys()
