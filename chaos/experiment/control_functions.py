"""The functions that a fleet's control endpoint offers: every fault, and every probe."""

from __future__ import annotations

import random
import time
from functools import partial
from typing import Any

from msgspec.structs import asdict

from chaos.errors import ChaosConfigError, ChaosError
from chaos.experiment.control import Functions
from chaos.experiment.fleet_probes import PROBES
from chaos.faults.base import Fault, perform
from chaos.faults.catalogue import FAULTS
from chaos.fleet.environment import SystemUnderTest
from reports.records import RunClock


def functions(fleet: SystemUnderTest) -> Functions:
    """The actions and probes of this fleet."""
    return {
        "actions": {name: partial(_perform_now, fleet, kind) for name, kind in FAULTS.items()},
        "probes": {name: partial(probe, fleet) for name, probe in PROBES.items()},
    }


def _perform_now(fleet: SystemUnderTest, kind: type[Fault], /, **arguments: Any) -> dict[str, Any]:
    """Do a fault now; its window as a dict.

    Raises ChaosConfigError when it can never be done to this fleet, ChaosError when it failed.
    """
    fault = kind(**arguments)
    try:
        fault.check(fleet)
    except ValueError as error:
        raise ChaosConfigError(str(error)) from error
    window = perform(f"{fault.kind}-1", fault, fleet, RunClock(time.time()), random.Random())
    if window.error:
        raise ChaosError(window.error)
    return asdict(window)
