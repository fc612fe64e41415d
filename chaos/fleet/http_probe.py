"""A GET to a process of the fleet, for probes: short, never retried."""

from __future__ import annotations

import http.client

from chaos.fleet.ports import LOOPBACK


def get(
    port: int, path: str, timeout: float = 2.0, host: str = LOOPBACK
) -> tuple[int, bytes] | None:
    """Status and body of `http://<host>:<port><path>`; None when there is no answer.

    `timeout` is in seconds and covers each step of the exchange.
    """
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
