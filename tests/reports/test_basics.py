"""Shared by several rooms: suggestions for mistyped names, and addresses."""

from __future__ import annotations

import pytest

from reports.basics.addresses import is_loopback, without_password
from reports.basics.suggestions import did_you_mean, nearest
from tests.harness.command import ROOT


def test_a_mistyped_name_gets_a_suggestion() -> None:
    assert did_you_mean("repliacs", ["replicas", "redis"]) == " (did you mean replicas?)"
    assert did_you_mean("p98", ["p99", "p95", "mean"], most=2) == " (did you mean p99 or p95?)"


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    assert did_you_mean("xyz", ["replicas", "redis"]) == ""
    assert nearest("xyz", ["replicas", "redis"]) == " (there are replicas, redis)"
    assert nearest("xyz", []) == ""


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1"])
def test_a_loopback_host_is_recognised(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "10.0.0.1", "localhost.example", "127.0.0.1.nip"])
def test_any_other_host_counts_as_elsewhere(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:p@ss@host/0", "redis://…@host/0"),
        ("user:secret@host", "…@host"),
        ("host:6379", "host:6379"),
    ],
)
def test_an_address_is_shown_without_its_user(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_one_file_searches_for_similar_names_and_one_for_loopback_addresses() -> None:
    homes: dict[str, list[str]] = {"difflib": [], ".is_loopback": []}
    for room in ("target_service", "loadtests", "chaos", "reports", "harness"):
        for path in (ROOT / room).rglob("*.py"):
            for word, found in homes.items():
                if word in path.read_text():
                    found.append(path.relative_to(ROOT / "reports" / "basics").as_posix())
    assert homes == {"difflib": ["suggestions.py"], ".is_loopback": ["addresses.py"]}
