"""The load generator obeys while it runs: more customers, everybody cut off, nobody forgotten."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from chaos.fleet.load_switch import LoadSwitchFile
from loadtests.arrivals import arrivals, conversation, spikes
from loadtests.arrivals.spikes import Spike
from loadtests.profiles import profile
from loadtests.profiles.profile import Profile
from reports.records import ConversationRecord, Fate, LoadMark, Outcome, TurnRecord
from reports.records.load_commands import ExtendCommand, SpikeCommand, StormCommand
from tests.loadtests.recorded import fates, records
from tests.loadtests.test_workers import SEED, LoadProcesses, _await, _await_turns, processes

pytestmark = [pytest.mark.service, pytest.mark.slow]

__all__ = ["processes"]

BACK_S = 0.2
"""After a storm everybody is back within so long."""


def _profile(seconds: float = 6.0) -> Profile:
    """A load whose customers think for about half a second."""
    values = profile.load("smoke").to_dict()
    values["time"]["compression"] = 40
    values["load"]["base_rate"] = 8.0
    values["phase"] = [{"name": "opening", "minutes": seconds * 40 / 60, "hold": 1}]
    values["conversation"]["mean_turns"] = 4
    values["conversation"]["think_sigma"] = 0.1
    values["time"]["ttl_seconds"] = 40 * 1.0
    values["conversation"]["abandon_share"] = 0.0
    return profile.from_dict(values)


def _answers(switch: LoadSwitchFile, order: int, mark: str, count: int) -> list[dict[str, float]]:
    def found() -> list[dict[str, float]]:
        return [each.values for each in switch.answers(order) if each.mark == mark]

    _await(lambda: len(found()) >= count, f"{count} marks {mark}")
    return found()


def _fates(run_dir: Path, load: Profile) -> dict[int, Fate]:
    """The fate of every arrival of the plan and of the spikes; none is missing."""
    marks = [mark for mark in records(run_dir, LoadMark) if mark.mark == "spike"]
    planned = arrivals.count(load, SEED) + sum(int(mark.values["arrivals"]) for mark in marks)
    found = fates(run_dir)
    assert [*found] == [*range(planned)]
    return found


def _told(run_dir: Path, players: int) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Command a spike, then a storm in the middle of it; the generator's answers."""
    switch = LoadSwitchFile(run_dir)
    _await_turns(run_dir, 10)
    spike = switch.tell(SpikeCommand(seconds=2.0, factor=4.0, seed=5))
    (answer,) = _answers(switch, spike, "spike", 1)
    time.sleep(1.0)  # customers of the spike are in conversations
    storm = switch.tell(StormCommand(seconds=BACK_S, seed=6))
    cut = _answers(switch, storm, "storm-cut", players)
    return answer, cut


def _check_played(run_dir: Path, load: Profile, spike: dict[str, float]) -> None:
    assert {*_fates(run_dir, load).values()} == {Fate.OFFERED}
    conversations = records(run_dir, ConversationRecord)
    assert all(record.error is None for record in conversations)
    start = next(mark.t for mark in records(run_dir, LoadMark) if mark.mark == "start")
    wanted = {a.index: a.due for a in spikes.shard(load, SEED, Spike.of(spike), 0, 1)}
    came = [record for record in conversations if record.conversation in wanted]
    assert len(came) == spike["arrivals"] > 10
    assert all(abs(r.due - start - wanted[r.conversation]) < 0.1 for r in came)
    turns: list[TurnRecord] = records(run_dir, TurnRecord)
    assert {turn.outcome for turn in turns} == {Outcome.OK}


def test_one_process_obeys_commands_and_accounts_for_every_customer(
    processes: LoadProcesses,
) -> None:
    load = _profile()
    run_dir = processes.run_dir("alone", load)
    generator = processes.alone(run_dir)
    spike, (cut,) = _told(run_dir, 1)
    assert generator.wait(60) == 0, processes.log
    _check_played(run_dir, load, spike)
    assert cut["conversations"] >= 5
    recalled = _recalled(run_dir, load, Spike.of(spike))
    assert len(recalled) >= 5
    assert all(0 <= early <= BACK_S + 0.001 for early in recalled)


def _recalled(run_dir: Path, load: Profile, spike: Spike) -> list[float]:
    """Due times, after the cut, of customers that were cut off while they were thinking."""
    (cut,) = [mark.t for mark in records(run_dir, LoadMark) if mark.mark == "storm-cut"]
    run_id = f"{run_dir.name}-0123456789ab"
    everybody = [*arrivals.plan(load, SEED), *spikes.shard(load, SEED, spike, 0, 1)]
    turns = {(t.conversation, t.turn): t for t in records(run_dir, TurnRecord)}
    moments = []
    for (index, number), turn in turns.items():
        before = turns.get((index, number - 1))
        if before is None or not before.done < cut < turn.due:
            continue
        planned = conversation.plan(load, everybody[index], run_id).think_seconds[number - 1]
        if before.done + planned > cut + BACK_S:
            moments.append(turn.due - cut)
    return moments


def test_three_processes_obey_and_a_killed_one_loses_its_share(
    processes: LoadProcesses,
) -> None:
    load = _profile(9.0)
    run_dir = processes.run_dir("three", load)
    master, workers = processes.master(run_dir, 3), processes.workers(3)
    _, cut = _told(run_dir, 3)
    assert {each["shard"] for each in cut} == {0, 1, 2}
    switch = LoadSwitchFile(run_dir)
    order = switch.tell(SpikeCommand(seconds=2.0, factor=5.0, seed=7))
    (second,) = _answers(switch, order, "spike", 1)
    workers[0].kill()
    assert master.wait(60) == 0, processes.log
    became = _fates(run_dir, load)
    lost = {index for index, fate in became.items() if fate is Fate.LOST}
    assert len({index % 3 for index in lost}) == 1, "one shard"
    assert any(index >= second["first"] for index in lost)
    assert {fate for index, fate in became.items() if index not in lost} == {Fate.OFFERED}
    came = [index for index in became if index >= second["first"] and index not in lost]
    assert len(came) > second["arrivals"] / 2


def test_a_stopped_run_records_the_fates_of_a_spike_s_customers(
    processes: LoadProcesses,
) -> None:
    load = _profile()
    run_dir = processes.run_dir("stopped", load)
    generator = processes.alone(run_dir)
    _await_turns(run_dir, 5)
    switch = LoadSwitchFile(run_dir)
    order = switch.tell(SpikeCommand(seconds=3.0, factor=20.0, seed=5))
    (spike,) = _answers(switch, order, "spike", 1)
    generator.terminate()
    assert generator.wait(30) == 0, processes.log
    became = _fates(run_dir, load)
    assert {fate for index, fate in became.items() if index >= spike["first"]} >= {Fate.CENSORED}


@pytest.mark.parametrize("workers", [0, 2])
def test_an_extended_load_ends_later_and_accounts_for_every_customer(
    processes: LoadProcesses, workers: int
) -> None:
    load = _profile(4.0)
    run_dir = processes.run_dir("extended", load)
    if workers:
        generator = processes.master(run_dir, workers)
        processes.workers(workers)
    else:
        generator = processes.alone(run_dir)
    switch = LoadSwitchFile(run_dir)
    _await_turns(run_dir, 3)
    for number, seed in enumerate((5, 6), start=1):
        order = switch.tell(ExtendCommand(seconds=1.5, rate=8.0, seed=seed))
        assert order == number
        _answers(switch, order, "spike", 1)
    assert generator.wait(60) == 0, processes.log
    assert {*_fates(run_dir, load).values()} == {Fate.OFFERED}
    marks = {mark.mark: mark.t for mark in records(run_dir, LoadMark)}
    assert marks["arrivals-end"] - marks["start"] == pytest.approx(4.0 + 3.0)
    late = [
        record.due - marks["start"]
        for record in records(run_dir, ConversationRecord)
        if record.due - marks["start"] > 4.0
    ]
    assert len(late) > 5
    assert max(late) < 7.0
