"""A whole run that is watched in every way: nothing is lost, left behind or decided otherwise."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from reports.records import FILES, TurnRecord, from_json
from reports.records.tracing import trace_id
from tests.harness import command
from tests.harness.live.collector import attributes, collector


def last_state(page: str, found: list[dict[str, Any]]) -> None:
    """Ask as an open page does, and add the state that says that the run is over."""
    while not found:
        with urllib.request.urlopen(f"{page}state", timeout=20) as answer:
            state = json.load(answer)
        if state["over"]:
            found.append(state)
        time.sleep(0.2)


@pytest.mark.run
def test_a_watched_run_ends_as_any_other_and_every_turn_is_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=sesame-open-sesame")
    seen: dict[str, str] = {}
    last: list[dict[str, Any]] = []
    reader = threading.Thread(target=lambda: last_state(seen["page"], last), daemon=True)
    with collector() as server:
        options = ("--serve", "0", "--metrics", "0", "--otlp", server.url)
        process = command.start(
            *("readiness", *command.TINY, *command.ONE_KILL, "--seed", "4", "--out", str(tmp_path)),
            *options,
        )
        assert process.stderr is not None
        assert process.stdout is not None
        said = threading.Thread(target=lambda: seen.update(out=process.stdout.read()))  # type: ignore[union-attr]
        said.start()
        errors = ""
        for line in process.stderr:
            errors += line
            for name, pattern in (("page", r"watch the run: (\S+)"), ("metrics", r"theus: (\S+)")):
                if found := re.search(pattern, line):
                    seen[name] = found[1]
            if "fault: " in line and "state" not in seen:
                with urllib.request.urlopen(f"{seen['page']}state", timeout=20) as answer:
                    seen["state"] = answer.read().decode()
                with urllib.request.urlopen(seen["metrics"], timeout=20) as answer:
                    seen["scraped"] = answer.read().decode()
                reader.start()
        said.join(60)
        assert process.wait(60) == 0, errors + seen["out"]
        spans = list(server.spans)
        assert {headers["api-key"] for headers in server.headers} == {"sesame-open-sesame"}
    assert json.loads(seen["state"])["over"] is False
    reader.join(20)
    assert [state["title"].partition(" ")[0] for state in last] == ["GO"]
    assert "diya_run_turns_total" in seen["scraped"]
    run_dir = command.only_run(tmp_path)
    described = json.loads((run_dir / "run.json").read_text())
    assert described["traced"] is True
    assert "--otlp" not in described["command"]
    lines = (run_dir / FILES[TurnRecord]).read_bytes().splitlines()
    turns = {turn.turn_id: turn for turn in (from_json(TurnRecord, line) for line in lines)}
    assert len(turns) == len(lines) > 20
    assert {turn.trace for turn in turns.values()} == {span["traceId"] for span in spans}
    for span in spans:
        turn = turns[attributes(span)["diya.turn.id"]]
        assert span["traceId"] == turn.trace == trace_id(described["run_id"], turn.turn_id)
    secret = b"sesame-open-sesame"
    kept = [path for path in run_dir.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert kept == []
    assert command.nothing_left(described["run_id"])
