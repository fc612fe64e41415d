"""A target that diya did not start: its model may be a stand-in, its faults are the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn

from chaos.errors import ChaosConfigError
from chaos.fleet.active_faults import ActiveFaults
from chaos.fleet.environment import (
    Balancer,
    DatabaseNode,
    LoadSwitch,
    ModelSwitch,
    Network,
    RedisStore,
    ReplicaNode,
)
from chaos.fleet.undoing import UndoKeeper

INSTEAD = (
    "use an action of your own (docs/break-your-staging.md), or name its pods by --fleet and "
    "--redis-fleet"
)


class TargetSystem:
    """The system under test of a run against a target; it shows no replica and no Redis."""

    def __init__(
        self,
        app: str,
        model: ModelSwitch | None,
        load: LoadSwitch,
        process_env: Mapping[str, str],
        undo_keeper: UndoKeeper,
        headers_for: Callable[[str], Mapping[str, str]] = lambda _: {},
    ) -> None:
        """Nothing is sent.  `process_env` is that of processes that must not outlive the run.

        `headers_for` gives the headers by which a call of an address gets in.
        Without a `model` its model can have no faults.  `undo_keeper` heals it if the harness dies.
        """
        self.app = app
        self._model = model
        self.load = load
        self.process_env = process_env
        self.undo_keeper = undo_keeper
        self._headers_for = headers_for
        self.active_faults = ActiveFaults()
        self.replicas: Mapping[str, ReplicaNode] = {}

    @property
    def capabilities(self) -> frozenset[str]:
        """Those of its model.  (Its load can be prolonged; faults of the load are not offered.)"""
        return frozenset() if self._model is None else self._model.capabilities

    def headers_for(self, url: str) -> Mapping[str, str]:
        """Those of the run, if the address is the target's own."""
        return self._headers_for(url)

    @property
    def model(self) -> ModelSwitch:
        """The switch of its model.  Raises ChaosConfigError where diya does not answer for it."""
        if self._model is None:
            self._hidden("model")
        return self._model

    @property
    def redis(self) -> RedisStore:
        """Raises ChaosConfigError."""
        self._hidden("Redis")

    @property
    def database(self) -> DatabaseNode:
        """A target's database takes no faults of the catalogue.  Raises ChaosConfigError."""
        raise ChaosConfigError("the database of a target takes no faults of the catalogue")

    @property
    def balancer(self) -> Balancer:
        """Raises ChaosConfigError."""
        self._hidden("balancer")

    @property
    def network(self) -> Network:
        """Raises ChaosConfigError."""
        self._hidden("network")

    def wait_balanced(self, timeout: float = 10.0) -> None:
        """Nothing to wait for: whether it is ready again is the fault's to ask."""

    def _hidden(self, part: str) -> NoReturn:
        # Raised by the check before the load too, so it is the user's input that is wrong.
        raise ChaosConfigError(
            f"the {part} of a --target cannot be seen, so it takes no fault of the catalogue; "
            f"{INSTEAD}"
        )
