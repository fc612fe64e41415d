"""Addresses: whether one can only be this machine, and how one is shown."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from urllib.parse import SplitResult

AROUND = " \t\r\n\"'`<>\u00a0\u200b\ufeff\u201c\u201d\u2018\u2019"
"""Characters that come along when an address is copied."""
_USER = re.compile(r"(\w://)\S+@")
_TAIL = re.compile(r"[?#]")
_PORTS = {"http": 80, "https": 443}


def is_loopback(host: str) -> bool:
    """Whether a host name or IP address can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an address.  Raises ValueError for a port that cannot be."""
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)


def without_password(url: str) -> str:
    """The address without user and password, for people to read."""
    before, at, after = url.rpartition("@")
    scheme, colon, _ = before.partition("://")
    return f"{scheme if colon else ''}{colon}…@{after}" if at else url


def without_secrets(url: str) -> str:
    """The address without user, password, query and fragment, in which people put keys, too."""
    return _TAIL.split(without_password(url), maxsplit=1)[0]


def without_passwords(text: str) -> str:
    """The text without the users and passwords of the addresses in it."""
    return _USER.sub(r"\1…@", text)
