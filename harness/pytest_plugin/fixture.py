"""The fixture `readiness`: plays the runs of one test and checks their verdicts."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import diya_start
from harness.errors import ConfigError
from harness.pytest_plugin import baseline, failure_message, faults, settings
from harness.pytest_plugin.comparing import Comparing
from harness.pytest_plugin.errors import PlanError
from harness.pytest_plugin.run import Run
from harness.pytest_plugin.settings import Settings
from harness.run.run_process import play

_REQUIRE = "DIYA_REQUIRE_DOCKER"


class Readiness:
    """Plays runs with the settings of one test."""

    def __init__(self, chosen: Settings, name: str, note: Callable[[str], None]) -> None:
        """`note` takes the line of each comparison without a decision that fails no test."""
        self.settings = chosen
        self._name = name
        self._comparing = Comparing(
            tuple(baseline.read(word, chosen.root) for word in chosen.baseline),
            chosen.same_machine,
            chosen.undecided == "fail",
            note,
        )
        self._runs: list[Run] = []

    @contextlib.contextmanager
    def running(self) -> Iterator[Run]:
        """Plan faults inside the block; the run is played at its end.

        An INCONCLUSIVE run fails the test, or skips it with `--diya-inconclusive skip`.  Raises
        PlanError for a plan that cannot be played, RunBroken when the run ended without a verdict.
        """
        __tracebackhide__ = True
        run = Run(faults=self.settings.env != settings.TARGET, compare=self._compare)
        if self.settings.in_containers:
            _require_containers(self.settings)
        yield run
        with tempfile.TemporaryDirectory(prefix="diya-test-") as scratch:
            arguments = self.settings.arguments()
            arguments += baseline.arguments(
                self._comparing.baselines, same_machine=self.settings.same_machine
            )
            if self.settings.env != settings.TARGET:
                arguments += ["--experiment", self._experiment(Path(scratch), run)]
            try:
                run.finish(*play(arguments, self.settings.root))
            except ConfigError as error:
                raise PlanError(settings.as_pytest_says(str(error))) from None
        self._runs.append(run)
        if run.result["verdict"] == "INCONCLUSIVE":
            run.asked = True
            told = failure_message.unsound(run.result, run.path)
            if self.settings.inconclusive == "skip":
                pytest.skip(told)
            pytest.fail(told, pytrace=False)

    def close(self) -> None:
        """Fail the test when a run without `expect` is not GO."""
        for run in self._runs:
            if not run.asked and run.result["verdict"] != "GO":
                pytest.fail(
                    "a run without `expect` must be GO\n"
                    + failure_message.screen(run.result, run.path),
                    pytrace=False,
                )

    def _compare(
        self, run: Run, expected: str, *, phase: str | None, fault: str | None
    ) -> str | None:
        """All runs of the test with the same faults are one side: several say more than one."""
        others = [each for each in self._runs if each is not run and each.planned == run.planned]
        return self._comparing.check(
            [each.result for each in (*others, run)], expected, phase=phase, fault=fault
        )

    def _experiment(self, scratch: Path, run: Run) -> str:
        if not run.planned:
            return "none"
        path = scratch / "experiment.json"
        faults.write_experiment(path, self._name, run.planned)
        return str(path)


def _require_containers(chosen: Settings) -> None:
    """Skip the test without Docker or an image; with DIYA_REQUIRE_DOCKER=1 it fails."""
    with diya_start.our_names():
        said = _unavailable(chosen)
    if said is None:
        return
    if os.environ.get(_REQUIRE) == "1":
        pytest.fail(f"{said}, and {_REQUIRE}=1", pytrace=False)
    pytest.skip(f"{said} ({_REQUIRE}=1 makes this a failure)")


def _unavailable(chosen: Settings) -> str | None:
    """Why there can be no containers of these images; None when there can."""
    from chaos.errors import ContainersUnavailable

    try:
        from chaos.containers.container_fleet import Images, check

        named = {
            "service": chosen.image,
            "redis": chosen.redis_image,
            "envoy": chosen.envoy_image,
        }
        check(Images(**{name: image for name, image in named.items() if image}))
    except ContainersUnavailable as error:
        return str(error)
    return None


def make(request: pytest.FixtureRequest, note: Callable[[str], None]) -> Readiness:
    """The fixture of one test; `note` as in Readiness.  Raises PlanError for a bad marker or
    option."""
    return Readiness(settings.of(request), request.node.name, note)
