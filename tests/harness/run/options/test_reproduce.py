"""The command that a report gives to play the run again: right for every kind of run."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from harness import parser
from harness.run import read_plan
from harness.run.options import reproduce
from reports.render import reproduce_command
from tests.harness.command import HERE


def parsed(*options: str) -> argparse.Namespace:
    return parser.build().parse_args(["readiness", *options])


def words(*options: str, environment: dict[str, str] | None = None) -> list[str]:
    return reproduce.command(
        parsed(*options), seed=7, experiment="smoke", environment=environment or {}
    )


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--profile", "smoke", "--replicas", "3"),
        ("--sessions", "adk-redis"),
        ("--scale", "0.46"),
        ("--no-rehearsal",),
        ("--slo", "steady_p99_s=1.5", "--slo", "error_rate=0"),
        ("--redis", "redis://127.0.0.1:7000/2", "--authorised"),
        ("--redis", "system", "--port", "9000"),
        ("--topology", "sentinel", "--min-replicas", "0", "--aof", "always", "--rdb"),
        ("--proxy",),
        ("--env", "containers", "--image", "agents:1", "--redis-image", "redis:7"),
        ("--env", "containers", "--health-path", "/ok", "--pass-env", "KEY", "--pass-env", "URL"),
        ("--target", "http://127.0.0.1:8000", "--app", "mine", "--ttl", "60.5"),
        ("--target", "http://127.0.0.1:8000", "--journeys", "my journeys.toml"),
        ("--target", "https://agents.test", "--authorised", "--token-env", "TOKEN"),
        ("--target", "http://127.0.0.1:8000/a2a/shop", "--door", "a2a"),
        ("--workers", "3", "--master", "--bind", "127.0.0.1:6000"),
    ],
)
def test_the_command_asks_for_the_same_run(options: tuple[str, ...]) -> None:
    told = words(*options)
    assert told[:2] == ["diya", "readiness"]
    again = parser.build().parse_args(told[1:])
    given = parsed(*options, "--seed", "7", "--experiment", "smoke")
    assert vars(again) == vars(given)


def test_where_the_run_was_kept_is_no_part_of_it() -> None:
    assert "--out" not in words("--out", "elsewhere")


@pytest.mark.parametrize(
    "options",
    [
        ("--redis", "redis://user:hunter2@127.0.0.1:7000/0"),
        ("--target", "http://user:hunter2@127.0.0.1:8000"),
    ],
)
def test_no_password_is_in_the_command(options: tuple[str, ...]) -> None:
    told = " ".join(words(*options))
    assert "hunter2" not in told
    assert "127.0.0.1" in told


def test_settings_of_the_environment_come_first_and_secrets_do_not() -> None:
    environment = {
        "DIYA_DURABILITY": "fsync",
        "DIYA_MODEL": "my model",
        "DIYA_TOKEN": "hunter2",
        "DIYA_REDIS_URL": "redis://:hunter2@127.0.0.1",
    }
    told = words(environment=environment)
    assert told[:3] == ["DIYA_DURABILITY=fsync", "DIYA_MODEL=my model", "diya"]
    assert "hunter2" not in " ".join(told)
    shown = reproduce_command.reproduce_command({"reproduce": told})
    assert shown.startswith("DIYA_DURABILITY=fsync DIYA_MODEL='my model' diya readiness ")
    # Variables of the service are left out for a target, which does not get them.
    assert words("--target", "http://127.0.0.1:1", environment=environment)[0] == "diya"


def test_an_experiment_of_ones_own_is_played_from_the_copy_that_the_run_kept(
    tmp_path: Path,
) -> None:
    own = HERE / "one_kill.yaml"
    plan = read_plan.from_args(
        parsed("--profile", "smoke", "--experiment", str(own), "--seed", "3")
    )
    kept = tmp_path / "experiment.yaml"
    command = plan.with_experiment_at(kept).description().command
    assert command[command.index("--experiment") + 1] == str(kept)
    ours = read_plan.from_args(parsed("--profile", "smoke", "--seed", "3"))
    assert ours.with_experiment_at(kept).command == ours.command
    assert ours.command[ours.command.index("--experiment") + 1] == "smoke"
