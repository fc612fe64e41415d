"""Plays a whole profile: with the records of a run, or for the statistics alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from loadtests.simulation import plans, recording
from loadtests.simulation.calibration import Calibration
from loadtests.simulation.engine import Engine, Progress, SetUp, simulate
from loadtests.simulation.faults import Fault, windows
from loadtests.simulation.statistics import Outcomes, Statistics
from reports.records import Recorder

EXACT = 20_000
"""Up to this many conversations are those of a real load of the same seed; a larger load draws its
conversations from planned ones."""
_MOST_READINGS = 600


def set_up(
    profile: Profile,
    calibration: Calibration,
    *,
    replicas: int,
    cores: int | None = None,
    faults: Sequence[Fault] = (),
) -> SetUp:
    """The set-up for a profile: its TTL, its customers' patience, its limit of the latency."""
    talk = profile.conversation
    seconds = profile.load_seconds + profile.real_ttl_seconds
    return SetUp(
        load_s=profile.load_seconds,
        ttl_s=profile.real_ttl_seconds,
        calibration=calibration,
        replicas=replicas,
        cores=cores,
        deadline_s=talk.deadline_s,
        attempt_timeout_s=talk.attempt_timeout_s,
        most_open=profile.max_open,
        faults=faults,
        latency_limit_s=profile.slo["steady_p99_s"],
        drains=True,
        sample_s=max(1.0, seconds / _MOST_READINGS),
    )


def record(
    set_up: SetUp,
    profile: Profile,
    seed: int,
    recorder: Recorder,
    *,
    run_id: str,
    book: Book | None = None,
    progress: Progress | None = None,
) -> Outcomes:
    """Simulate the conversations of a real load of this profile and seed, and write the records.

    Everything but `run.json`, which the caller writes first.  Raises OSError as the recorder.
    """
    set_up = replace(set_up, sample_s=1.0)
    talks = list(plans.exact(profile, seed, set_up.calibration, book, run_id))
    statistics = Statistics(measured_from=set_up.warm_up_s, measured_to=set_up.load_s)
    watch = recording.Recording(recorder, statistics, len(talks), set_up.ttl_s, seed)
    engine = Engine(set_up, iter(talks), statistics, watch, progress)
    engine.run()
    hit = windows(set_up.faults, set_up.calibration.start_s)
    audited = watch.finish(profile, len(talks), hit)
    recording.write_samples(
        recorder,
        statistics.readings,
        set_up.calibration,
        hit,
        cores=set_up.cores,
        until=max(audited, watch.last_end + set_up.ttl_s),
    )
    return engine.outcomes()


def measure(
    set_up: SetUp,
    profile: Profile,
    seed: int,
    *,
    book: Book | None = None,
    progress: Progress | None = None,
) -> tuple[Outcomes, Statistics]:
    """Simulate a profile without records."""
    calibration = set_up.calibration
    if profile.expected_conversations <= EXACT:
        return simulate(set_up, plans.exact(profile, seed, calibration, book), progress=progress)
    talks = plans.library(profile, seed, calibration, book)
    drawn = plans.drawn(plans.dues(profile, seed), talks, seed)
    return simulate(set_up, drawn, progress=progress)
