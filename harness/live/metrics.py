"""`/metrics`: a running run for Prometheus.  Everything is read at a scrape."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from harness.live.board import Board
from harness.live.exporter import Exporter
from harness.live.figures import Figures, Histogram, by_source
from harness.live.messages import State
from reports.basics.addresses import without_password
from reports.verdict.so_far import FAILING, RUNNING, STOPPED, UNSOUND

VERDICTS = (RUNNING, FAILING, UNSOUND, STOPPED, "GO", "NO-GO", "INCONCLUSIVE")
"""The values of the label `verdict`."""
_LONGEST_BETWEEN_S = 60.0


class RunMetrics(Collector):
    """The metrics of one run."""

    def __init__(
        self,
        figures: Figures,
        board: Board,
        state: Callable[[], State],
        now: Callable[[], float],
        exporter: Exporter | None,
    ) -> None:
        """`state` gives the newest state of the run, `now` the run time."""
        self._figures, self._board, self._state, self._now = figures, board, state, now
        self._exporter = exporter
        self._scraped: list[float] = []
        """When the last two scrapes began, monotonic seconds."""
        self._knew_the_end = False

    def describe(self) -> list[Metric]:
        """Nothing: registering is no scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Called by prometheus_client at a scrape."""
        self._scraped = [*self._scraped, time.monotonic()][-2:]
        self._knew_the_end = self._board.over
        with self._figures.lock:
            yield from self._of_run()
            yield from self._of_turns()
            yield from self._of_load()
            yield from self._of_faults()
            yield from self._of_machine()
        yield from self._of_verdict()
        if self._exporter is not None:
            spans = CounterMetricFamily(
                "diya_run_spans", "Spans of turns, by their fate.", labels=["fate"]
            )
            spans.add_metric(["sent"], self._exporter.sent)
            spans.add_metric(["lost"], self._exporter.lost)
            yield spans

    def next_scrape_s(self) -> float:
        """Seconds within which a scrape of the last state is to be expected; 0: none, or it was
        scraped already."""
        if len(self._scraped) < 2 or self._knew_the_end:
            return 0.0
        between = self._scraped[1] - self._scraped[0]
        return min(_LONGEST_BETWEEN_S, 1.5 * between + 1.0)

    def _of_run(self) -> Iterator[Metric]:
        run, state = self._figures.run, self._state()
        yield InfoMetricFamily(
            "diya_run",
            "The run.",
            {
                "run_id": run.run_id,
                "profile": str(run.profile.get("name") or ""),
                "seed": str(run.seed),
                "target": without_password(run.target or ""),
            },
        )
        yield _gauge("diya_run_seconds", "Run time.", self._now())
        yield _gauge(
            "diya_run_left_seconds", "Time to the planned end of the run.", max(0.0, state.left_s)
        )
        phase = GaugeMetricFamily("diya_run_phase", "1: the phase of the load.", labels=["phase"])
        phase.add_metric([state.phase], 1.0)
        yield phase
        limits = GaugeMetricFamily(
            "diya_run_slo", "The limits of the profile, by their name.", labels=["name"]
        )
        for name, value in sorted(self._figures.limits.items()):
            limits.add_metric([name], value)
        yield limits

    def _of_turns(self) -> Iterator[Metric]:
        turns = CounterMetricFamily(
            "diya_run_turns", "Turns, by their outcome: ok, fail, info.", labels=["outcome"]
        )
        for outcome, count in self._figures.outcomes.items():
            turns.add_metric([str(outcome)], count)
        yield turns
        yield CounterMetricFamily(
            "diya_run_retries", "Attempts of turns after the first.", self._figures.retries
        )
        yield _histogram(
            "diya_run_turn_duration_seconds",
            "Acknowledged turns, from the intended time of sending.",
            self._figures.latency,
        )
        yield _histogram(
            "diya_run_first_token_seconds",
            "From the intended time to the first words of the reply.",
            self._figures.first_token,
        )

    def _of_load(self) -> Iterator[Metric]:
        figures = self._figures
        rate = figures.planned_rate(self._now())
        for name, meaning, value in (
            ("planned_conversations_per_second", "Planned rate of new conversations.", rate),
            ("conversations_planned", "Planned conversations of the whole run.", figures.planned),
            (
                "conversations_open",
                "Conversations under way.",
                figures.generator("open_conversations"),
            ),
            (
                "generator_lag_seconds",
                "Lag of the load generator, p99 of the last second.",
                figures.generator("lag_p99", worst=True),
            ),
        ):
            if value is not None:
                yield _gauge(f"diya_run_{name}", meaning, value)
        yield CounterMetricFamily(
            "diya_run_conversations_started",
            "Conversations that began.",
            figures.generator("started") or 0.0,
        )
        ended = CounterMetricFamily(
            "diya_run_conversations", "Conversations that ended, by their fate.", labels=["fate"]
        )
        for fate, count in figures.fates.items():
            ended.add_metric([str(fate)], count)
        yield ended

    def _of_faults(self) -> Iterator[Metric]:
        current = GaugeMetricFamily(
            "diya_run_fault_in_progress", "1: this fault is in progress.", labels=["fault"]
        )
        for name in (self._state().fault or "").split(" + "):
            if name:
                current.add_metric([name], 1.0)
        yield current
        done = CounterMetricFamily(
            "diya_run_faults",
            "Faults that are over, by class and whether they took hold.",
            labels=["class", "took_hold"],
        )
        ended = Counter((each.fault, each.took_hold) for each in self._figures.faults)
        for (fault, held), count in ended.items():
            done.add_metric([fault, str(held).lower()], count)
        yield done
        down = GaugeMetricFamily(
            "diya_run_fault_seconds", "From the start of a fault to its end.", labels=["fault"]
        )
        for each in self._figures.faults:
            down.add_metric([each.id], each.end - each.start)
        yield down

    def _of_machine(self) -> Iterator[Metric]:
        samples = self._figures.samples
        host, redis = samples.get("host", {}), samples.get("redis", {})
        if "cpu_percent" in host:
            yield _gauge(
                "diya_run_host_cpu_ratio",
                "Busy share of the cores of diya's machine.",
                host["cpu_percent"] / 100,
            )
        if "used_memory" in redis:
            yield _gauge(
                "diya_run_redis_memory_bytes", "Memory of Redis in use.", redis["used_memory"]
            )
        if "keys" in redis:
            yield _gauge("diya_run_redis_keys", "Keys in Redis.", redis["keys"])
        memory = GaugeMetricFamily(
            "diya_run_replica_memory_bytes", "Resident memory of a replica.", labels=["replica"]
        )
        for name, values in by_source(samples, "replica:").items():
            if "rss" in values:
                memory.add_metric([name], values["rss"])
        yield memory

    def _of_verdict(self) -> Iterator[Metric]:
        result = self._board.result
        standing = RUNNING if result is None else str(result["verdict"])
        verdict = GaugeMetricFamily(
            "diya_run_verdict", "1: the verdict, so far or at the end.", labels=["verdict"]
        )
        for each in VERDICTS:
            verdict.add_metric([each], float(each == standing))
        yield verdict
        gates = Counter(str(each["status"]) for each in (result or {}).get("gates", ()))
        counted = GaugeMetricFamily("diya_run_gates", "Gates by their status.", labels=["status"])
        for status in ("pass", "fail"):
            counted.add_metric([status], gates[status])
        counted.add_metric(["unknown"], gates["unknown"] + self._board.waiting)
        yield counted
        failed = GaugeMetricFamily(
            "diya_run_gate_failed", "1: this gate has failed.", labels=["gate", "phase"]
        )
        for each in (result or {}).get("gates", ()):
            if each["status"] == "fail":
                failed.add_metric([str(each["name"]), str(each["phase"])], 1.0)
        yield failed
        over = float(self._board.over)
        yield _gauge("diya_run_over", "1: the run has ended; this is its last state.", over)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value)


def _histogram(name: str, meaning: str, counted: Histogram) -> Metric:
    family = HistogramMetricFamily(name, meaning)
    family.add_metric([], counted.buckets(), counted.sum)
    return family
