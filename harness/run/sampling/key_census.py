"""Whose keys are they?  Counts the keys of a Redis that others may write to, by their names.

A kind of key is its name with the parts that vary replaced by `*`: `chat:4711` is `chat:*`.  The
turns of the rehearsal show the kinds that a turn writes, and a name with the run's id is of the
run.  Kinds that appear only during the load, without such a name, may be somebody else's.  No name
is recorded whole: it may be a customer's.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from redis import Redis
from redis.exceptions import RedisError

from chaos.fleet.redis_client import connect
from reports.measures.key_kinds import KEYS
from reports.records import RecordWriter, RunClock, Sample

_TIMEOUT_S = 5.0
_BATCH = 1000
_MOST_KEYS = 50_000
"""In a Redis with more keys the names are not read."""
_MOST_ASKED = 5_000
"""Keys whose TTL and size are asked for; the rest of a kind counts like them."""
_MOST_KINDS = 40
"""Kinds that are recorded; the smallest are left out."""
_MOST_WORDS = 16
"""With more different words at one place of a name, the place holds names of things or people."""
_PART = re.compile(r"[:/|.{}]+")
_WORD = re.compile(r"[A-Za-z_]{1,24}")


class _Ask(NamedTuple):
    """A question about one key."""

    command: tuple[str, ...]
    read: Callable[[int], float]


_FOREVER = _Ask(("TTL",), lambda ttl: float(ttl == -1))
_SIZE = _Ask(("MEMORY", "USAGE"), float)


class KeyCensus:
    """The names of the keys before the rehearsal, after it, before the load, and at the end."""

    def __init__(self, urls: Callable[[], Sequence[str]], run_id: str) -> None:
        self._urls, self._run_id = urls, run_id
        self._before = self._names()
        self._rehearsed: frozenset[bytes] = frozenset()
        self._load = self._before
        self._sizes: dict[bytes, float] | None = None

    def rehearsed(self) -> None:
        """The rehearsal is over, and the load has not begun."""
        self._load = self._names()
        if self._before is not None and self._load is not None:
            self._rehearsed = self._load - self._before
            self._sizes = self._asked(self._load, _SIZE)

    def write(self, records: RecordWriter, clock: RunClock) -> None:
        """Record the kinds of keys; nothing if the names could not all be read."""
        now = self._names()
        if self._load is None or self._before is None or now is None:
            return
        forever = self._asked(now - self._load, _FOREVER)
        sizes = self._asked(now, _SIZE)
        if forever is None or sizes is None or self._sizes is None:
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
        for name, is_forever in forever.items():
            counts[kinds[name]]["forever"] += bool(is_forever)
        columns = (*parts, "own", "forever")
        before = _totals(
            self._sizes, kinds, {kind: each["before"] for kind, each in counts.items()}
        )
        left = _totals(sizes, kinds, {kind: each["left"] for kind, each in counts.items()})
        for kind, count in sorted(counts.items(), key=lambda item: -item[1]["left"])[:_MOST_KINDS]:
            values = {column: float(count[column]) for column in columns}
            values |= {"bytes_before": before.get(kind, 0.0), "bytes_left": left.get(kind, 0.0)}
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

    def _asked(self, names: Collection[bytes], ask: _Ask) -> dict[bytes, float] | None:
        """The answer for each of these keys, the first ones of many; None: they may not be read."""
        wanted, found = sorted(names, key=hash)[:_MOST_ASKED], dict[bytes, float]()
        try:
            for url in self._urls():
                with connect(url, _TIMEOUT_S, decode=False) as client:
                    found |= _answers(client, wanted, ask)
        except RedisError:
            return None
        return found


def _answers(client: Redis, names: Sequence[bytes], ask: _Ask) -> dict[bytes, float]:
    asking: Any = client.pipeline(transaction=False)
    for name in names:
        asking.execute_command(*ask.command, name)
    # A key of another server of a cluster, or one that is gone, has no answer.
    answers = zip(names, asking.execute(raise_on_error=False), strict=True)
    return {name: ask.read(answer) for name, answer in answers if isinstance(answer, int)}


def _totals(
    each: Mapping[bytes, float], kinds: Mapping[bytes, str], counts: Mapping[str, int]
) -> dict[str, float]:
    """The sum over all keys of a kind, from those that were asked."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for name, value in each.items():
        found[kinds[name]].append(value)
    return {kind: sum(values) / len(values) * counts[kind] for kind, values in found.items()}


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
