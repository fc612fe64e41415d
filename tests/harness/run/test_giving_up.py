"""How long a run waits for its load: as long as anything may still come, and no longer."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chaos.experiment.schedule import SteadyStateError
from harness import parser
from harness.run import read_plan, watch
from harness.run.plan import Plan
from harness.run.progress import Progress
from harness.run.watch import Watch
from loadtests.arrivals import arrivals, conversation
from loadtests.profiles import profile
from reports.records import LoadMark, Outcome, Record, RecordWriter, TurnRecord
from tests.loadtests.recorded import offered

SEED, START = 3, 5.0
HANGS = "the load generator does not end: cutting the run"


class Clock:
    """A clock that goes on only when somebody waits."""

    def __init__(self) -> None:
        self.t = 0.0

    def now(self) -> float:
        """Run time."""
        return self.t

    def pass_by(self, seconds: float) -> None:
        """Wait."""
        self.t += seconds


class Script:
    """A load generator that writes prepared records at their times."""

    def __init__(self, clock: Clock, writer: RecordWriter, story: list[tuple[float, Record]]):
        self._clock, self._writer = clock, writer
        self._story = sorted(story, key=lambda each: each[0])
        self.ends: float | None = None
        """When its process ends by itself."""

    @property
    def running(self) -> bool:
        """As `harness.run.load.generator.Load` has it."""
        while self._story and self._story[0][0] <= self._clock.now():
            self._writer.write(self._story.pop(0)[1])
        return self.ends is None or self._clock.now() < self.ends

    exit_code = None

    def check_started(self) -> None:
        """It always has."""

    def stop(self) -> None:
        """Nothing to end."""


class Watched:
    """A run of a profile, watched in no time."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **time: float) -> None:
        values = profile.load("diwali").to_dict()
        values["time"] = {"compression": 1, "ttl_seconds": 600, **time}
        values["load"]["base_rate"] = 10
        minutes = 10 * values["time"]["compression"] / 60
        values["phase"] = [{"name": "hold", "minutes": minutes, "hold": 1}]
        values["spike"] = values["cliff"] = []
        values["conversation"]["return_within_ttl"] = 0
        self.load = profile.from_dict(values)
        self.clock, self.said = Clock(), io.StringIO()
        self._folder = folder
        monkeypatch.setattr(watch, "time", SimpleNamespace(sleep=self.clock.pass_by))
        monkeypatch.setattr(watch, "_LOOK_S", 1.0)

    def plan(self) -> Plan:
        """The plan of the run."""
        path = self._folder / "mine.toml"
        path.write_text(_toml(self.load.to_dict()))
        words = ["readiness", "--profile", str(path), "--experiment", "none"]
        return read_plan.from_args(parser.build().parse_args(words))

    def story(self, turn_s: float) -> list[tuple[float, Record]]:
        """The records of a load whose turns all take `turn_s` seconds."""
        story: list[tuple[float, Record]] = [(START, LoadMark(START, "start", {}))]
        for arrival in arrivals.stream(self.load, SEED):
            planned = conversation.plan(self.load, arrival, "run")
            t = START + arrival.due
            for number, think in enumerate((*planned.think_seconds, 0.0)):
                story.append((t + turn_s, _turn(arrival.index, number, t, t + turn_s)))
                t += turn_s + think
            story.append((t, offered(arrival.index, t)))
        return story

    def watch(
        self, story: list[tuple[float, Record]], ends: float | None, schedule: Any = None
    ) -> float:
        """Watch it; when the watch was over."""
        with RecordWriter(self._folder) as writer:
            script = Script(self.clock, writer, story)
            script.ends = ends
            clock: Any = self.clock
            progress = Progress(self.said)
            Watch(self.plan(), self._folder, clock, progress, script, schedule, writer).run()
        return self.clock.now()


def _toml(values: dict[str, Any]) -> str:
    """The nested tables of a profile, on a line each."""

    def inline(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key} = {inline(each)}" for key, each in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(inline(each) for each in value) + "]"
        return json.dumps(value)

    return "\n".join(f"{key} = {inline(value)}" for key, value in values.items())


def _turn(index: int, number: int, due: float, done: float) -> TurnRecord:
    return TurnRecord(
        conversation=index,
        turn=number,
        turn_id=f"c{index}t{number}",
        journey="return",
        due=due,
        sent=due,
        first_token=None,
        done=done,
        outcome=Outcome.OK,
        attempts=1,
        replica=None,
        message="m",
        reply="r",
        seen=None,
    )


Run = Callable[..., Watched]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`watched(compression=...)`: ten real seconds of arrivals, customers as in `diwali`."""
    return lambda **time: Watched(tmp_path, monkeypatch, **time)


def _to_the_end(run: Watched, turn_s: float) -> tuple[float, float]:
    """When the last conversation ended, and when the watch was over."""
    story = run.story(turn_s)
    talked = max(t for t, _ in story)
    audited = talked + run.load.real_ttl_seconds + 2.0
    story.append((talked, LoadMark(talked, "end", {})))
    story.append((audited, LoadMark(audited, "audited", {})))
    over = run.watch(story, ends=audited + 1.0)
    assert HANGS not in run.said.getvalue()
    assert over >= audited
    return talked, over


def test_the_run_waits_for_customers_that_think_for_minutes(watched: Run) -> None:
    run = watched(compression=1)
    talked, over = _to_the_end(run, turn_s=0.2)
    assert talked > START + run.load.load_seconds + 2 * run.load.conversation.deadline_s + 60
    assert over < talked + run.load.real_ttl_seconds + 10


def test_slow_turns_that_are_answered_are_waited_for(watched: Run) -> None:
    run = watched(compression=240)
    talked, _ = _to_the_end(run, turn_s=18.0)
    assert talked > START + run.load.load_seconds + 2 * run.load.conversation.deadline_s + 60


def test_a_generator_that_falls_silent_is_cut_soon_after_the_longest_silence(watched: Run) -> None:
    run = watched(compression=240)
    story = [each for each in run.story(0.2) if each[0] < START + 6.0]
    over = run.watch(story, ends=None)
    assert HANGS in run.said.getvalue()
    assert run.load.load_seconds < over < START + run.load.load_seconds + 160


def test_a_generator_that_never_comes_to_an_end_is_cut_however_busy_it_is(watched: Run) -> None:
    run = watched(compression=240)
    story = run.story(0.2)
    story += [(float(t), _turn(0, t, t, t)) for t in range(6, 5000)]
    over = run.watch(story, ends=None)
    assert HANGS in run.said.getvalue()
    assert over < 1000


def test_a_generator_that_hangs_over_its_last_audits_is_cut(watched: Run) -> None:
    run = watched(compression=240)
    story = run.story(0.2)
    talked = max(t for t, _ in story)
    over = run.watch([*story, (talked, LoadMark(talked, "end", {}))], ends=None)
    assert HANGS in run.said.getvalue()
    assert over < talked + run.load.real_ttl_seconds + 110


def test_a_fleet_that_is_not_in_its_steady_state_is_not_watched_at_all(watched: Run) -> None:
    class Unsteady:
        current = None

        def start(self, load_start: float) -> None:
            raise SteadyStateError("the fleet is not as it should be")

        def stop(self) -> None:
            """Nothing has begun."""

    run = watched(compression=240)
    over = run.watch(run.story(0.2), ends=None, schedule=Unsteady())
    assert "the fleet is not as it should be" in run.said.getvalue()
    assert over < START + 5
