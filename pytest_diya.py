"""The pytest plugin: a readiness run as a test, with the fixture `readiness`.

Every pytest on the machine loads this file, so it imports nothing but pytest: all that it needs
comes with the first test that uses the fixture.  It is in none of the rooms, because the tests of
a repository may have a `harness` of their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.pytest_plugin.fixture import Readiness

_MARKER = (
    "readiness(profile='smoke', replicas=3, seed=None, sessions='redis', ...): how the runs of "
    "this test's `readiness` fixture are played (see `diya readiness --help`)"
)

NOT_DECIDED = "diya_not_decided"
"""The property of a test that holds a comparison without a decision; workers of xdist send it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the command line; those that name things of the repository can be ini values."""
    group = parser.getgroup("diya", "diya: readiness runs as tests")
    group.addoption(
        "--diya-env",
        choices=("process", "containers", "target"),
        help="where the fleet runs: as processes, in containers, or at --diya-target "
        "(default: process, or target where one is given)",
    )
    _add_shared(group, parser)
    group.addoption(
        "--diya-experiment",
        metavar="FILE",
        help="the faults that are done to a --diya-target; a test that plays it plans no others",
    )
    group.addoption(
        "--diya-agent",
        metavar="DIR",
        help="the folder of your own ADK agent, served instead of ShopMax's",
    )
    group.addoption(
        "--diya-model",
        choices=("stand-in", "real", "own"),
        help="the model of your agent (default: stand-in with --diya-agent in processes)",
    )
    group.addoption(
        "--diya-latency", metavar="PRESET|...", help="how fast the model's stand-in answers"
    )
    group.addoption(
        "--diya-tools",
        metavar="NAME,...|all|dry",
        help="the tools of your agent that really run beside the model's stand-in (default: none)",
    )
    group.addoption(
        "--diya-quota", metavar="PRESET|...", help="what the model's stand-in allows a minute"
    )
    group.addoption("--diya-journeys", metavar="FILE", help="what customers write to it (TOML)")
    group.addoption(
        "--diya-scale",
        metavar="auto|FACTOR",
        help="multiply all rates of the profile by this factor (default: auto, below 1 when this "
        "machine cannot carry the whole load)",
    )
    group.addoption("--diya-image", metavar="IMAGE", help="the service's image, for containers")
    group.addoption("--diya-redis-image", metavar="IMAGE", help="Redis's image (default: redis:8)")
    group.addoption("--diya-envoy-image", metavar="IMAGE", help="Envoy's image, for containers")
    group.addoption(
        "--diya-health-path",
        metavar="PATH",
        help="where the service in --diya-image says that it is ready (default: /readyz)",
    )
    group.addoption(
        "--diya-pass-env",
        action="append",
        metavar="NAME",
        help="a variable of pytest's environment that replicas in containers get; may be repeated",
    )
    group.addoption(
        "--diya-out", metavar="DIR", help="where runs are kept (default: runs, in the root folder)"
    )
    group.addoption(
        "--diya-inconclusive",
        choices=("fail", "skip"),
        help="what becomes of a test whose run proves nothing (default: fail)",
    )
    group.addoption(
        "--diya-baseline",
        action="append",
        metavar="[LABEL=]DIR|FILE",
        help="runs that an expectation `… not worse than LABEL by …` compares with: a run "
        "directory, a folder of those, or a result.json; may be repeated; without LABEL= it "
        "answers to any",
    )
    group.addoption(
        "--diya-same-machine",
        action="store_true",
        default=None,
        help="the baseline was played on this machine, whose speed is steady: latency and CPU are "
        "compared too",
    )
    group.addoption(
        "--diya-undecided",
        choices=("pass", "fail"),
        help="what becomes of a test whose comparison with the baseline is undecided or makes no "
        "statement (default: pass, with a line in the summary)",
    )
    for name, told in (
        ("diya_env", "where the fleet runs, without --diya-env"),
        ("diya_experiment", "the faults of a target, without --diya-experiment"),
        ("diya_agent", "the folder of your own ADK agent, without --diya-agent"),
        ("diya_model", "the model of your agent, without --diya-model"),
        ("diya_latency", "how fast its stand-in answers, without --diya-latency"),
        ("diya_tools", "the tools that really run, without --diya-tools"),
        ("diya_quota", "what its stand-in allows a minute, without --diya-quota"),
        ("diya_journeys", "what customers write to it, without --diya-journeys"),
        ("diya_scale", "the factor on all rates of the profile, without --diya-scale"),
        ("diya_image", "the service's image, without --diya-image"),
        ("diya_redis_image", "Redis's image, without --diya-redis-image"),
        ("diya_envoy_image", "Envoy's image, without --diya-envoy-image"),
        ("diya_health_path", "where the service says that it is ready, without --diya-health-path"),
        ("diya_out", "where runs are kept, without --diya-out"),
        ("diya_undecided", "what becomes of undecided comparisons, without --diya-undecided"),
    ):
        parser.addini(name, told)
    parser.addini(
        "diya_same_machine", "the baseline was played on this steady machine", type="bool"
    )
    parser.addini("diya_baseline", "the runs to compare with, without --diya-baseline", type="args")
    parser.addini(
        "diya_pass_env", "what replicas in containers get, without --diya-pass-env", type="args"
    )


def _add_shared(group: pytest.OptionGroup, parser: pytest.Parser) -> None:
    """The options that `diya readiness` has too, from their one declaration."""
    from diya_options import SHARED

    ours = "|".join([*(option.flag[2:] for option in SHARED), "experiment"])
    for option in SHARED:
        given: dict[str, Any] = {}
        if option.kind in ("flag", "words"):
            given["action"] = "store_true" if option.kind == "flag" else "append"
        if option.metavar is not None:
            given["metavar"] = option.metavar
        if option.choices:
            given["choices"] = option.choices
        name = f"--diya-{option.flag[2:]}"
        # A flag that was not given must not hide the ini file's.
        told = re.sub(rf"--(?=({ours})(?![\w-]))", "--diya-", option.help)
        # These two are words of the marker only.
        told = re.sub(r"(?<![\w-])--(redis|sessions)(?![\w-])", r"the marker's \1", told)
        group.addoption(name, default=None, help=told, **given)
        ini: Any = {"flag": "bool", "words": "args"}.get(option.kind)
        parser.addini(f"diya_{option.name}", f"what {name} says, where that is not given", type=ini)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the comparisons with a baseline that came to no decision and failed no test."""
    lines = [
        f"{report.nodeid}: {told}"
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, told in report.user_properties
        if name == NOT_DECIDED
    ]
    if lines:
        terminalreporter.section("diya: comparisons without a decision")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture
def readiness(request: pytest.FixtureRequest) -> Iterator[Readiness]:
    """Plays readiness runs: `with readiness.running() as run`, then `run.expect(…)`."""
    import diya_start

    def note(line: str) -> None:
        request.node.user_properties.append((NOT_DECIDED, line))

    with diya_start.our_names():
        from harness.pytest_plugin import fixture

        made = fixture.make(request, note)
    yield made
    made.close()
