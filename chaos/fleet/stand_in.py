"""The model stand-in of a fleet: a process that answers in place of the agent's model."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import diya_start
from chaos.fleet.ports import LOOPBACK, free_port
from chaos.fleet.process import ManagedProcess
from chaos.fleet.service_node import ServiceNode
from chaos.fleet.stand_in_control import TOKEN_VARIABLE, StandInControl

_READY_S = 20.0
LOG = "model.log"
"""The log of its process, in the folder of logs."""
KEY_PREFIX = "diya-"
"""The key of the replica r01 is `diya-r01`: by its key the stand-in knows which replica calls."""


@dataclass(frozen=True, kw_only=True)
class StandInPlan:
    """The stand-in of one fleet, before it is started."""

    arguments: tuple[str, ...] = ()
    """Of `python -m target_service.stand_in`: latency, tools, quota, script, recording."""
    calls: Path
    """The file that gets a line for each call."""
    origin: float
    """Unix epoch seconds of run time zero."""
    variables: Callable[[str, str], Mapping[str, str]]
    """Address and key → the environment that makes an unmodified agent call the stand-in."""


class StandIn(ServiceNode, ManagedProcess):
    """The process; it keeps its address and its token while the fleet lives."""

    def __init__(self, plan: StandInPlan, log: Path, env: Mapping[str, str]) -> None:
        """Nothing is started.  `env` carries the run's id, so that it cannot outlive the run."""
        self._plan = plan
        self._port = free_port()
        self._host = self._seen_as = LOOPBACK
        # The token is in the environment: every user can read a command line.
        self.token = secrets.token_urlsafe(24)
        """The token of its control."""
        super().__init__(
            "model",
            diya_start.command(
                "target_service.stand_in",
                *plan.arguments,
                *("--log", str(plan.calls.absolute())),
                *("--origin", f"{plan.origin:.6f}"),
            ),
            log=log,
            env={**env, TOKEN_VARIABLE: self.token, "PYTHONUNBUFFERED": "1"},
        )

    @property
    def url(self) -> str:
        """The address at which replicas call it."""
        return f"http://{self._seen_as}:{self._port}"

    @property
    def control(self) -> StandInControl:
        """Its control, from this machine."""
        return StandInControl(f"http://{self._host}:{self._port}", self.token)

    def variables(self, replica: str) -> dict[str, str]:
        """The environment of that replica, which makes its agent call this stand-in."""
        return dict(self._plan.variables(self.url, f"{KEY_PREFIX}{replica}"))

    def open(self, host: str = LOOPBACK, seen_as: str | None = None) -> None:
        """Start it on an address of this machine, and wait until it answers.

        `seen_as` is the host by which replicas reach that address, if it is another.  Raises
        ChaosConfigError with its own sentence when it refused an option, else ChaosError.
        """
        self._host, self._seen_as = host, seen_as or host
        self.start("--bind", f"{host}:{self._port}")
        self.wait_until(self.control.healthy, _READY_S, "ready")
