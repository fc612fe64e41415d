"""The order of the probes, with a player that plays nothing and a service of a known limit."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from harness.capacity import lengths
from harness.capacity.flow import FIRST_STEP, LOWER, Flow
from harness.capacity.lengths import MOST_PROBES, START_AND_END_S
from harness.capacity.play_probe import Order
from harness.capacity.search import Finished
from reports.capacity.evidence import bounds
from reports.capacity.findings import Answer, Demand, Probe, ProbeKind
from reports.capacity.soundness import FEWEST_TURNS
from reports.figures.figure import Figure, Label

LIMIT = 40.0
"""Turns a second that the service carries."""


def figure(value: float | None) -> Figure:
    label = Label.UNKNOWN if value is None else Label.MEASURED
    return Figure(value=value, unit="s", label=label)


def demand(cpu_s: float | None) -> Demand:
    nothing = figure(None)
    return Demand(
        turns=300,
        turns_per_conversation=2.5,
        replica_cpu_s=figure(cpu_s),
        replica_cpu_base_s=nothing,
        replica_cpu_per_earlier_turn_s=nothing,
        by_kind_cpu_s={},
        others_cpu_s=nothing,
        redis_s=nothing,
        redis_bytes=nothing,
        redis_session_bytes=nothing,
        model_calls=nothing,
        model_s=nothing,
        latency_s=figure(0.2),
    )


@dataclass
class Service:
    """Player, judge and screen of a service that carries `LIMIT`."""

    cpu_s: float | None = 1 / LIMIT
    recovers_below: float = LIMIT
    carries_after: float | None = None
    """Turns a second that it carries after a kill or an overload; None: that is not seen."""
    unknown_above: float = float("inf")
    slow: float = 1.0
    """Time that a probe takes, as a multiple of the planned."""
    now: float = 0.0
    played: list[Order] = field(default_factory=list)
    said: list[ProbeKind] = field(default_factory=list)
    finished: Finished | None = None

    def play(self, order: Order) -> float:
        self.played.append(order)
        self.now += self.slow * (order.seconds + START_AND_END_S)
        return order.rate or 0.3 * LIMIT

    def demand(self) -> Demand:
        return demand(self.cpu_s)

    def probe(self, order: Order, rate: float) -> Probe:
        disturbed = order.kind in (ProbeKind.KILL, ProbeKind.OVERLOAD)
        passes = rate < (self.recovers_below if disturbed else 0.95 * LIMIT)
        passes = passes and rate <= self.unknown_above
        answer = Answer.PASS if passes else Answer.FAIL
        return Probe(
            name=order.name,
            kind=order.kind,
            rate=rate,
            seconds=order.stages[-1].seconds,
            seed=1,
            answer=Answer.UNKNOWN if rate > self.unknown_above else answer,
            reasons=() if passes else ("too much",),
            offered=rate,
            cpu_share=rate / LIMIT,
            carried=self.carries_after if disturbed else None,
        )

    def end_search(self, finished: Finished) -> None:
        self.finished = finished

    def begin(self, kind: ProbeKind, number: int, most: int, rate: float | None) -> None:
        self.said.append(kind)
        assert number <= most

    def judged(self, probe: Probe) -> None:
        pass

    def flow(self, minutes: float = 10.0) -> Flow:
        return Flow(
            play=self.play,
            judge=self,
            lengths=lengths.for_minutes(minutes),
            watched=self,
            seed=1,
            budget_s=minutes * 60,
            clock=lambda: self.now,
        )

    def kinds(self) -> list[ProbeKind]:
        return [order.kind for order in self.played]


def test_the_demand_comes_first_and_the_kill_and_the_overload_come_last() -> None:
    service = Service()
    service.flow().run()
    kinds = service.kinds()
    assert kinds[0] is ProbeKind.DEMAND
    assert kinds[-2:] == [ProbeKind.KILL, ProbeKind.OVERLOAD]
    assert set(kinds[1:-2]) == {ProbeKind.SEARCH}
    assert service.said == kinds, "each of them is announced"


def test_the_search_encloses_the_limit_and_the_lower_end_is_killed() -> None:
    service = Service()
    flow = service.flow()
    flow.run()
    found = bounds(flow.probes)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.95 * LIMIT <= found.high
    assert [order.rate for order in service.played[-2:]] == [found.low] * 2


def test_every_probe_has_a_directory_of_its_own() -> None:
    service = Service(recovers_below=0.9 * LIMIT)
    service.flow().run()
    names = [order.name for order in service.played]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("minutes", [1.5, 4, 10, 30])
def test_the_time_and_the_number_of_probes_are_kept(minutes: float) -> None:
    service = Service()
    service.flow(minutes).run()
    assert service.kinds().count(ProbeKind.SEARCH) <= MOST_PROBES
    # However short, the demand, one probe, the kill and the overload are played.
    assert service.now <= max(60 * minutes, 150)


def test_a_slow_machine_gets_fewer_probes_instead_of_more_time() -> None:
    fast, slow = Service(), Service(slow=1.5)
    fast.flow().run()
    slow.flow().run()
    assert slow.kinds().count(ProbeKind.SEARCH) <= fast.kinds().count(ProbeKind.SEARCH)


def test_a_kill_that_is_not_recovered_from_is_tried_at_a_lower_rate() -> None:
    service = Service(recovers_below=0.9 * LIMIT)
    service.flow().run()
    kills = [order for order in service.played if order.kind is ProbeKind.KILL]
    assert [order.name for order in kills] == ["kill", "kill-2"]
    assert kills[1].rate == pytest.approx(LOWER * (kills[0].rate or 0))
    assert service.played[-1].rate == kills[1].rate, "the overload is played at the lower one"


def test_after_a_kill_that_is_not_recovered_from_the_next_rate_is_below_what_was_carried() -> None:
    service = Service(recovers_below=0.75 * LIMIT, carries_after=0.8 * LIMIT)
    flow = service.flow()
    flow.run()
    kills = [order for order in service.played if order.kind is ProbeKind.KILL]
    assert [order.rate for order in kills[1:]] == [pytest.approx(LOWER * 0.8 * LIMIT)]
    assert flow.probes[-2].answer is Answer.PASS


def test_nothing_is_killed_when_no_rate_passed() -> None:
    service = Service(unknown_above=0.0)
    service.flow().run()
    assert set(service.kinds()) == {ProbeKind.DEMAND, ProbeKind.SEARCH}
    assert service.finished is not None
    assert not service.finished.conclusive


def test_an_unknown_cost_of_a_turn_ends_the_run_without_a_probe() -> None:
    service = Service(cpu_s=None)
    flow = service.flow()
    flow.run()
    assert flow.probes == []
    assert service.finished == Finished(False, "the cost of a turn is not known")


def test_the_kill_comes_within_the_measured_phase() -> None:
    service = Service()
    service.flow().run()
    kill = next(order for order in service.played if order.kind is ProbeKind.KILL)
    warmup, measured = kill.stages
    assert kill.kill_at is not None
    assert warmup.seconds < kill.kill_at < warmup.seconds + measured.seconds - 10


def test_steps_at_a_target_stop_at_the_first_sign_and_go_back() -> None:
    service = Service()
    service.flow().run_steps(ceiling=100.0)
    rates = [order.rate or 0.0 for order in service.played]
    assert rates[0] == pytest.approx(FIRST_STEP * 100)
    assert {order.kind for order in service.played} == {ProbeKind.STEP}
    over = [place for place, rate in enumerate(rates) if rate >= 0.95 * LIMIT]
    assert over == [len(rates) - 2], "one step is above the limit, and one after it below"
    assert rates[-1] < 0.95 * LIMIT
    assert service.finished is not None
    assert "recovered" in service.finished.why


def test_a_slow_service_gets_probes_that_are_long_enough_to_be_judged() -> None:
    service = Service(cpu_s=0.25)
    service.flow().run()
    probes = [order for order in service.played if order.kind is not ProbeKind.DEMAND]
    assert all(order.stages[-1].seconds * (order.rate or 0.0) > FEWEST_TURNS for order in probes)


def test_steps_never_exceed_the_ceiling() -> None:
    service = Service()
    service.flow().run_steps(ceiling=20.0)
    assert max(order.rate or 0.0 for order in service.played) == 20.0
