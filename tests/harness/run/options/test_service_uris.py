"""The options that name the user's own services: checked, passed on, and never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import parser
from harness.errors import ConfigError
from harness.run import read_plan
from harness.run.directory import scrub
from harness.run.plan import Plan
from reports.records import run_file
from tests.harness import command

SECRET = "hunter2-of-anna"
URI = f"postgresql+asyncpg://anna:{SECRET}@127.0.0.1:5432/shop"
TINY = ("--profile", str(command.HERE / "tiny.toml"), "--seed", "7")


def planned(*words: str) -> Plan:
    return read_plan.from_args(parser.build().parse_args(["readiness", *TINY, *words]))


@pytest.mark.parametrize("given", [URI, "env:THE_DATABASE"])
def test_replicas_get_the_uri_and_nothing_else_shows_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("THE_DATABASE", URI)
    plan = planned("--session-service-uri", given, "--artifact-service-uri", "memory://")
    fleet = plan.fleet_plan(tmp_path, load=None)  # type: ignore[arg-type]
    assert fleet.replica_env["DIYA_SESSION_SERVICE_URI"] == URI
    assert fleet.replica_env["DIYA_ARTIFACT_SERVICE_URI"] == "memory://"
    run_file.write(tmp_path, plan.description())
    text = (tmp_path / run_file.FILE).read_text()
    assert SECRET not in text
    assert SECRET not in repr(plan)
    run = json.loads(text)
    shown = given if given.startswith("env:") else "postgresql+asyncpg://…@127.0.0.1:5432/shop"
    assert run["services"] == {"sessions": shown, "artifacts": "memory://"}
    assert run["sessions"] == "postgresql+asyncpg"
    assert (run["topology"]["redis"], run["ttl_known"]) == ("none", False)
    assert run["command"][-4:-2] == ["--session-service-uri", shown]
    assert "--sessions" not in run["command"]


def test_a_password_that_the_service_wrote_into_its_log_is_overwritten(tmp_path: Path) -> None:
    plan = planned("--session-service-uri", URI)
    log = tmp_path / "r01.log"
    log.write_text(f"no way to {URI}\npassword {SECRET}\n")
    scrub.overwrite(tmp_path, plan.services.secrets())
    assert SECRET not in log.read_text()
    assert "127.0.0.1:5432/shop" in log.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--session-service-uri", "sessions.db"], "must be a URI as `adk api_server` takes it"),
        (["--session-service-uri", "env:NOT_SET"], "the environment has no such variable"),
        (["--session-service-uri", "postgresql://anna:x@db.example.com/a"], "--authorised"),
        (
            ["--session-service-uri", f"postgres://anna:{SECRET}@127.0.0.1/a"],
            r"did you mean postgresql\+asyncpg://",
        ),
        (["--artifact-service-uri", "gs://bucket"], "--authorised"),
        (
            ["--session-service-uri", "postgresql+asyncpg:///a?host=127.0.0.1,db.example.com:5432"],
            "--authorised",
        ),
        (
            ["--session-service-uri", f"postgresql+asyncpg://127.0.0.1/a?user=a&password={SECRET}"],
            "must hold its password before the @",
        ),
        (["--session-service-uri", URI, "--sessions", "memory"], "must not be given with"),
        (["--session-service-uri", URI, "--aof", "always"], "for a Redis that diya starts"),
        (["--sessions", "postgres", "--topology", "sentinel"], "for a Redis that diya starts"),
        (["--session-service-uri", URI, "--target", "http://127.0.0.1:1"], "--target or --env"),
        (["--sessions", "postgres", "--ttl", "5"], "without a --target"),
        (["--sessions", "postgres", "--env", "containers"], "not be given with --env containers"),
    ],
)
def test_an_impossible_choice_is_refused_without_its_password(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        planned(*words)
    assert SECRET not in str(refused.value)


def test_a_socket_and_hosts_of_this_machine_need_no_word() -> None:
    for query in ("host=/run/postgresql", "host=127.0.0.1:5432,localhost"):
        uri = f"postgresql+asyncpg:///a?{query}"
        assert planned("--session-service-uri", uri).services.sessions == uri


def test_a_service_elsewhere_is_driven_where_the_user_may() -> None:
    plan = planned("--session-service-uri", "mysql+aiomysql://a@db.example.com/a", "--authorised")
    assert plan.services.scheme == "mysql+aiomysql"


def test_the_faults_by_default_fit_a_fleet_without_a_redis() -> None:
    with_database, elsewhere = (
        planned("--sessions", "postgres"),
        planned("--session-service-uri", "sqlite:///s.db"),
    )
    assert with_database.experiment is not None
    assert elsewhere.experiment is not None
    assert any("database" in each for each in with_database.experiment.planned)
    assert not any("redis" in each or "database" in each for each in elsewhere.experiment.planned)
    drawn = planned("--sessions", "postgres", "--experiment", "random:3", "--profile", "diwali")
    assert drawn.experiment is not None
    assert not any("redis" in each for each in drawn.experiment.planned)


def test_a_replay_takes_the_services_of_the_run_unless_a_password_is_missing(
    tmp_path: Path,
) -> None:
    def kept(uri: str) -> list[str]:
        run_file.write(tmp_path, planned("--session-service-uri", uri).description())
        return ["readiness", "--replay", str(tmp_path)]

    again = read_plan.from_args(parser.build().parse_args(kept("sqlite:///s.db")))
    assert again.services.sessions == "sqlite:///s.db"
    with pytest.raises(ConfigError, match="does not record the user and the password"):
        read_plan.from_args(parser.build().parse_args(kept(URI)))
    words = [*kept(URI), "--session-service-uri", URI]
    assert read_plan.from_args(parser.build().parse_args(words)).services.sessions == URI
    run_file.write(tmp_path, planned("--sessions", "postgres").description())
    again = read_plan.from_args(parser.build().parse_args(["readiness", "--replay", str(tmp_path)]))
    assert (again.sessions, again.ttl_known) == ("postgres", False)
