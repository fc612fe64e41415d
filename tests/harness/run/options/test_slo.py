"""`--slo NAME=VALUE`: the plan of a run with limits of its own, and its replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness import parser
from harness.errors import ConfigError
from harness.run import read_plan
from harness.run.directory import rundir
from harness.run.plan import Plan
from reports.records import run_file
from reports.render import html, summary_md, terminal
from tests.harness import command
from tests.reports.conftest import stored

PROFILE = str(command.HERE / "tiny.toml")


def plan(*words: str) -> Plan:
    return read_plan.from_args(parser.build().parse_args(["readiness", *words]))


def limits(made: Plan) -> dict[str, Any]:
    slo: dict[str, Any] = made.description().profile["slo"]
    return slo


def kept(tmp_path: Path, made: Plan) -> Path:
    run_dir = rundir.create(tmp_path, made.name, made.seed, made.origin)
    run_file.write(run_dir, made.description())
    return run_dir


def test_a_limit_takes_the_place_of_the_profiles_and_the_others_stay() -> None:
    without = plan("--profile", PROFILE)
    made = plan("--profile", PROFILE, "--slo", "steady_p99_s=1.5", "--slo", "error_rate=0.5")
    assert limits(made) == {**limits(without), "steady_p99_s": 1.5, "error_rate": 0.5}
    assert made.description().slo_overrides == {"steady_p99_s": 10, "error_rate": 0.001}
    assert without.description().slo_overrides == {}


def test_limits_that_are_the_one_for_faults_follow_it() -> None:
    made = plan("--profile", PROFILE, "--slo", "fault_p99_s=7", "--slo", "warmup_p99_s=9")
    told = limits(made)
    assert (told["fault_p99_s"], told["recovery_p99_s"], told["warmup_p99_s"]) == (7, 7, 9)
    own = {"fault_p99_s": 20, "recovery_p99_s": 20, "warmup_p99_s": 20}
    assert made.description().slo_overrides == own


def test_a_limit_that_the_profile_states_apart_does_not_follow(tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text('extends = "smoke"\nname = "mine"\n[slo]\nrecovery_p99_s = 3\n')
    made = plan("--profile", str(profile), "--slo", "fault_p99_s=7")
    assert limits(made)["recovery_p99_s"] == 3


def test_a_replay_has_the_limits_of_its_run_and_says_that_they_were_set(tmp_path: Path) -> None:
    first = plan("--profile", PROFILE, "--slo", "steady_p99_s=1.5")
    again = plan("--replay", str(kept(tmp_path, first)))
    assert limits(again) == limits(first)
    assert again.description().slo_overrides == {"steady_p99_s": 10}


def test_a_replay_may_have_other_limits_and_still_names_the_profiles_own(tmp_path: Path) -> None:
    first = plan("--profile", PROFILE, "--slo", "steady_p99_s=1.5")
    run_dir = kept(tmp_path, first)
    again = plan("--replay", str(run_dir), "--slo", "steady_p99_s=3", "--slo", "recovery_s=4")
    assert (limits(again)["steady_p99_s"], limits(again)["recovery_s"]) == (3, 4)
    assert again.description().slo_overrides == {"steady_p99_s": 10, "recovery_s": 20}
    words = list(again.command)[list(again.command).index("diya") :]
    assert limits(plan(*words[2:])) == limits(again)


def test_a_run_that_does_not_say_its_overrides_in_numbers_is_not_replayed(tmp_path: Path) -> None:
    run_dir = kept(tmp_path, plan("--profile", PROFILE))
    values = json.loads((run_dir / "run.json").read_text())
    values["slo_overrides"] = {"steady_p99_s": "ten"}
    (run_dir / "run.json").write_text(json.dumps(values))
    with pytest.raises(ConfigError, match=r"slo_overrides\.steady_p99_s must be a number .*, got"):
        plan("--replay", str(run_dir))


@pytest.mark.parametrize("overrides", [None, {}])
def test_a_result_without_overrides_has_no_such_line(overrides: object) -> None:
    result = stored("go") | {"slo_overrides": overrides}
    assert "--slo" not in terminal.render(result, color=False)
    assert "--slo" not in html.render(result)
    assert "--slo" not in summary_md.render(result)
