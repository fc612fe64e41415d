"""`--serve`, `--metrics` and `--otlp`, checked before a run begins."""

from __future__ import annotations

import argparse
import os
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from chaos.fleet.ports import LOOPBACK
from harness.errors import ConfigError
from harness.live.messages import Address
from reports.basics.addresses import without_password, without_secrets

_TRACES = "/v1/traces"
"""The path of an OTLP collector for spans."""


_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
"""Headers by RFC 9110, sections 5.1 and 5.5."""


@dataclass(frozen=True)
class Watching:
    """How a run is shown while it lasts."""

    page: Address | None = None
    metrics: Address | None = None
    collector: str | None = None
    """The whole address to which spans are posted."""

    @property
    def wanted(self) -> bool:
        """Whether anything is to be shown."""
        return self != Watching()


def watching(args: argparse.Namespace) -> Watching:
    """The options of a run.  Raises ConfigError, also for a port that is taken."""
    page = _address("--serve", args.serve)
    metrics = _address("--metrics", args.metrics)
    if page is not None and page == metrics and page.port:
        raise ConfigError(f"--metrics {args.metrics}: must be another port than that of --serve")
    if args.otlp is not None:
        _check_headers()
    return Watching(page, metrics, _collector(args.otlp))


def _check_headers() -> None:
    """Raise ConfigError for a header of the collector that HTTP does not allow.

    The value may be a secret, and so may a name whose `=` is missing: neither is told.
    """
    # Here, because few commands send spans and each would pay for the client.
    from harness.live import exporter

    for number, (name, value) in enumerate(exporter.headers(os.environ).items(), start=1):
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ConfigError(
                f"{exporter.HEADERS_VARIABLE}: each name must be letters, digits and hyphens, and "
                f"each value one line of Latin-1, as NAME=VALUE,…; number {number} is not"
            )


def _address(option: str, given: str | None) -> Address | None:
    """`PORT` on the loopback interface, or `HOST:PORT`."""
    if given is None:
        return None
    host, _, port = given.rpartition(":")
    if not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65535:
        given = without_password(given)
        raise ConfigError(
            f"{option} {given}: must be PORT or HOST:PORT, with a port from 0 to 65535"
        )
    address = Address(host.strip("[]") or LOOPBACK, int(port))
    _check_free(option, given, address)
    return address


def _check_free(option: str, given: str, address: Address) -> None:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address.host, address.port))
    except (OSError, UnicodeError) as error:  # the latter for a host that can be no name
        reason, given = getattr(error, "strerror", None) or error, without_password(given)
        raise ConfigError(
            f"{option} {given}: must be an address of this machine that is free: {reason}"
        ) from None


def _collector(url: str | None) -> str | None:
    if url is None:
        return None
    shown = without_secrets(url)
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise ConfigError(
            f"--otlp {shown}: must be the http(s) address of an OpenTelemetry collector, for "
            "example http://127.0.0.1:4318"
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            f"--otlp {shown}: must hold no password; headers for the collector go into the "
            "environment variable OTEL_EXPORTER_OTLP_HEADERS"
        )
    if parts.path.rstrip("/").endswith(_TRACES):
        return parts._replace(fragment="").geturl()
    return parts._replace(path=parts.path.rstrip("/") + _TRACES, fragment="").geturl()
