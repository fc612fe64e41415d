"""The options of a compose project, before Docker is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.fleet.project_plan import ServiceName
from harness import parser
from harness.errors import ConfigError
from harness.run import read_plan
from harness.run.options import compose_options
from harness.run.plan import Plan


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A compose file; what stands in it is not read."""
    path = tmp_path / "compose.yaml"
    path.write_text("services: {}\n")
    return str(path)


def planned(*words: str) -> Plan:
    """The plan of `diya readiness` with these words and no faults."""
    return read_plan.from_args(
        parser.build().parse_args(["readiness", *words, "--experiment", "none"])
    )


def refusal(*words: str) -> str:
    """The sentence with which these words are refused."""
    with pytest.raises(ConfigError) as refused:
        planned(*words)
    return str(refused.value)


def test_the_services_are_named_by_their_roles(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "not-for-a-record")
    plan = planned(
        *("--env", "compose", "--compose-file", file, "--service", "agent=api"),
        *("--service", "redis=store:6380", "--redis-password-env", "SHOP_PASSWORD"),
        *("--ttl", "60", "--health-path", "/healthz", "--app", "my_agent"),
    )
    project = plan.project
    assert project is not None
    assert (project.agent, project.redis) == (ServiceName("api"), ServiceName("store", 6380))
    assert (project.balancer, project.health_path) == (None, "/healthz")
    assert (plan.foreign, plan.ttl_known, plan.profile.real_ttl_seconds) == (True, True, 60)
    described = plan.description()
    assert (described.foreign, described.sessions) == (True, "unknown")
    assert "not-for-a-record" not in repr(plan) + repr(described)
    assert "--replicas" not in plan.command
    assert plan.command[plan.command.index("--compose-file") + 1] == file


def test_the_ttl_of_a_project_is_not_known_unless_it_is_told(file: str) -> None:
    plan = planned("--env", "compose", "--compose-file", file, "--service", "agent=api")
    assert not plan.ttl_known


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--service", "agent=api"), "--service: must come with --compose-file"),
        (("--compose-file", "FILE"), "must come with --env compose"),
        (("--env", "compose", "--compose-file", "/none.yaml"), "must be a file, got none"),
        (("--env", "compose", "--compose-file", "FILE"), "must come with --service agent=NAME"),
        (("A", "--service", "redis"), "must be ROLE=NAME or ROLE=NAME:PORT"),
        (("A", "--service", "redis=store:70000"), "PORT from 1 to 65535"),
        (("A", "--service", "reddis=store"), "got reddis (did you mean redis?)"),
        (("A", "--service", "agent=web"), "must be given once for the role agent"),
        (("A", "--replicas", "3"), "--replicas: must not be given with --compose-file"),
        (("A", "--sessions", "memory"), "--sessions: must not be given with --compose-file"),
        (("A", "--redis-password-env", "P"), "must come with --service redis=NAME"),
        (
            ("A", "--service", "redis=store", "--redis-password-env", "NO_SUCH_VARIABLE"),
            "the environment has no such variable",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    words: tuple[str, ...], sentence: str, file: str
) -> None:
    whole = ("--env", "compose", "--compose-file", file, "--service", "agent=api")
    given = whole + words[1:] if words[0] == "A" else words
    assert sentence in refusal(*(file if each == "FILE" else each for each in given))


def test_every_option_that_a_project_refuses_is_one_of_readiness() -> None:
    known = {each.dest for each in parser.readiness_options()}
    assert set(compose_options._REFUSED) <= known
