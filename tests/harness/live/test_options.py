"""`--serve`, `--metrics` and `--otlp`: where a run is shown, refused before it begins."""

from __future__ import annotations

import socket

import pytest

from harness import parser
from harness.errors import ConfigError
from harness.live import options
from harness.live.messages import Address
from harness.live.options import Watching
from harness.run import read_plan
from tests.harness import command


def watching(*words: str) -> Watching:
    return options.watching(parser.build().parse_args(["readiness", *words]))


def test_nothing_is_shown_unless_it_is_asked_for() -> None:
    assert not watching().wanted


def test_a_port_is_on_the_loopback_interface() -> None:
    found = watching("--serve", "0", "--metrics", "0")
    assert found.page == found.metrics == Address("127.0.0.1", 0)


def test_another_host_must_be_named() -> None:
    assert watching("--serve", "0.0.0.0:0").page == Address("0.0.0.0", 0)
    assert watching("--metrics", "[::1]:0").metrics == Address("::1", 0)


@pytest.mark.parametrize("given", ["x", "127.0.0.1:", "70000", "-1", "1.5", "http://a:1", ""])
def test_a_word_that_is_no_port_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match=r"--metrics .*must be"):
        watching(f"--metrics={given}")


def test_a_port_that_is_taken_is_refused_before_the_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"--serve {port}: must be an address .* free"):
            watching("--serve", str(port))


@pytest.mark.parametrize("host", ["a..b", "x" * 70, "192.0.2.1"])
def test_a_host_that_is_not_this_machine_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="must be an address of this machine"):
        watching(f"--serve={host}:0")


def test_page_and_metrics_have_different_ports() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    with pytest.raises(ConfigError, match="another port than that of --serve"):
        watching("--serve", port, "--metrics", port)


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("https://otlp.test/x/", "https://otlp.test/x/v1/traces"),
        ("http://127.0.0.1:4318/v1/traces", "http://127.0.0.1:4318/v1/traces"),
        ("https://otlp.test/x?key=1", "https://otlp.test/x/v1/traces?key=1"),
    ],
)
def test_the_address_of_a_collector_is_completed(given: str, whole: str) -> None:
    assert watching("--otlp", given).collector == whole


@pytest.mark.parametrize("given", ["collector:4318", "ftp://a", "http://", "http://a:x"])
def test_an_address_that_is_no_collectors_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match=r"--otlp .*must be the http\(s\) address"):
        watching("--otlp", given)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="OTEL_EXPORTER_OTLP_HEADERS") as refused:
        watching("--otlp", "https://me:geheim@otlp.test/?key=geheim")
    assert "geheim" not in str(refused.value)


def test_a_bad_option_ends_the_command_with_104_and_leaves_no_run(tmp_path: object) -> None:
    finished = command.run_here("readiness", "--serve", "nowhere", "--out", str(tmp_path))
    assert finished.returncode == 104
    assert finished.stderr.startswith("diya: --serve nowhere: must be PORT or HOST:PORT")


def test_only_a_run_with_a_collector_carries_traces_and_its_command_names_no_option() -> None:
    words = ["readiness", "--profile", "smoke", "--seed", "1"]
    plain = read_plan.from_args(parser.build().parse_args(words))
    args = parser.build().parse_args(
        [*words, "--otlp", "http://127.0.0.1:4318", "--serve", "0", "--metrics", "0"]
    )
    traced = read_plan.from_args(args)
    assert (plain.traced, traced.traced) == (False, True)
    assert traced.description().traced is True
    assert plain.command == traced.command


@pytest.mark.parametrize(
    "given", ["authorization=Bearer%20S3CRET%0A", "a=S3CRET\u2713", "a b=S3CRET", "Bearer S3CRET=="]
)
def test_a_header_that_http_does_not_allow_is_refused_without_its_value(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", given)
    with pytest.raises(ConfigError, match="OTEL_EXPORTER_OTLP_HEADERS: each name must") as refused:
        watching("--otlp", "http://127.0.0.1:4318")
    assert "S3CRET" not in str(refused.value)
    assert not watching().wanted, "without a collector nobody sends them"
