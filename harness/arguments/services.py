"""The options that name the user's own services, by the URIs that `adk api_server` takes."""

from __future__ import annotations

import argparse

_TAKEN = "as `adk api_server` takes it; env:NAME is the value of that variable"


def services(parser: argparse.ArgumentParser) -> None:
    """Where sessions, artifacts and memories are kept."""
    parser.add_argument(
        "--session-service-uri",
        metavar="URI",
        help="the replicas keep their sessions there instead of in --sessions, for example "
        f"postgresql+asyncpg://…, sqlite:///FILE or a scheme of your services.py: {_TAKEN}",
    )
    parser.add_argument(
        "--artifact-service-uri",
        metavar="URI",
        help=f"the replicas keep their artifacts there (default: in memory), {_TAKEN}",
    )
    parser.add_argument(
        "--memory-service-uri",
        metavar="URI",
        help=f"the replicas keep their memories there (default: in memory), {_TAKEN}",
    )
