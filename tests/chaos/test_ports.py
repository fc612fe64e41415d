from __future__ import annotations

import socket
from pathlib import Path

import pytest

from chaos.errors import ChaosConfigError
from chaos.ports import ensure_free, free_port


def test_a_free_port_is_below_the_ephemeral_range() -> None:
    kernel = Path("/proc/sys/net/ipv4/ip_local_port_range")
    low = int(kernel.read_text().split()[0]) if kernel.exists() else 49_152
    assert 1024 < free_port() < max(low, 17_000)


def test_the_same_port_is_never_handed_out_twice() -> None:
    ports = [free_port() for _ in range(200)]
    assert len(set(ports)) == 200


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(ChaosConfigError, match=f"port {port} on 127.0.0.1 is in use"):
            ensure_free(port)


def test_a_port_that_was_just_given_back_is_free() -> None:
    port = free_port()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        with socket.create_connection(("127.0.0.1", port)) as client:
            server_side, _ = listener.accept()
            server_side.close()  # closes first: this end goes to TIME_WAIT
            client.recv(1)
    ensure_free(port)


def test_a_port_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ChaosConfigError, match="port 70000 does not exist: expected 1 to 65535"):
        ensure_free(70_000)
