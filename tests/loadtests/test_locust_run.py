"""Locust as the harness starts it, against an honest ADK server, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram

from chaos.fleet.ports import free_port
from loadtests.arrivals import arrivals
from loadtests.generator import hdrlog
from loadtests.profiles import profile
from loadtests.profiles.profile import Profile
from reports.records import (
    ArrivalRange,
    AuditRecord,
    ConversationRecord,
    Fate,
    LoadMark,
    Outcome,
    Sample,
    TurnRecord,
    chain,
)
from tests.loadtests.recorded import ROOT, fates, honest_server, records

pytestmark = pytest.mark.service

SEED = 7
TTL_S = 3.0
"""Customers wait for up to half of it: a machine may stall for as long before a session is gone."""


def _short_profile() -> Profile:
    """A load of three seconds, about 30 conversations, a TTL of `TTL_S`."""
    values = profile.load("smoke").to_dict()
    values["name"] = "short"
    values["time"] |= {"compression": 7200, "ttl_seconds": TTL_S * 7200}
    values["load"]["base_rate"] = 6.0
    values["phase"] = [
        {"name": "warmup", "minutes": 60, "hold": 1},
        {"name": "opening", "minutes": 300, "hold": 2},
    ]
    values["conversation"]["delete_share"] = 0.3
    return profile.from_dict(values)


@pytest.fixture
def target() -> Iterator[str]:
    """An honest server whose sessions live for `TTL_S`."""
    with honest_server(TTL_S) as (url, _):
        yield url


@pytest.fixture
def run_dir(tmp_path: Path, target: str) -> Path:
    """A run directory as the harness prepares it."""
    run = {
        "schema_version": 1,
        "run_id": "0123456789ab",
        "origin": time.time(),
        "seed": SEED,
        "app": "shopmax",
        "target": target,
        "profile": _short_profile().to_dict(),
        "ttl_seconds": TTL_S,
    }
    (tmp_path / "run.json").write_text(json.dumps(run))
    return tmp_path


def _locust(run_dir: Path, target: str) -> subprocess.Popen[str]:
    command = f"""-m locust -f loadtests/locustfile.py --headless --users 1 --spawn-rate 1
        --host {target} --exit-code-on-error 0 --only-summary --stop-timeout 2
        --loglevel WARNING"""
    return subprocess.Popen(
        [sys.executable, *command.split()],
        cwd=ROOT,
        env={**os.environ, "DIYA_RUN_DIR": str(run_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _logged(run_dir: Path) -> Counter[str]:
    """How many values the HdrHistogram log holds under each tag."""
    counts: Counter[str] = Counter()
    for line in (run_dir / hdrlog.FILE).read_text().splitlines():
        if line.startswith("Tag="):
            tag, *_, histogram = line.removeprefix("Tag=").split(",")
            counts[tag] += HdrHistogram.decode(histogram).get_total_count()
    return counts


def _await_turns(run_dir: Path, locust: subprocess.Popen[str], count: int) -> None:
    deadline = time.monotonic() + 30
    while len(records(run_dir, TurnRecord)) < count:
        assert locust.poll() is None, locust.communicate()[0]
        assert time.monotonic() < deadline, "no turns within 30 s"
        time.sleep(0.05)


def test_a_whole_run_is_recorded_and_stops_by_itself(run_dir: Path, target: str) -> None:
    with _locust(run_dir, target) as locust:
        output, _ = locust.communicate(timeout=60)
    assert locust.returncode == 0, output
    planned = arrivals.plan(_short_profile(), SEED)
    assert len(planned) > 15

    conversations = records(run_dir, ConversationRecord)
    assert sorted(c.conversation for c in conversations) == [a.index for a in planned]
    assert {c.fate for c in conversations} == {Fate.OFFERED}
    assert all(c.opened is not None and c.error is None for c in conversations)

    marks = records(run_dir, LoadMark)
    assert [mark.mark for mark in marks] == [
        "start",
        "phase:warmup",
        "phase:opening",
        "arrivals-end",
        "end",
        "audited",
    ]
    start = marks[0]
    assert start.values["arrivals"] == len(planned)
    for record in conversations:
        assert record.due == pytest.approx(start.t + planned[record.conversation].due, abs=1e-5)
        assert record.started is not None
        assert 0 <= record.started - record.due < 3

    turns = records(run_dir, TurnRecord)
    assert {turn.outcome for turn in turns} == {Outcome.OK}
    assert {turn.attempts for turn in turns} == {1}
    assert {turn.replica for turn in turns} == {"r00"}
    assert len({turn.turn_id for turn in turns}) == len(turns)
    by_conversation = Counter(turn.conversation for turn in turns)
    assert by_conversation == {c.conversation: c.turns_planned for c in conversations}
    for turn in turns:
        before = [t.message for t in turns if t.conversation == turn.conversation]
        assert turn.seen is not None
        assert turn.seen.turns == turn.turn + 1
        assert turn.seen.chain == chain(before[: turn.turn + 1])

    streamed = [t.done - t.first_token for t in turns if t.first_token is not None]
    assert streamed
    # A client that waited for the processor reads the first and the last event at once.
    assert statistics.median(streamed) > 0.04

    audits = records(run_dir, AuditRecord)
    ends = {audit.conversation: audit for audit in audits if audit.when == "end"}
    assert len(ends) == len(planned)
    for record in conversations:
        audit = ends[record.conversation]
        assert (audit.status, audit.user) == ("found", record.user)
        kept = [(item.turn_id, item.kind) for item in audit.history]
        assert kept == [
            (f"c{record.conversation}t{number}", kind)
            for number in range(record.turns_planned)
            for kind in ("message", "reply")
        ]
    expired = [audit for audit in audits if audit.when == "expired"]
    assert {audit.status for audit in expired} == {"gone"}
    assert len(expired) == len(planned)
    assert any(record.deleted is not None for record in conversations)

    samples = records(run_dir, Sample)
    assert len(samples) >= 3
    assert {sample.source for sample in samples} == {"generator"}
    assert samples[-1].values["turns_ok"] == len(turns)
    later = sum(record.turns_planned - 1 for record in conversations)
    assert _logged(run_dir) == {
        "latency": len(turns),
        "arrival-lag": len(planned),
        **({"send-lag": later} if later else {}),
    }
    assert "/run" in output
    assert "open session" in output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_records_the_fate_of_every_arrival_at_once(
    run_dir: Path, target: str, number: signal.Signals
) -> None:
    with _locust(run_dir, target) as locust:
        _await_turns(run_dir, locust, 5)
        locust.send_signal(number)
        stopped = time.monotonic()
        output, _ = locust.communicate(timeout=30)
        assert time.monotonic() - stopped < 8
    assert locust.returncode == 0, output
    became = fates(run_dir)
    assert [*became] == [a.index for a in arrivals.plan(_short_profile(), SEED)]
    assert {*became.values()} == {Fate.OFFERED, Fate.CENSORED}
    assert "audited" not in [mark.mark for mark in records(run_dir, LoadMark)]


@pytest.mark.slow
def test_a_stopped_run_of_hundreds_of_thousands_says_it_in_a_few_lines(
    run_dir: Path, target: str
) -> None:
    run = json.loads((run_dir / "run.json").read_text())
    values = run["profile"]
    values["phase"] = [
        {"name": "warmup", "minutes": 120 * 60, "hold": 1},
        {"name": "opening", "minutes": 120 * 200, "hold": 300},
    ]
    (run_dir / "run.json").write_text(json.dumps(run))
    with _locust(run_dir, target) as locust:
        _await_turns(run_dir, locust, 5)
        locust.terminate()
        output, _ = locust.communicate(timeout=60)
    assert locust.returncode == 0, output
    planned = arrivals.count(profile.from_dict(values), SEED)
    assert planned > 300_000
    became = fates(run_dir)
    assert [*became] == list(range(planned))
    assert {*became.values()} == {Fate.OFFERED, Fate.CENSORED}
    assert len(records(run_dir, ArrivalRange)) == 1


def test_turns_under_way_when_the_run_is_stopped_are_recorded_as_unknown(run_dir: Path) -> None:
    with honest_server(TTL_S, "--hang") as (url, next_line), _locust(run_dir, url) as locust:
        assert next_line() == "a turn hangs\n"
        locust.terminate()
        output, _ = locust.communicate(timeout=30)
    assert locust.returncode == 0, output
    turns = records(run_dir, TurnRecord)
    assert turns
    for turn in turns:
        assert (turn.outcome, turn.attempts, turn.reply) == (Outcome.INFO, 1, None)
        assert turn.error == "the run was stopped"


def test_arrivals_above_the_cap_are_dropped_and_counted(run_dir: Path) -> None:
    run = json.loads((run_dir / "run.json").read_text())
    run["profile"]["load"]["max_open"] = 2
    run["profile"]["conversation"]["deadline_s"] = 2
    (run_dir / "run.json").write_text(json.dumps(run))
    # Nobody listens there: every customer stays for the whole deadline.
    with _locust(run_dir, f"http://127.0.0.1:{free_port()}") as locust:
        output, _ = locust.communicate(timeout=60)
    assert locust.returncode == 0, output
    became = fates(run_dir)
    assert [*became] == [a.index for a in arrivals.plan(_short_profile(), SEED)]
    assert {*became.values()} == {Fate.OFFERED, Fate.DROPPED}
    assert {turn.outcome for turn in records(run_dir, TurnRecord)} == {Outcome.FAIL}


def test_a_bad_run_json_ends_at_once_with_one_sentence(run_dir: Path, target: str) -> None:
    run = json.loads((run_dir / "run.json").read_text())
    run["profile"]["load"]["base_rate"] = -1
    (run_dir / "run.json").write_text(json.dumps(run))
    with _locust(run_dir, target) as locust:
        output, _ = locust.communicate(timeout=30)
    assert locust.returncode == 104
    assert "run.json profile: 'base_rate' in [load] must be a number" in output
    assert "Traceback" not in output
