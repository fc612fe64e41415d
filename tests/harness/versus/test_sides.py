"""The options of `diya versus`: all are checked before anything starts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness import parser
from harness.errors import ConfigError
from harness.versus import request
from harness.versus.request import Request
from tests.harness import command

LOAD = ("--profile", str(command.HERE / "tiny.toml"))


def asked(a: str, b: str, *common: str, fleet: Sequence[str] = ("--replicas", "2")) -> Request:
    """The request of this command line; nothing is started."""
    words = ["versus", "--a", a, "--b", b, *LOAD, *fleet, *common]
    return request.from_args(parser.build().parse_args(words))


def refusal(a: str, b: str, *common: str, fleet: Sequence[str] = ("--replicas", "2")) -> str:
    with pytest.raises(ConfigError) as refused:
        asked(a, b, *common, fleet=fleet)
    return str(refused.value)


def test_a_side_has_the_options_of_both_sides_and_its_own() -> None:
    found = asked("", "--replicas 3 --sessions=memory", "--slo", "steady_p99_s=3", "--seed", "5")
    assert found.a.plan.replicas == 2
    assert found.b.plan.replicas == 3
    assert (found.a.plan.sessions, found.b.plan.sessions) == ("redis", "memory")
    assert found.a.plan.profile.slo == found.b.plan.profile.slo
    assert found.a.plan.profile.slo["steady_p99_s"] == 3
    assert (found.seed, found.scale, found.pairs) == (5, None, None)
    assert (found.a.label, found.b.label) == ("", "--replicas 3 --sessions=memory")


def test_a_side_may_be_a_single_flag() -> None:
    assert asked("", "--rdb").b.plan.topology.rdb


def test_a_password_in_an_address_is_not_in_the_label() -> None:
    found = asked("", "--redis redis://me:secret@127.0.0.1:1/0")
    assert found.b.label == "--redis 'redis://…@127.0.0.1:1/0'"
    assert "redis://me:secret@127.0.0.1:1/0" in found.b.words


@pytest.mark.parametrize(
    "option", ["--profile smoke", "--seed 3", "--scale 1", "--journeys x", "--experiment none"]
)
def test_a_side_cannot_have_a_load_of_its_own(option: str) -> None:
    name = option.split()[0]
    assert refusal("", option).startswith(f"--b: {name}: must be the same for A and B")


@pytest.mark.parametrize(
    ("a", "said"),
    [
        ("--sessions nothing", "--a: --sessions nothing: must be one of redis"),
        ("--sessions memory --x", "--a: --x: no such option or argument"),
        ("--sessions 'memory", "--a: No closing quotation"),
        ("--replicas many", "--a: --replicas: must be a whole number, got 'many'"),
    ],
)
def test_a_bad_option_of_a_side_is_refused_with_the_name_of_the_side(a: str, said: str) -> None:
    assert refusal(a, "").startswith(said)


def test_a_bad_option_of_both_sides_is_refused_without_the_name_of_a_side() -> None:
    assert refusal("", "", "--profile", "no-such").startswith("unknown profile 'no-such'")


def test_an_option_of_a_fleet_for_both_sides_is_refused_where_one_is_a_target() -> None:
    said = refusal("", "--target http://127.0.0.1:9")
    assert said.startswith("--b: --replicas: must not be given with a --target")


def test_sides_with_other_faults_are_refused() -> None:
    said = refusal("", "--target http://127.0.0.1:9", fleet=())
    assert said == (
        "--a and --b: must have the same faults, but A has diwali-default (4 faults) and B has "
        "none; give --experiment FILE or none beside them"
    )


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--pairs", "1"), "--pairs 1: must be auto, or a whole number from 2 to 200"),
        (("--pairs", "some"), "--pairs some: must be auto"),
        (("--precision", "2%"), "--precision 2%: must be a share above the margin of 2%"),
        (("--precision", "much"), "--precision much: must be a share"),
        (("--minutes", "0"), "--minutes 0: must be above 0"),
        (("--minutes", "0.5"), "--minutes 0.5: must be at least 3 for 2 pairs"),
        (("--scale", "0"), "--scale 0: must be auto, or a factor"),
        (("--replay", "somewhere"), "--replay: must not be given to `diya versus`"),
    ],
)
def test_an_option_of_the_comparison_is_checked(option: Sequence[str], said: str) -> None:
    assert refusal("", "", *option).startswith(said)


def test_the_precision_may_be_a_share_or_a_percentage() -> None:
    assert asked("", "", "--precision", "0.1").precision == 0.1
    assert asked("", "", "--precision", "7.5%").precision == 0.075


def test_a_bad_side_ends_the_command_with_104_and_starts_nothing(tmp_path: Path) -> None:
    out = tmp_path / "runs"
    words = ("--a", "", "--b", "--sessions nothing", *LOAD, "--out", str(out))
    finished = command.run_here("versus", *words)
    assert finished.returncode == 104
    assert finished.stderr.startswith("diya: --b: --sessions nothing: must be one of redis")
    assert not out.exists()
