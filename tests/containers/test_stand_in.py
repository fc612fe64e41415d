"""Replicas in containers call the model's stand-in, which is a process of the host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.containers import tidy
from tests.harness import command


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_containers_reach_the_stand_in_on_their_host(tmp_path: Path, local_images: Any) -> None:
    finished = command.run(
        *("readiness", "--env", "containers", "--image", local_images.SERVICE),
        *("--redis-image", local_images.REDIS, "--envoy-image", local_images.ENVOY),
        *("--model", "stand-in", "--tools", "all", "--latency", "none"),
        *("--profile", str(command.HERE / "tiny.toml"), "--experiment", "none"),
        *("--replicas", "2", "--out", str(tmp_path)),
        timeout=240,
    )
    said = finished.stdout + finished.stderr
    run_dir = command.only_run(tmp_path)
    calls = lines(run_dir / "model-calls.jsonl")
    turns = lines(run_dir / "turns.jsonl")
    assert {call["caller"] for call in calls} == {"r01", "r02"}, said
    assert [turn for turn in turns if turn["outcome"] != "ok"] == [], said
    assert (run_dir / "rehearsal-turns.jsonl").stat().st_size > 0
    (run_id,) = tidy.run_ids(tmp_path)
    assert tidy.left(run_id) == []
    assert command.nothing_left(run_id)
