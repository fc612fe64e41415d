"""Containers that are started at the same moment, for measurements of twelve of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from chaos.fleet.http_probe import get
from chaos.fleet.ports import LOOPBACK, free_port


@contextmanager
def replicas(client: Any, image: str, count: int, **options: Any) -> Iterator[dict[int, Any]]:
    """Port → container of so many replicas that are not started yet; none of them is left.

    They have no Redis: a replica is ready whether or not it answers.
    """
    made: dict[int, Any] = {}
    try:
        for port in [free_port() for _ in range(count)]:
            made[port] = client.containers.create(
                image,
                environment={"DIYA_REDIS_URL": f"redis://{LOOPBACK}:1/0"},
                ports={"8000/tcp": (LOOPBACK, port)},
                **options,
            )
        yield made
    finally:
        remove(list(made.values()))


def start(containers: Sequence[Any]) -> None:
    """All of them at once."""
    with ThreadPoolExecutor(len(containers)) as pool:
        list(pool.map(lambda each: each.start(), containers))


def remove(containers: Sequence[Any]) -> None:
    """Remove them with their volumes, running or not."""
    for each in containers:
        each.remove(force=True, v=True)


def answers(port: int, path: str = "/readyz") -> bool:
    """Whether this is a 200."""
    answer = get(port, path)
    return answer is not None and answer[0] == 200
