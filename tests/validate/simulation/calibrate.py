"""The calibration: one real run at a low load, just before the predictions.

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
from tests.validate.simulation.configurations import MEASURED_S, Configuration
from tests.validate.simulation.figures import Speed
from tests.validate.simulation.measure import played, speed

LOW = Configuration("calibration", 1, 0.5, seed=6999)
"""Half a core by the built-in figures, which assume a slower machine: about a third of one."""
_IN_FLIGHT = 64
"""The service's own bound."""


def calibrated(out: Path) -> tuple[Calibration, Speed]:
    """The calibration by a run that is played below `out`, and the machine's speed in it.

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
    findings = CapacityFindings(
        profile=LOW.profile, sessions="redis", seed=LOW.seed, demand=demand, probes=(probe,)
    )
    return from_capacity.calibrate(findings, profiles.load(LOW.profile)), speed(history)
