"""The lines between a run and the process that shows it, one JSON object each."""

from __future__ import annotations

from msgspec import Struct


class Address(Struct, frozen=True):
    """A place to listen; port 0: any free one."""

    host: str
    port: int

    def url(self) -> str:
        """As a browser takes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"


class Orders(Struct, frozen=True):
    """The first line to the process: what it shows, and where."""

    run_dir: str
    page: Address | None = None
    metrics: Address | None = None
    collector: str | None = None
    """The address of an OTLP collector; here and not on the command line, because it may hold a
    key that `ps` must not show."""


class Ready(Struct, frozen=True):
    """The first line of its answer."""

    page: str | None = None
    """The address of the page."""
    metrics: str | None = None
    """The address of the metrics."""
    error: str | None = None
    """Why it cannot listen; then it has ended."""


class State(Struct, frozen=True, tag="state"):
    """The state of the run."""

    t: float
    """Run time, seconds."""
    phase: str
    left_s: float
    """Seconds to the planned end."""
    fault: str | None = None
    """The ids of the faults in progress, joined by ` + `."""


class Said(Struct, frozen=True, tag="said"):
    """A line that diya printed."""

    text: str


class Over(Struct, frozen=True, tag="over"):
    """The run has ended."""

    judged: bool
    """Whether its result is written; else the run was interrupted or broke."""


class Farewell(Struct, frozen=True):
    """The last line of the process."""

    unsent_spans: int = 0
    """Turns whose span the collector did not take."""
    why: str = ""
    """The last reason."""


Message = State | Said | Over
