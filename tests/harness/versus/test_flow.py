"""The order of the runs and their end, with a player that plays nothing and a clock of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from harness.errors import ConfigError
from harness.versus.flow import Decision, Finished, Flow, Played
from harness.versus.rules import exactly
from harness.versus.sides import SideName
from reports.comparison.versus_file import Look, Pair

RUN_S = 100.0


class Clock:
    """Time that only runs take."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class FakePlayer:
    """Plays runs of 100 s; `problems` are those of the n-th run of a side, from 1."""

    def __init__(
        self,
        clock: Clock,
        problems: Mapping[tuple[SideName, int], str] | None = None,
        raises: Mapping[tuple[SideName, int], BaseException] | None = None,
    ) -> None:
        self.clock, self.problems, self.raises = clock, problems or {}, raises or {}
        self.order = ""
        self.left_out: list[str] = []

    def play(self, side: SideName) -> Played:
        self.order += side
        number = self.order.count(side)
        self.clock.now += RUN_S
        if (side, number) in self.raises:
            raise self.raises[side, number]
        problem = self.problems.get((side, number), "")
        return Played(f"{side}/{number}", {"verdict": "GO", "side": side}, problem, RUN_S)

    def leave_out(self, played: Played) -> Played:
        assert played.run is not None
        self.left_out.append(played.run)
        return replace(played, run=f"left-out/{played.run}")


class Deaf:
    """A watcher that keeps the looks alone."""

    def __init__(self) -> None:
        self.looks: list[Look] = []

    def begin(self, pair: int, attempt: int, side: SideName, *, second: bool) -> None: ...
    def ended(self, side: SideName, played: Played) -> None: ...
    def finished(self, pairs: Sequence[Finished], played: Pair) -> None: ...
    def looked(self, look: Look) -> None:
        self.looks.append(look)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def flow_of(player: FakePlayer, pairs: int = 4, budget_s: float = 10_000.0) -> Flow:
    return Flow(
        player,
        exactly(pairs),
        Deaf(),
        lambda _: None,
        budget_s=budget_s,
        pair_s=2 * RUN_S,
        clock=player.clock,
    )


def test_the_sides_alternate_in_the_order_abba(clock: Clock) -> None:
    player = FakePlayer(clock)
    flow = flow_of(player)
    flow.run()
    assert player.order == "ABBAABBA"
    assert [each.order for each in flow.pairs] == ["AB", "BA", "AB", "BA"]
    assert [(each.a, each.b) for each in flow.pairs] == [(f"A/{n}", f"B/{n}") for n in range(1, 5)]
    assert [each.a["side"] + each.b["side"] for each in flow.finished] == ["AB"] * 4
    assert flow.ended == "4 pairs were played"


def test_a_pair_with_a_run_that_proves_nothing_is_played_again_in_its_order(clock: Clock) -> None:
    player = FakePlayer(clock, {("A", 2): "the run was INCONCLUSIVE: the generator was too slow"})
    flow = flow_of(player, pairs=2)
    flow.run()
    # Pair 2 begins with B; its A proves nothing, so B's run does not count either.
    assert player.order == "AB" + "BA" + "BA"
    assert player.left_out == ["B/2", "A/2"]
    lost, again = flow.pairs[1:]
    assert lost.left_out == "A: the run was INCONCLUSIVE: the generator was too slow"
    assert (lost.number, lost.attempt, lost.a) == (2, 1, "left-out/A/2")
    assert (again.number, again.attempt, again.order) == (2, 2, "BA")
    assert [each.pair.number for each in flow.finished] == [1, 2]


def test_the_second_run_of_a_pair_is_not_played_after_a_first_one_that_proves_nothing(
    clock: Clock,
) -> None:
    player = FakePlayer(clock, {("A", 1): "broken"})
    flow = flow_of(player, pairs=1)
    flow.run()
    assert player.order == "A" + "AB"
    assert flow.pairs[0].b is None


def test_a_pair_is_played_again_once_and_then_left_out(clock: Clock) -> None:
    player = FakePlayer(clock, {("B", 2): "broken", ("B", 3): "broken"})
    flow = flow_of(player, pairs=2)
    flow.run()
    assert [(each.number, each.attempt, bool(each.left_out)) for each in flow.pairs] == [
        (1, 1, False),
        (2, 1, True),
        (2, 2, True),
        (3, 1, False),
    ]
    assert len(flow.finished) == 2


def test_two_lost_pairs_in_a_row_end_the_runs(clock: Clock) -> None:
    player = FakePlayer(clock, {("B", n): f"broken {n}" for n in range(1, 9)})
    flow = flow_of(player)
    flow.run()
    assert player.order.count("B") == 4
    assert flow.finished == []
    assert flow.ended == ("2 pairs in a row do not count, the last one because B: broken 4")


def test_no_pair_begins_that_would_end_after_the_time(clock: Clock) -> None:
    player = FakePlayer(clock)
    flow = flow_of(player, budget_s=500.0)
    flow.run()
    assert len(flow.finished) == 2
    assert flow.ended == "the time is up: a pair takes about 200 s, and 100 s are left"


def test_a_pair_that_does_not_count_is_not_played_again_after_the_time(clock: Clock) -> None:
    player = FakePlayer(clock, {("A", 2): "broken"})
    flow = flow_of(player, budget_s=500.0)
    flow.run()
    assert [each.attempt for each in flow.pairs] == [1, 1]
    assert "the time is up" in flow.ended


def test_an_interruption_keeps_the_pairs_before_it(clock: Clock) -> None:
    player = FakePlayer(clock, raises={("A", 2): KeyboardInterrupt()})
    kept: list[int] = []
    flow = Flow(
        player,
        exactly(4),
        Deaf(),
        lambda flow: kept.append(len(flow.finished)),
        budget_s=10_000,
        pair_s=200,
        clock=clock,
    )
    with pytest.raises(KeyboardInterrupt):
        flow.run()
    assert player.order == "AB" + "BA"
    assert player.left_out == ["B/2"]
    assert kept[-1] == 1
    assert flow.ended == "it was interrupted"


def test_a_side_that_cannot_be_played_is_refused_with_its_sentence(clock: Clock) -> None:
    refusal = ConfigError("--b: app shopmax: every turn fails: HTTP 500; it must answer")
    player = FakePlayer(clock, raises={("B", 1): refusal})
    flow = flow_of(player)
    with pytest.raises(ConfigError, match="every turn fails"):
        flow.run()
    assert player.left_out == ["A/1"]


def test_a_look_is_kept_and_may_end_the_runs(clock: Clock) -> None:
    def rule(finished: Sequence[Finished]) -> Decision:
        look = Look(pairs=len(finished), words={"cpu_per_turn": "worse"})
        return Decision("it is decided" if len(finished) == 3 else "", look)

    watcher = Deaf()
    flow = Flow(
        FakePlayer(clock), rule, watcher, lambda _: None, budget_s=1e4, pair_s=200, clock=clock
    )
    flow.run()
    assert [each.pairs for each in flow.looks] == [1, 2, 3]
    assert watcher.looks == flow.looks
    assert flow.ended == "it is decided"
