"""The common part of nodes that run a service: readiness, and a configuration refused."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.http_probe import get
from chaos.fleet.waiting import Awaitable
from reports.basics.exit_codes import ExitCode

_CONFIG_PREFIX = "diya: config: "


class ServiceNode(Awaitable):
    """A node that may refuse its configuration, in a sentence in its log."""

    def died(self, state: str) -> ChaosError:
        """As of any node; a ChaosConfigError with its own sentence when it refused."""
        refusal = _config_refusal(self.exit_code, self.log_tail())
        return ChaosConfigError(refusal) if refusal else super().died(state)


class HttpReplica(ServiceNode):
    """A replica, which says by HTTP on a port of loopback that it is ready."""

    port: int
    health_path: str

    def ready(self) -> bool:
        """Whether it says that it is ready, now."""
        answer = get(self.port, self.health_path)
        return answer is not None and answer[0] == 200

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Wait until it is ready.

        Raises ChaosConfigError with the replica's own sentence when it refused its configuration,
        ChaosError with the end of its log when it ended or `timeout` seconds passed.
        """
        self.wait_until(self.ready, timeout, "ready")

    def check_alive(self) -> None:
        """Raise as `wait_ready` does when it has ended."""
        if not self.running:
            raise self.died("ready")


def _config_refusal(exit_code: int | None, log: Sequence[str]) -> str | None:
    """The sentence with which a service refused its configuration; None when it did not."""
    if exit_code == ExitCode.BAD_CONFIGURATION:
        for line in reversed(log):
            if line.startswith(_CONFIG_PREFIX):
                return line.removeprefix(_CONFIG_PREFIX).strip()
    return None
