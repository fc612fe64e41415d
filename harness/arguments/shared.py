"""Options that several subcommands have."""

from __future__ import annotations

import argparse

import diya_options
from chaos.fleet.shapes import SHAPES, SINGLE, in_words
from harness.arguments import declared
from harness.arguments.base import whole

_LAST_LINE = "one last line: the verdict, the run directory and the headline"


def output(parser: argparse.ArgumentParser, left: str = _LAST_LINE) -> None:
    """`--quiet` or `--verbose`; `left` is printed even when quiet."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help=f"no progress: print errors and {left}",
    )
    verbose(either)


def verbose(parser: argparse._ActionsContainer) -> None:
    """`--verbose`."""
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="log diya's actions to stderr: processes, signals, faults, files; without secrets",
    )


def fleet(parser: argparse.ArgumentParser) -> None:
    """How the fleet is built."""
    parser.add_argument(
        "--replicas",
        type=whole,
        default=12,
        metavar="N",
        help="how many replicas are started (default: %(default)s)",
    )
    redis(parser)
    topology(parser)
    sessions(parser)
    parser.add_argument(
        "--agent",
        metavar="DIR",
        help="the folder of your own ADK agent, which the fleet serves instead of ShopMax's",
    )
    model(parser)
    parser.add_argument(
        "--port",
        type=whole,
        metavar="P",
        help="the balancer listens here, replicas on the ports after it (default: free ones)",
    )


def model(parser: argparse.ArgumentParser) -> None:
    """Which model answers, and how the stand-in for it behaves."""
    parser.add_argument(
        "--model",
        choices=("stand-in", "real", "own"),
        help="the model of the agent: a stand-in that diya starts, the real one (needs a key; diya "
        "shows its cost first), or the agent's own (default: stand-in with --agent, else own, "
        "which for ShopMax is the scripted model)",
    )
    parser.add_argument(
        "--latency",
        metavar="PRESET|TTFT,TOKENS/S,SIGMA",
        help="stand-in: how fast it answers, as `diya model --latency`",
    )
    parser.add_argument(
        "--tools",
        metavar="NAME,...|all|dry",
        help="stand-in: the agent's tools that are really run (default: dry, none of them)",
    )
    parser.add_argument(
        "--quota",
        metavar="PRESET|RPM[,TPM[,input]]",
        help="stand-in: requests and tokens a minute; more are refused with 429, as `diya model "
        "--quota`",
    )
    parser.add_argument(
        "--recorded",
        metavar="DIR",
        help="stand-in: answer with the replies that `diya model --record DIR` has recorded",
    )


def redis(parser: argparse.ArgumentParser) -> None:
    """Which Redis the sessions are kept in."""
    parser.add_argument(
        "--redis",
        default="auto",
        metavar="KIND|URL",
        help="the Redis server: auto, bundled (Valkey), system (redis-server on PATH), or "
        "redis://… (default: auto)",
    )


def sessions(parser: argparse.ArgumentParser) -> None:
    """Which session service the replicas have."""
    parser.add_argument(
        "--sessions",
        default="redis",
        metavar="KIND",
        help="the session service: redis (diya's own), adk-redis, memory, postgres (ADK's on a "
        "PostgreSQL that diya starts), or module:factory called with (uri, ttl_seconds) (default: "
        "%(default)s)",
    )


def aof(parser: argparse.ArgumentParser) -> None:
    """When Redis's append-only file is written to the disk."""
    parser.add_argument(
        "--aof",
        default="everysec",
        metavar="FSYNC",
        help="Redis's append-only file: off, everysec or always (default: everysec)",
    )


def authorised(parser: argparse.ArgumentParser) -> None:
    """The permission to put load on another machine."""
    declared.add(parser, diya_options.AUTHORISED)


def out(parser: argparse.ArgumentParser) -> None:
    """Where the directories of runs go."""
    parser.add_argument(
        "--out", default="runs", metavar="DIR", help="where runs are kept (default: %(default)s)"
    )


def topology(parser: argparse.ArgumentParser) -> None:
    """How Redis is set up, and the way to it."""
    parser.add_argument(
        "--proxy",
        action="store_true",
        help="put proxies in front of Redis and the replicas even if no fault needs them",
    )
    parser.add_argument(
        "--topology",
        default=SINGLE,
        metavar="SHAPE",
        help="the shape of Redis: "
        + in_words(shape.help for shape in SHAPES.values())
        + " (default: %(default)s)",
    )
    aof(parser)
    parser.add_argument(
        "--rdb", action="store_true", help="Redis writes snapshots (RDB) at its default intervals"
    )
    parser.add_argument(
        "--min-replicas",
        type=whole,
        metavar="N",
        help=in_words(name for name, shape in SHAPES.items() if shape.most_min_replicas)
        + ": a primary refuses writes that reach fewer replicas (default: 1)",
    )


def json(parser: argparse.ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="print the same as JSON, for a script")


def model_prices(parser: argparse.ArgumentParser) -> None:
    """The prices of models."""
    parser.add_argument(
        "--model-prices",
        metavar="FILE",
        help="a TOML file with your prices of models' tokens (default: diya's, with their date)",
    )
