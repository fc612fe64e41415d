"""The options that show a run while it lasts."""

from __future__ import annotations

import argparse

PAGE_PORT = 8910
"""The port of `--serve` without one."""


def watching(parser: argparse.ArgumentParser) -> None:
    """`--serve`, `--metrics` and `--otlp`."""
    parser.add_argument(
        "--serve",
        nargs="?",
        const=str(PAGE_PORT),
        metavar="[HOST:]PORT",
        help="show the report while the run lasts, on a page of this machine "
        f"(default port: {PAGE_PORT}; 0: any free one); HOST lets other machines read it",
    )
    parser.add_argument(
        "--metrics",
        metavar="[HOST:]PORT",
        help="serve metrics of the run for Prometheus at /metrics while it lasts",
    )
    parser.add_argument(
        "--otlp",
        metavar="URL",
        help="send every turn as a span to this OpenTelemetry collector (OTLP/HTTP, JSON), and "
        "its trace to the agent in the header traceparent; headers for the collector are in "
        "OTEL_EXPORTER_OTLP_HEADERS",
    )
