"""The calibration: two real runs, just before the predictions.

One has a low load, the other alternates between that and a high one.

Machines that are shared become slower and faster by a third within minutes: the speed of the
machine in this run is kept, so that a measurement is held against the prediction for its own speed.
"""

from __future__ import annotations

from pathlib import Path

from loadtests.profiles import profile as profiles
from loadtests.simulation import from_capacity
from loadtests.simulation.calibration import DEFAULT, Calibration
from reports.capacity.demand import measure_demand
from reports.capacity.findings import Answer, CapacityFindings, Probe, ProbeKind
from reports.measures.turn_costs import turn_costs
from tests.validate.simulation.alternation import alternated, alternating
from tests.validate.simulation.configurations import MEASURED_S, Configuration
from tests.validate.simulation.measure import planned_run, played, records_of

LOW = Configuration("calibration", 1, 0.5, seed=6999)
"""Half a core by the built-in figures, which assume a slower machine: about a third of one."""
_IN_FLIGHT = 64
"""The service's own bound."""


def calibrated(out: Path) -> tuple[Calibration, float | None]:
    """The calibration by two runs that are played below `out`, and the time of the fixed work.

    Raises as `harness.run.play.play`.
    """
    history, rate = played(LOW, DEFAULT, out)
    probe = Probe(
        name=history.name,
        kind=ProbeKind.DEMAND,
        rate=rate,
        seconds=MEASURED_S,
        seed=LOW.seed,
        answer=Answer.UNKNOWN,
    )
    demand = measure_demand(history, _IN_FLIGHT)
    plan, _ = planned_run(LOW, DEFAULT, out)
    both = alternated(records_of(alternating(plan, rate), "calibration-alternating", out))
    low_s = demand.replica_cpu_s.value
    if low_s is None:
        raise ValueError("the CPU of a turn must be measured")
    # As at the speed that the machine had in the first run.
    high = Probe(
        name="alternating",
        kind=ProbeKind.SEARCH,
        rate=both.high_share / (low_s * both.ratio),
        seconds=MEASURED_S,
        seed=LOW.seed,
        answer=Answer.PASS,
        offered=both.high_share / (low_s * both.ratio),
        cpu_share=both.high_share,
    )
    findings = CapacityFindings(
        profile=LOW.profile, sessions="redis", seed=LOW.seed, demand=demand, probes=(probe, high)
    )
    work_s = turn_costs(history).reference_work_s
    return from_capacity.calibrate(findings, profiles.load(LOW.profile)), work_s
