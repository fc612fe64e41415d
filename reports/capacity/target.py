"""The load that the answer is for, as numbers: a rate, or the night of a profile."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from reports.figures.figure import Figure, Label

NonEmpty = Annotated[str, Meta(min_length=1)]


class Moment(Struct, frozen=True, kw_only=True):
    """The planned load at one moment of the night; real time, not compressed."""

    hour: float
    """Hours after the start of the load."""
    turns_per_s: float
    live_sessions: float


class Opening(Struct, frozen=True, kw_only=True):
    """The steepest rise of the night: what autoscaling must keep up with."""

    at_hour: float
    """Hours after the start of the load."""
    before_turns_per_s: float
    """The rate when the rise begins."""
    top_turns_per_s: float
    """The rate when it ends."""
    seconds: float
    """How long it takes."""


class Target(Struct, frozen=True, kw_only=True):
    """A load to plan for.

    Loadtests' curves are turned into these numbers by the harness: nothing here knows a profile.
    """

    name: NonEmpty
    """For example `840 turns/s`, or `diwali, 10,000,000 conversations`."""
    turns_per_s: Figure
    """The rate to carry: for a profile the 95th percentile over seeds of its peak."""
    turns_per_conversation: float
    live_sessions: Figure
    """The most sessions within their TTL at once."""
    turns_per_session: float | None = None
    """The mean number of stored turns of a live session; None: as in the measured Redis."""
    ttl_s: float
    """Seconds that a session lives after its last turn; real time."""
    conversations: Figure | None = None
    """Of the whole night; None: the target is a rate."""
    hours: float | None = None
    """The length of the night; None: the target is a rate."""
    night: tuple[Moment, ...] = ()
    """The course of the night, in order; empty for a rate."""
    opening: Opening | None = None

    def as_given(self) -> Target:
        """The target for calculations: the load is the question, not a part of the answer.

        Its figures do not weaken the label of what is derived from them.
        """
        return replace(
            self,
            turns_per_s=_given(self.turns_per_s),
            live_sessions=_given(self.live_sessions),
            conversations=None if self.conversations is None else _given(self.conversations),
        )


def _given(figure: Figure) -> Figure:
    return figure if figure.value is None else replace(figure, label=Label.MEASURED)


class Today(Struct, frozen=True, kw_only=True):
    """The fleet of today, as the user describes it."""

    replicas: int | None = None
    """None: not said; the sheet tells what is needed."""
    shards: int = 1


class Assumptions(Struct, frozen=True, kw_only=True):
    """Planning constants; each is shown where it counts."""

    zones: int = 3
    """Availability zones over which the replicas are spread evenly."""
    rollout: int = 1
    """Replicas that are away at once during a rolling restart."""
    utilisation: float = 0.7
    """The share of a replica's sustainable load at which autoscaling adds replicas."""
    shard_utilisation: float = 0.7
    """The share of its sustainable load up to which a shard of Redis is planned."""
    maxmemory_share: float = 0.7
    """`maxmemory` as a share of a node's memory (managed services reserve 25 to 30 %)."""
    scrape_s: float = 30.0
    """Seconds until a metric reaches the autoscaler: its period of 15 s, and one scrape."""
    history_more: float = 0.5
    """What if: this share more history a conversation."""
    model_slower: float = 3.0
    """What if: the model takes this many times as long."""
