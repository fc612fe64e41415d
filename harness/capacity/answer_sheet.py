"""Makes the answer sheet of a capacity run, and writes it beside `capacity.json`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.capacity import fleet_simulation, plan_night
from harness.errors import ConfigError
from harness.run.options import option_values
from loadtests.profiles import profile as profiles
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.basics.exit_codes import ExitCode
from reports.capacity import prices
from reports.capacity.answer import AnswerSheet, Verdict
from reports.capacity.findings import Asked, CapacityFindings
from reports.capacity.sheet import build
from reports.capacity.target import Assumptions, Target, Today
from reports.model_cost.price_file import PriceError
from reports.model_cost.prices import ModelPrices
from reports.render.answer import files

HIGHEST_RATE = 1e7
EXIT_CODES = {
    Verdict.GO: ExitCode.GO,
    Verdict.NO_GO: ExitCode.NO_GO,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, read and found to be answerable."""

    target: Target
    today: Today
    zones: int
    prices: prices.Prices
    model_prices: ModelPrices | None
    """None: those of diya."""


def question(asked: Asked, profile: Profile, book: Book | None = None) -> Question:
    """The question about a run with this profile and its journeys.

    Raises ConfigError or ProfileError, one sentence, for a question that cannot be answered.
    """
    return Question(
        prices=read_prices(asked.prices),
        model_prices=option_values.model_prices(asked.model_prices),
        target=target_of(asked, profile, book),
        today=Today(replicas=asked.replicas_now, shards=asked.shards_now),
        zones=asked.zones,
    )


def make(
    run_dir: Path,
    findings: CapacityFindings,
    question: Question,
    profile: Profile,
    book: Book | None = None,
) -> AnswerSheet:
    """The sheet; `profile` is that of the probes, `book` holds its journeys.

    Raises ConfigError for a calibration in the directory that cannot be used.
    """
    return build(
        findings,
        question.target,
        question.today,
        question.prices,
        run=run_dir.name,
        assumptions=Assumptions(zones=question.zones),
        simulation=None
        if findings.target is not None
        else fleet_simulation.simulation(run_dir, findings.seed, profile, book),
        model_prices=question.model_prices,
    )


def write(run_dir: Path, sheet: AnswerSheet) -> ExitCode:
    """Write answer.json, answer.md and report.html; returns the exit code of the verdict."""
    files.write_all(run_dir, sheet)
    return EXIT_CODES[sheet.verdict]


def read_prices(path: str | None) -> prices.Prices:
    """The user's prices, or diya's for None.  Raises ConfigError, one sentence."""
    try:
        return prices.read() if path is None else prices.read(Path(path))
    except PriceError as error:
        raise ConfigError(f"--prices {error}") from None


def target_of(asked: Asked, profile: Profile, book: Book | None = None) -> Target:
    """The load to plan for.

    Raises ConfigError or ProfileError, one sentence.
    """
    if asked.load is None:
        return plan_night.night_target(profile, asked.conversations, book)
    number, _, unit = asked.load.strip().partition(" ")
    try:
        rate = float(number)
    except ValueError:
        other = profiles.load(asked.load, None if book is None else book.journeys)
        return plan_night.night_target(other, asked.conversations, book)
    if asked.conversations is not None:
        raise ConfigError(
            f"--conversations {asked.conversations:,.10g}: must be given with a profile, got the "
            f"rate {asked.load!r}"
        )
    if unit not in ("", "turns/s", "conversations/s"):
        raise ConfigError(
            f"--for {asked.load}: the unit must be turns/s or conversations/s, got {unit!r}"
        )
    if not 0 < rate <= HIGHEST_RATE:
        raise ConfigError(
            f"--for {asked.load}: must be above 0, at most {HIGHEST_RATE:,.0f}, got {number}"
        )
    if unit == "conversations/s":
        rate *= profile.conversation.expected_turns
    return plan_night.rate_target(rate, profile, book)


def amount(text: str, option: str) -> float:
    """A number that may end in K, M or G (`10M`).  Raises ConfigError, one sentence."""
    factors = {"K": 1e3, "M": 1e6, "G": 1e9}
    factor = factors.get(text[-1:].upper(), 1.0)
    try:
        return float(text[:-1] if factor > 1 else text) * factor
    except ValueError:
        raise ConfigError(f"{option}: must be a number such as 10M, got {text!r}") from None
