"""One run of a test: the faults that its block plans, and the expectations of its result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from harness.pytest_plugin import amounts, expectation, failure_message, not_worse
from harness.pytest_plugin.errors import PlanError
from harness.pytest_plugin.faults import PlannedFault, plan
from reports.render.view import Result


class Compare(Protocol):
    """Judges an expectation about a baseline."""

    def __call__(
        self, run: Run, expected: str, *, phase: str | None, fault: str | None
    ) -> str | None:
        """The sentence with which it fails; None where it does not.  Raises PlanError."""


class Run:
    """Collects faults while its block runs, and answers expectations after it.

    Every fault of the catalogue is a method, in two forms: `kill_replica(at="5s")` by its name, or
    verb and target, `kill("replica", at="5s")`; the target may name one, as `r02`.  Parameters of
    the fault follow by name.
    """

    def __init__(self, *, faults: bool, compare: Compare | None = None) -> None:
        self._may_fault = faults
        self._compare = compare
        self._planned: list[PlannedFault] = []
        self._result: Result | None = None
        self._path: Path | None = None
        self.asked = False
        """True once `expect` was called."""

    def __getattr__(self, verb: str) -> Callable[..., None]:
        if verb.startswith("_"):
            raise AttributeError(verb)

        def do(
            target: str | None = None, *more: object, at: object = None, **parameters: Any
        ) -> None:
            if more:
                raise PlanError(
                    f"run.{verb}({target!r}, {more[0]!r}): must have names after the target, "
                    "as at='10s'"
                )
            self._plan(verb, target, at, parameters)

        return do

    def _plan(self, verb: str, target: str | None, at: object, parameters: dict[str, Any]) -> None:
        if self._result is not None:
            raise PlanError(f"run.{verb}: the run is over; faults are planned inside the block")
        if not self._may_fault:
            raise PlanError(
                f"run.{verb}: faults need a fleet that diya starts, and --diya-target is not; "
                "it must be --diya-env process or containers"
            )
        if not isinstance(target, str | None):
            raise PlanError(f"run.{verb}({target!r}): must be a name, as 'redis' or 'r02'")
        moment = amounts.moment(at, f"run.{verb}(at=…)")
        self._planned.append(plan(verb, target, moment, parameters))

    @property
    def planned(self) -> list[PlannedFault]:
        """The faults, in order of time."""
        return sorted(self._planned, key=lambda fault: fault.at)

    def finish(self, result: Result, path: Path) -> None:
        """Take the result of the run that was played."""
        self._result, self._path = result, path

    @property
    def result(self) -> Result:
        """`result.json`.  Raises PlanError before the end of the block."""
        if self._result is None:
            raise PlanError("the run is played at the end of the `with` block: ask after it")
        return self._result

    @property
    def path(self) -> Path:
        """The run directory.  Raises PlanError before the end of the block."""
        if self._path is None:
            raise PlanError("the run is played at the end of the `with` block: ask after it")
        return self._path

    def expect(self, expected: str, *, phase: str | None = None, fault: str | None = None) -> None:
        """Assert something of the result, as `p99 < 1.5s` (names: docs/reference/pytest.md).

        `p99 not worse than main by 10%` compares with a baseline.  `phase` is `steady`, `warmup`,
        `all`, or one of a fault; `fault` an id, a kind or a target.  Raises AssertionError when it
        does not hold, PlanError when the result has no such thing.
        """
        __tracebackhide__ = True
        result, path = self.result, self.path
        self.asked = True
        if self._compare is not None and not_worse.is_meant(expected):
            told = self._compare(self, expected, phase=phase, fault=fault)
            if told is not None:
                raise AssertionError(f"{told}\n\n{failure_message.screen(result, path)}")
            return
        answer = expectation.ask(result, expected, phase=phase, fault=fault)
        if not answer.holds:
            raise AssertionError(failure_message.failed(answer, result, path))
