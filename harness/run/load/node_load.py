"""The load that a node of the fleet plays, such as Locust's master in a container."""

from __future__ import annotations

from chaos.fleet.parts import LoadNode
from harness.errors import GeneratorError

_END_S = 10.0


class NodeLoad:
    """As `harness.run.load.generator.Generator`, for a generator that the fleet has started."""

    def __init__(self, master: LoadNode) -> None:
        self._master = master

    @property
    def exit_code(self) -> int | None:
        """The master's exit code; None while it runs."""
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
        """Ask the master to end, so that it writes its last records; its workers end with it."""
        if self.running:
            self._master.terminate(_END_S)
