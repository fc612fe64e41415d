"""`--replay RUN_DIR`: plays the load, the fleet and the faults of a stored run again."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Annotated

from msgspec import UNSET, Meta

from chaos.fleet.shapes import SHAPES, SINGLE, in_words
from diya_options import flag
from harness import parser
from harness.errors import ConfigError
from harness.run.directory import rundir
from harness.run.model import model_options
from harness.run.options import service_uris
from harness.run.options.reproduce import REPLAYED, SETTINGS
from loadtests.profiles import journeys, profile
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.model_cost import prices
from reports.model_cost.price_file import PriceError
from reports.model_cost.prices import ModelPrices
from reports.records import run_file
from reports.records.errors import HistoryError
from reports.records.run_description import (
    NO_REDIS,
    Counted,
    RunDescription,
    TopologyDescription,
    Whole,
)


class _OwnTopology(TopologyDescription, frozen=True, kw_only=True):
    replicas: Counted
    redis: Annotated[
        str,
        Meta(
            pattern=f"^({'|'.join((*SHAPES, NO_REDIS))})$",
            description=f"that of a fleet of its own ({in_words()})",
        ),
    ]


class _Replayable(RunDescription, frozen=True, kw_only=True):
    """A run whose description is complete enough to play it again."""

    seed: Whole
    sessions: Annotated[
        str, Meta(pattern="^(?!unknown$)", description="that of a fleet of its own")
    ]
    topology: _OwnTopology


def filled_in(args: argparse.Namespace) -> argparse.Namespace:
    """The options, filled in from the run.  Sets the run's settings of the service in `os.environ`.

    Raises ConfigError for a directory without such a run, and for options whose value comes from
    the run.
    """
    run_dir = Path(args.replay)
    defaults = vars(parser.build().parse_args(["readiness"]))
    if given := parser.given(args, REPLAYED, parser.readiness_options()):
        raise ConfigError(f"{flag(given[0])}: must not be given with --replay; the run has its own")
    run = _read(run_dir)
    # Settings of other versions are ignored.
    os.environ.update({name: run.service[name] for name in SETTINGS if name in run.service})
    topology = run.topology
    experiment = run_dir / rundir.EXPERIMENT_FILE
    taken = {
        "seed": run.seed,
        "replicas": topology.replicas,
        # Where a URI says where they are, this is only its scheme.
        "sessions": defaults["sessions"] if "sessions" in (run.services or {}) else run.sessions,
        "topology": SINGLE if topology.redis == NO_REDIS else topology.redis,
        "aof": topology.aof or defaults["aof"],
        "rdb": bool(topology.rdb),
        # The factor that the run's profile already includes; 1 if the run was not sized.
        "scale": f"{1.0 if run.sizing is None else run.sizing.factor:.17g}",
        "min_replicas": None if topology.min_replicas is UNSET else topology.min_replicas,
        "proxy": bool(topology.proxy),
        "agent": args.agent or run.agent,
        "checkout": args.checkout or (None if run.checkout is UNSET else run.checkout),
        **model_options.filled_in(args, run.model, args.agent or run.agent),
        **service_uris.filled_in(args, run.services),
        "experiment": args.experiment or (str(experiment) if experiment.is_file() else "none"),
    }
    return argparse.Namespace(**{**vars(args), **taken})


def load(run_dir: Path) -> tuple[Profile, Book | None]:
    """The load of the run, journeys of its own included.  Raises ConfigError or ProfileError."""
    run, where = _read(run_dir), run_dir / run_file.FILE
    book = None
    if run.journeys is not None:
        book = journeys.from_dict(run.journeys, f"{where} journeys")
    known = None if book is None else book.journeys
    return profile.from_dict(run.profile, f"{where} profile", known), book


def slo_overrides(run_dir: Path) -> dict[str, float]:
    """The limits that `--slo` set for the run, each with the profile's own value.

    Raises ConfigError.
    """
    return _read(run_dir).slo_overrides


def model_prices(run_dir: Path) -> ModelPrices | None:
    """The prices of models that the run was given; None: it was given none.  Raises ConfigError."""
    given = _read(run_dir).model_prices
    try:
        return None if given is UNSET else prices.from_dict(given, "run.json: model_prices")
    except PriceError as error:
        raise ConfigError(f"--replay {error}") from None


def _read(run_dir: Path) -> _Replayable:
    try:
        return run_file.read(run_dir, _Replayable)
    except HistoryError as error:
        raise ConfigError(f"--replay {error}") from None
