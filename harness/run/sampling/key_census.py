"""Whose keys are they?  Counts the keys of a Redis that others may write to, by their names.

A kind of key is its name with the parts that vary replaced by `*`: `chat:4711` is `chat:*`.  The
turns of the rehearsal show the kinds that a turn writes, and a name with the run's id is of the
run.  Kinds that appear only during the load, without such a name, may be somebody else's.  No name
is recorded whole: it may be a customer's.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from redis import Redis
from redis.exceptions import RedisError

from chaos.fleet.redis_client import connect
from reports.measures.key_kinds import KEYS
from reports.records import RecordWriter, RunClock, Sample

_TIMEOUT_S = 5.0
_BATCH = 1000
_MOST_KEYS = 50_000
"""In a Redis with more keys the names are not read."""
_MOST_TTLS = 5_000
_MOST_KINDS = 40
"""Kinds that are recorded; the smallest are left out."""
_MOST_WORDS = 16
"""With more different words at one place of a name, the place holds names of things or people."""
_PART = re.compile(r"[:/|.{}]+")
_WORD = re.compile(r"[A-Za-z_]{1,24}")


class KeyCensus:
    """The names of the keys before the rehearsal, after it, before the load, and at the end."""

    def __init__(self, urls: Callable[[], Sequence[str]], run_id: str) -> None:
        self._urls, self._run_id = urls, run_id
        self._before = self._names()
        self._rehearsed: frozenset[bytes] = frozenset()
        self._load = self._before

    def rehearsed(self) -> None:
        """The rehearsal is over, and the load has not begun."""
        self._load = self._names()
        if self._before is not None and self._load is not None:
            self._rehearsed = self._load - self._before

    def write(self, records: RecordWriter, clock: RunClock) -> None:
        """Record the kinds of keys; nothing if the names could not all be read."""
        now = self._names()
        if self._load is None or self._before is None or now is None:
            return
        forever = self._without_ttl(now - self._load)
        if forever is None:
            return
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        parts = {
            "first": self._before,
            "rehearsed": self._rehearsed,
            "before": self._load,
            "left": now,
        }
        kinds = kinds_of(frozenset[bytes]().union(*parts.values()))
        own = self._run_id.encode()
        for column, names in parts.items():
            for name in names:
                counts[kinds[name]][column] += 1
                counts[kinds[name]]["own"] += own in name
        for name in forever:
            counts[kinds[name]]["forever"] += 1
        columns = (*parts, "own", "forever")
        for kind, count in sorted(counts.items(), key=lambda item: -item[1]["left"])[:_MOST_KINDS]:
            values = {column: float(count[column]) for column in columns}
            records.write(Sample(clock.now(), f"{KEYS}{kind}", values))

    def _names(self) -> frozenset[bytes] | None:
        """The names of all keys; None: they are too many, or may not be read."""
        names: set[bytes] = set()
        try:
            for url in self._urls():
                with connect(url, _TIMEOUT_S, decode=False) as client:
                    if len(names) + int(str(client.dbsize())) > _MOST_KEYS:
                        return None
                    names.update(client.scan_iter(count=_BATCH))
        except RedisError:
            return None
        return frozenset(names)

    def _without_ttl(self, names: Collection[bytes]) -> list[bytes] | None:
        """Those of the names whose key has no TTL; None: that may not be read."""
        wanted, found = sorted(names)[:_MOST_TTLS], list[bytes]()
        try:
            for url in self._urls():
                with connect(url, _TIMEOUT_S, decode=False) as client:
                    found += _forever(client, wanted)
        except RedisError:
            return None
        return found


def _forever(client: Redis, names: Sequence[bytes]) -> list[bytes]:
    asking = client.pipeline(transaction=False)
    for name in names:
        asking.ttl(name)
    return [name for name, ttl in zip(names, asking.execute(), strict=True) if ttl == -1]


def kinds_of(names: Iterable[bytes]) -> dict[bytes, str]:
    """Each name with its kind: words that few others stand beside are kept, the rest is `*`."""
    split = {name: _PART.split(name.decode(errors="replace")) for name in names}
    marks = {name: _PART.findall(name.decode(errors="replace")) for name in split}
    kinds = dict.fromkeys(split, "")
    for place in range(max(map(len, split.values()), default=0)):
        here: defaultdict[str, set[str]] = defaultdict(set)
        longer = [name for name, parts in split.items() if place < len(parts)]
        for name in longer:
            if _WORD.fullmatch(split[name][place]):
                here[kinds[name]].add(split[name][place])
        crowded = {kind for kind, words in here.items() if len(words) > _MOST_WORDS}
        for name in longer:
            part, kind = split[name][place], kinds[name]
            keeps = part == "" or (_WORD.fullmatch(part) and kind not in crowded)
            mark = marks[name][place] if place < len(marks[name]) else ""
            kinds[name] = f"{kind}{part if keeps else '*'}{mark}"
    return kinds
