"""Requests through a link that show how it is disturbed."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import redis

from chaos.fleet.redis_client import connect

Address = tuple[str, int]

PATIENCE_S = 1.5
"""The longest wait for an answer."""


def answer(address: Address, ask: bytes, patience: float = PATIENCE_S) -> tuple[float, str]:
    """Ask once: the seconds that it took, and how it ended.

    `whole`, `silence`, `reset`, `closed` (before the answer was whole), or `refused`: nobody
    listens there.
    """
    begun = time.monotonic()
    try:
        with socket.create_connection(address, patience) as connection:
            connection.settimeout(patience)
            connection.sendall(ask)
            heard = b""
            while not heard.endswith(b"\r\n") and b"\r\n\r\n" not in heard:
                more = connection.recv(4096)
                if not more:
                    return time.monotonic() - begun, "closed"
                heard += more
                if time.monotonic() - begun > patience:
                    return time.monotonic() - begun, "silence"
            outcome = "whole"
    except TimeoutError:
        outcome = "silence"
    except (ConnectionResetError, BrokenPipeError):
        outcome = "reset"
    except OSError:
        outcome = "refused"
    return time.monotonic() - begun, outcome


def stays_open(address: Address, ask: bytes, patience: float) -> float | None:
    """For how many seconds the link stays open after an answer whose sender then closed it.

    None: nothing came, or it was still open after `patience` seconds.
    """
    try:
        with socket.create_connection(address, patience) as connection:
            connection.settimeout(patience)
            connection.sendall(ask)
            if not connection.recv(65536):
                return None
            heard = time.monotonic()
            while connection.recv(65536):
                pass
            return time.monotonic() - heard
    except OSError:
        return None


def echo(address: Address, url: str, size: int, patience: float) -> float | None:
    """The seconds that Redis takes to send this many bytes back; None: they do not come.

    `url` is where its password stands.
    """
    password = urlsplit(url).password or ""
    host, port = address
    try:
        with connect(f"redis://:{password}@{host}:{port}", patience) as client:
            client.ping()  # the login is not measured
            begun = time.monotonic()
            client.echo("x" * size)
            return time.monotonic() - begun
    except redis.RedisError:
        return None
