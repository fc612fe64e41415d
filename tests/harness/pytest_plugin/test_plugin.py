"""The plugin, in pytest processes of its own over a user's repository; real runs, small ones."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.harness import command
from tests.harness.pytest_plugin import repository

HEAVY = (
    *("gevent", "locust", "google.adk", "numpy", "redis", "psutil", "docker"),
    *("target_service", "loadtests", "chaos", "reports", "harness", "diya_start"),
)


@pytest.mark.service
def test_a_pytest_that_does_not_use_it_pays_nothing_and_hears_nothing(tmp_path: Path) -> None:
    repository.write(
        tmp_path,
        f"""
def test_nothing():
    import sys
    loaded = [name for name in {HEAVY!r} if name in sys.modules]
    print("loaded:", sorted(loaded))
""",
    )
    finished = repository.pytest(tmp_path, "-W", "error")
    assert finished.returncode == 0, finished.stdout
    assert "loaded: []" in finished.stdout
    assert "diya" not in finished.stdout.replace("diya-0", "", 1).lower().split("collected")[1]


@pytest.mark.slow
@pytest.mark.service
def test_the_marker_and_the_options_are_known(tmp_path: Path) -> None:
    repository.write(tmp_path, "")
    assert "readiness(profile=" in repository.pytest(tmp_path, "--markers").stdout
    said = repository.pytest(tmp_path, "--help").stdout
    for option in (
        "env",
        "target",
        "authorised",
        "ttl",
        "token-env",
        "token-command",
        "header",
        "client-cert",
        "client-key",
        "agent",
        "model",
        "tools",
        "journeys",
        "image",
        "redis-image",
        "health-path",
        "pass-env",
        "out",
        "inconclusive",
        "baseline",
        "same-machine",
        "undecided",
    ):
        assert f"--diya-{option}" in said, option


@pytest.mark.slow
@pytest.mark.service
def test_comparisons_without_a_decision_are_listed_at_the_end(tmp_path: Path) -> None:
    repository.write(
        tmp_path,
        """
def test_open(request):
    request.node.user_properties.append(("diya_not_decided", "p99: another machine"))
""",
    )
    for workers in ((), ("-n", "1")):
        said = repository.pytest(tmp_path, *workers).stdout
        assert "diya: comparisons without a decision" in said
        assert said.count("test_it.py::test_open: p99: another machine") == 1, said


@pytest.mark.slow
@pytest.mark.service
def test_a_mistake_in_the_test_is_an_error_before_anything_runs(tmp_path: Path) -> None:
    repository.write(
        tmp_path,
        """
@pytest.mark.readiness(profil="smoke")
def test_marker(readiness): pass

@pytest.mark.readiness(profile="smokk")
def test_profile(readiness):
    with readiness.running(): pass

def test_verb(readiness):
    with readiness.running() as run:
        run.kil("redis", at="1s")

def test_walls(readiness):
    with readiness.running() as run:
        run.disconnect("replica", at="1s")

@pytest.mark.readiness(agent="nowhere")
def test_agent(readiness):
    with readiness.running(): pass

@pytest.mark.readiness(agent="mine", env="containers")
def test_image(readiness): pass

@pytest.mark.readiness(replicas="x")
def test_number(readiness): pass

@pytest.mark.readiness(sessions="reports.kept:factory")
def test_package(readiness): pass

@pytest.mark.readiness(redis="redis://127.0.0.1:1/0", env="containers")
def test_redis(readiness): pass

def test_moment(readiness):
    with readiness.running() as run:
        run.kill("replica")
""",
    )
    finished = repository.pytest(tmp_path, timeout=60)
    assert finished.returncode == 1
    assert "PlanError: @pytest.mark.readiness(profil=…) is not known (did you mean profile" in (
        finished.stdout
    )
    assert "'smokk'" in finished.stdout
    assert "did you mean kill_redis" in finished.stdout
    assert "disconnect (take a node off its network, and put it back)" in finished.stdout
    assert (
        "PlanError: --diya-agent nowhere: must be a folder with agent.py or root_agent.yaml"
        in finished.stdout
    )
    assert "agent = 'mine': in containers it comes in an image of yours" in finished.stdout
    assert "PlanError: replicas = 'x': must be a whole number" in finished.stdout
    assert "a package of another name; diya has a package 'reports' too" in finished.stdout
    assert "PlanError: redis = 'redis://127.0.0.1:1/0': in containers Redis" in finished.stdout
    assert "run.kill(at=…): must be a time after the load's start" in finished.stdout
    assert "usage:" not in finished.stdout
    assert "E   TypeError" not in finished.stdout
    assert not (tmp_path / "runs").exists() or not any((tmp_path / "runs").iterdir())


@pytest.mark.run
@pytest.mark.timeout(200)
def test_the_readmes_test_passes_within_two_minutes(tmp_path: Path) -> None:
    repository.write(tmp_path, repository.THE_ISSUES)
    began = time.monotonic()
    finished = repository.pytest(tmp_path, "--diya-env", "process", timeout=180)
    said, took = finished.stdout, time.monotonic() - began
    (result,) = (json.loads(p.read_text()) for p in tmp_path.glob("runs/*/result.json"))
    judged = {g["name"]: g["status"] for g in result["gates"]}
    assert {s for name, s in judged.items() if name.startswith("continuity.")} == {"pass"}, said
    assert [fault["took_hold"] for fault in result["faults"]] == [True, True]
    # Its limits in seconds are for a machine of one's own.
    assert repository.passed_or_late(said, "test_survives_a_redis_restart"), said
    assert took <= 120, f"{took:.0f} s"


@pytest.mark.run
@pytest.mark.timeout(300)
def test_a_good_service_passes_and_forgetful_ones_fail_side_by_side(tmp_path: Path) -> None:
    # Two workers of xdist, two fleets at once: they must not disturb each other.
    good = (
        repository.GOOD
        + """
    with pytest.raises(ValueError, match="did you mean steady"):
        run.expect("p99 < 10s", phase="stedy")
"""
    )
    repository.write(tmp_path, good + repository.FORGETFUL + repository.NO_PERSISTENCE)
    summary = tmp_path / "step.md"
    finished = repository.pytest(tmp_path, "-n", "2", timeout=280, GITHUB_STEP_SUMMARY=str(summary))
    said = finished.stdout
    assert "2 failed, 1 passed" in said, said
    assert "PASSED test_it.py::test_good" in said
    assert repository.convictions(said) == 2, said
    assert said.count("Conversation context lost") >= 2
    assert "conversation " in said, "no evidence"
    assert "report.html" in said
    runs = list((tmp_path / "runs").iterdir())
    assert len(runs) == 3
    for run_dir in runs:
        assert (run_dir / "junit.xml").exists()
        assert command.nothing_left(json.loads((run_dir / "run.json").read_text())["run_id"])
    text = summary.read_text()
    assert "✅ GO" in text
    assert "❌ NO-GO" in text
    assert "▁" in text, "no sparkline"


INCONCLUSIVE = f"""
@pytest.mark.readiness(profile={repository.TINY!r}, replicas=1)
def test_fails(readiness):
    with readiness.running() as run:
        run.kill("redis", at="300s")  # after the load: it does not take place
    run.expect("continuity == 100%")
"""


@pytest.mark.run
def test_a_run_that_proves_nothing_fails_as_such_unless_told_to_skip(tmp_path: Path) -> None:
    skipping = INCONCLUSIVE.replace("=1)", "=1, inconclusive='skip')").replace("fails", "skips")
    repository.write(tmp_path, INCONCLUSIVE + skipping)
    finished = repository.pytest(tmp_path, "-n", "2")
    assert "1 failed, 1 skipped" in finished.stdout, finished.stdout
    assert "FAILED test_it.py::test_fails - Failed: the run is INCONCLUSIVE" in finished.stdout
    assert "the run is INCONCLUSIVE" in finished.stdout.split("SKIPPED")[1]


@pytest.mark.run
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_no_process_of_the_run_is_left_when_pytest_ends(
    tmp_path: Path, signum: signal.Signals
) -> None:
    repository.write(tmp_path, INCONCLUSIVE)
    (scratch := tmp_path / "scratch").mkdir()  # a killed pytest leaves a folder there
    process = subprocess.Popen(
        repository.invocation(),
        cwd=tmp_path,
        env=repository.environment(TMPDIR=str(scratch)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A background shell's children ignore SIGINT; pytest as a user starts it does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    out = tmp_path / "runs"
    command.wait_until(lambda: command.turns_recorded(out) >= 5, 60, "turns are played")
    process.send_signal(signum)
    said, _ = process.communicate(timeout=30)
    run_id = json.loads((command.only_run(out) / "run.json").read_text())["run_id"]
    command.wait_until(lambda: command.nothing_left(run_id), 20, "everything has ended")
    if signum == signal.SIGINT:
        assert "KeyboardInterrupt" in said, said
