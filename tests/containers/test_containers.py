"""Readiness tests over a fleet in containers, on a real Docker engine; images made here."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from chaos.containers.container_fleet import ContainerFleet, Images
from tests.containers import tidy
from tests.harness import command
from tests.harness.pytest_plugin import repository


def test_the_readmes_test_passes(tmp_path: Path, images: tuple[str, ...]) -> None:
    repository.write(tmp_path, repository.THE_ISSUES)
    finished = repository.pytest(tmp_path, *images, timeout=250)
    said = finished.stdout
    (result,) = (json.loads(p.read_text()) for p in tmp_path.glob("runs/*/result.json"))
    judged = {g["name"]: g["status"] for g in result["gates"]}
    assert {s for name, s in judged.items() if name.startswith("continuity.")} == {"pass"}, said
    # Its limits in seconds are for a machine of one's own.
    assert repository.passed_or_late(said, "test_survives_a_redis_restart"), said
    assert tidy.left(*tidy.run_ids(tmp_path / "runs")) == []


def test_two_runs_side_by_side_do_not_disturb_each_other_and_lost_turns_are_found(
    tmp_path: Path, images: tuple[str, ...]
) -> None:
    repository.write(tmp_path, repository.GOOD + repository.FORGETFUL + repository.NO_PERSISTENCE)
    finished = repository.pytest(tmp_path, *images, "-n", "2", timeout=280)
    said = finished.stdout
    for name in ("test_forgetful", "test_no_persistence"):
        assert f"FAILED test_it.py::{name}" in said, said
    assert repository.convictions(said) == 2, said
    assert repository.passed_or_late(said, "test_good"), said
    assert said.count("Conversation context lost") >= 2
    runs = tidy.run_ids(tmp_path / "runs")
    assert len(runs) == 3
    assert tidy.left(*runs) == []


def started(folder: Path, images: tuple[str, ...]) -> tuple[subprocess.Popen[bytes], str]:
    """pytest in the middle of a run, and the run's id."""
    repository.write(folder, repository.PLAIN)
    process = subprocess.Popen(
        repository.invocation(*images),
        cwd=folder,
        env=repository.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    out = folder / "runs"
    try:
        command.wait_until(lambda: command.turns_recorded(out) >= 1, 90, "turns are played")
    except BaseException:
        process.kill()
        raise
    (run_id,) = tidy.run_ids(out)
    assert len(tidy.left(run_id)) == 4, "Redis, a replica, Envoy and their network"
    return process, run_id


def test_after_a_kill_of_pytest_nothing_is_left(tmp_path: Path, images: tuple[str, ...]) -> None:
    process, run_id = started(tmp_path, images)
    process.send_signal(signal.SIGKILL)
    process.wait()
    command.wait_until(lambda: tidy.left(run_id) == [], 60, "everything is removed")


@pytest.mark.alone_on_engine
def test_the_next_run_removes_the_leftovers_of_a_run_with_a_killed_guardian(
    tmp_path: Path, images: tuple[str, ...], local_images: Any
) -> None:
    process, run_id = started(tmp_path, images)
    harness = psutil.Process(process.pid).children()
    guardians = [
        child
        for each in harness
        for child in each.children()
        if child.cmdline()[-2:] == ["chaos.containers.container_guardian", run_id]
    ]
    assert len(guardians) == 1
    for each in (*guardians, *harness):
        each.kill()
    process.kill()
    process.wait()
    psutil.wait_procs([*guardians, *harness], timeout=10)
    assert len(tidy.left(run_id)) == 4, "nobody was left to remove it"
    said: list[str] = []
    with ContainerFleet(
        tmp_path / "next",
        "feedfeedfeed",
        images=Images(local_images.SERVICE, local_images.REDIS, local_images.ENVOY),
        replicas=1,
    ) as fleet:
        fleet.start(said.append)
        assert tidy.left(run_id) == []
        assert len(tidy.left(fleet.run_id)) == 4
    assert f"removed what run {run_id} had left" in said
    assert tidy.left(fleet.run_id) == []


def test_an_image_that_is_nowhere_skips_the_test_or_fails_it(
    tmp_path: Path, images: tuple[str, ...]
) -> None:
    repository.write(tmp_path, repository.PLAIN)
    arguments = (*images, "--diya-image", "127.0.0.1:1/diya-test/nowhere:local")
    skipped = repository.pytest(tmp_path, *arguments, DIYA_REQUIRE_DOCKER="0")
    assert "1 skipped" in skipped.stdout, skipped.stdout
    assert "nowhere:local' is not here and cannot be pulled" in skipped.stdout
    assert "1 failed" in repository.pytest(tmp_path, *arguments, DIYA_REQUIRE_DOCKER="1").stdout
