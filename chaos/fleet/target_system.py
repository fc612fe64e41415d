"""A target that diya did not start, whose model is a stand-in: only its model can have faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from chaos.errors import ChaosError
from chaos.fleet.active_faults import ActiveFaults
from chaos.fleet.environment import (
    Balancer,
    LoadSwitch,
    ModelSwitch,
    Network,
    RedisStore,
    ReplicaNode,
)


class TargetSystem:
    """The system under test of a run against a target; it shows no replica and no Redis."""

    def __init__(
        self, app: str, model: ModelSwitch, load: LoadSwitch, process_env: Mapping[str, str]
    ) -> None:
        """Nothing is sent.  `process_env` is that of processes that must not outlive the run."""
        self.app = app
        self.model = model
        self.load = load
        self.process_env = process_env
        self.active_faults = ActiveFaults()
        self.replicas: Mapping[str, ReplicaNode] = {}

    @property
    def capabilities(self) -> frozenset[str]:
        """Those of its model.  (Its load can be prolonged; faults of the load are not offered.)"""
        return self.model.capabilities

    @property
    def redis(self) -> RedisStore:
        """Raises ChaosError."""
        self._hidden("Redis")

    @property
    def balancer(self) -> Balancer:
        """Raises ChaosError."""
        self._hidden("balancer")

    @property
    def network(self) -> Network:
        """Raises ChaosError."""
        self._hidden("network")

    def wait_balanced(self, timeout: float = 10.0) -> None:
        """Nothing to wait for: no fault takes a replica away."""

    def _hidden(self, part: str) -> NoReturn:
        raise ChaosError(f"the {part} of a --target cannot be seen")
