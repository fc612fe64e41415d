"""Options that mean nothing at a target are refused, and not ignored."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from chaos.errors import ChaosConfigError
from chaos.experiment import reader
from harness import parser
from harness.errors import ConfigError
from harness.run import read_plan
from harness.run.target import dry
from tests.harness import command

TARGET = ("readiness", "--target", "http://127.0.0.1:9")
MEANT = {
    *("help", "profile", "experiment", "seed", "scale", "slo", "no_rehearsal", "journeys", "out"),
    *("target", "door", "model_url", "app", "ttl", "redis", "authorised", "break_target"),
    *("token_env", "token_command", "header", "client_cert", "client_key", "replica_header"),
    *("target_replicas", "model_prices", "marks", "fleet", "redis_fleet", "workers", "master"),
    *("bind", "join", "quiet", "verbose", "context", "namespace"),
}
"""Options with a meaning at a target."""
OTHERS = [each for each in parser.readiness_options() if each.dest not in MEANT]


@pytest.mark.parametrize("option", OTHERS, ids=lambda option: option.dest)
def test_an_option_without_a_meaning_at_a_target_is_refused(option: argparse.Action) -> None:
    name = option.option_strings[-1]
    value = next((str(each) for each in option.choices or () if each != option.default), "7")
    words = [name] if option.nargs == 0 else [name, value]
    with pytest.raises((ConfigError, ChaosConfigError)):
        read_plan.from_args(parser.build().parse_args([*TARGET, *words]))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--replicas", "3"), "--replicas: .* --target-replicas says how many it has"),
        (("--sessions", "memory", "--port", "9000"), "--sessions, --port: must not be given"),
        (("--redis", "system"), "--redis system: must be the address of the --target's Redis"),
        (("--break-target",), "--break-target: must be given with an --experiment"),
        (("--break-target", "--experiment", "none"), "--break-target: must be given with an"),
    ],
)
def test_the_sentence_says_what_is_meant_instead(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_plan.from_args(parser.build().parse_args([*TARGET, *words]))


def test_a_fault_of_the_catalogue_at_a_target_names_the_ways_to_do_it() -> None:
    words = (*TARGET, "--break-target", "--experiment", "diwali-default")
    plan = read_plan.from_args(parser.build().parse_args(words))
    (first, *_) = reader.load("diwali-default").faults
    with pytest.raises(ValueError, match=r"at a --target use an action of your own .* --fleet"):
        first.make().check(dry.target_system(plan))


def test_a_dry_run_asks_the_redis_of_the_target(tmp_path: Path) -> None:
    steps = [{"type": "action", "name": "x", "provider": {"type": "process", "path": "true"}}]
    file = tmp_path / "sale.json"
    file.write_text(json.dumps({"title": "x", "method": steps}))
    words = (*TARGET, "--break-target", "--experiment", str(file), "--dry")
    refused = command.run_here(*words, "--redis", "redis://127.0.0.1:1")
    assert refused.returncode == 104
    assert "127.0.0.1:1" in refused.stderr
    shown = command.run_here(*words)
    assert "sale.json: 1 fault; none is done now" in shown.stdout
