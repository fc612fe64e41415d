"""The load of `--env compose`, played by the Locust containers of the file."""

from __future__ import annotations

from chaos.containers.compose_fleet import ComposeFleet
from harness.errors import GeneratorError

_END_S = 10.0


class ComposedLoad:
    """What `harness.run.generator.Generator` is, in containers on the same run directory."""

    def __init__(self, fleet: ComposeFleet) -> None:
        """Start it.  Raises ChaosError."""
        self._master = fleet.locust
        fleet.start_load()

    @property
    def exit_code(self) -> int | None:
        """What the master ended with; None while it runs."""
        return self._master.exit_code

    @property
    def running(self) -> bool:
        """Whether the master still runs."""
        return self._master.running

    def check_started(self) -> None:
        """Raise GeneratorError with the end of its log if the master has ended already."""
        if not self.running:
            lines = "\n".join(self._master.log_tail())
            raise GeneratorError(f"the load generator did not start:\n{lines}")

    def stop(self) -> None:
        """Ask the master to end, so that it writes what it knows; its workers end with it."""
        if self.running:
            self._master.terminate(_END_S)
