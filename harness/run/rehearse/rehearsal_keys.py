"""Removes the keys that a rehearsal leaves in diya's own Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from redis.exceptions import RedisError

from chaos.fleet.redis_client import connect

_TIMEOUT_S = 5.0
_BATCH = 500


@contextmanager
def no_new_keys(urls: Callable[[], Sequence[str]]) -> Iterator[None]:
    """Remove every key that appears inside the block and is still there at its end.

    Sessions are deleted through the service, but its other keys (an index of users, state of the
    app) would stay until their TTL.  `urls` gives the servers that take writes, all of them
    started by diya; a server that does not answer is left as it is.
    """
    before = {url: _keys(url) for url in urls()}
    try:
        yield
    finally:
        for url, known in before.items():
            _remove(url, known)


def _keys(url: str) -> set[bytes] | None:
    try:
        with connect(url, _TIMEOUT_S, decode=False) as client:
            return set(client.scan_iter(count=_BATCH))
    except RedisError:
        return None


def _remove(url: str, known: set[bytes] | None) -> None:
    if known is None:
        return
    try:
        with connect(url, _TIMEOUT_S, decode=False) as client:
            new = [key for key in client.scan_iter(count=_BATCH) if key not in known]
            for key in new:  # one by one: those of a cluster are in different slots
                client.unlink(key)
    except RedisError:
        return
