"""Slow turns concentrated on one replica, or on one shard of a cluster."""

from __future__ import annotations

from binascii import crc_hqx
from collections import Counter
from typing import TypeVar
from urllib.parse import quote

from reports.diagnosis.scene import Cause, Scene

T = TypeVar("T")

_SLOTS = 16384
_FEWEST = 5
_MOST_OF_THEM = 0.6
_TWICE = 2.0
"""A replica that answers a larger share of all turns may have half of the slow ones by chance."""


def one_replica(scene: Scene) -> Cause | None:
    """The last attempts of most waiting turns went to one replica."""
    counts = Counter(turn.replica for turn in scene.turns if turn.replica is not None)
    turns = scene.history.turns
    names = turns.replicas
    everywhere = Counter(name for n in turns.replica if (name := names[n]) is not None)
    found = _standing_out(counts, everywhere)
    if found is None:
        return None
    name, count = found
    told = f"{count} of {len(scene.turns)} turns that waited were asked of {name}"
    share = everywhere[name] / max(1, everywhere.total())
    return Cause("one_replica", f"{told}, which answered {share:.0%} of all turns")


def one_shard(scene: Scene) -> Cause | None:
    """Most of the waiting turns belong to sessions of one shard."""
    run = scene.history.run
    all_shards = run.topology.shard_count
    if all_shards is None or run.sessions != "redis" or run.app is None:
        return None
    shards = {
        record.conversation: _shard(run.app, record.user, all_shards)
        for record in scene.history.conversations
    }
    counts = Counter(shards[t.conversation] for t in scene.turns if t.conversation in shards)
    everywhere = Counter(shards[n] for n in scene.history.turns.conversation if n in shards)
    found = _standing_out(counts, everywhere)
    if found is None:
        return None
    shard, count = found
    told = f"{count} of {len(scene.turns)} turns that waited had their session on shard {shard}"
    return Cause("one_shard", f"{told} of {all_shards}")


def _standing_out(counts: Counter[T], everywhere: Counter[T]) -> tuple[T, int] | None:
    """The item with most of the counted turns, if that is twice its share of all turns."""
    if len(everywhere) < 2 or counts.total() < _FEWEST:
        return None
    name, count = counts.most_common(1)[0]
    share, usual = count / counts.total(), everywhere[name] / everywhere.total()
    return (name, count) if share >= max(_MOST_OF_THEM, min(0.9, _TWICE * usual)) else None


def _shard(app: str, user: str, shards: int) -> int:
    """The number of the shard, from 1, by the hash tag of the user's keys."""
    tag = f"{quote(app, safe='')}/{quote(user, safe='')}"
    return crc_hqx(tag.encode(), 0) % _SLOTS * shards // _SLOTS + 1
