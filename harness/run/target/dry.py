"""`--dry`: what an experiment would do to a target.  Every probe is asked, no action is done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

from chaos.errors import ChaosError
from chaos.experiment.answer_text import answer_text, cut
from chaos.experiment.model import Experiment, Probe, Step
from chaos.experiment.outside_action import OutsideAction
from chaos.faults.base import Fault, parameters
from chaos.fleet.environment import SystemUnderTest
from chaos.fleet.load_switch import LoadSwitchFile
from chaos.fleet.target_system import TargetSystem
from chaos.fleet.undoing import Undoing
from harness.errors import ConfigError
from harness.run.load import token_keeper
from harness.run.plan import Plan
from harness.run.target import target_headers
from reports.render.formatting import plural

_MOST_TOLD = 200


class _NoKeeper:
    """Nothing is begun, so nothing is kept."""

    def keep(self, key: str, undoing: Undoing) -> None:
        raise ChaosError("a dry run begins no fault")

    def drop(self, key: str) -> None:
        """Nothing."""


def target_system(plan: Plan) -> TargetSystem:
    """The target, to which nothing is done.  Raises ConfigError without a token."""
    command, token = plan.access.token_command, None
    try:
        token = token_keeper.printed(command) if command else None
    except token_keeper.TokenError as error:
        raise ConfigError(f"--token-command {command[0]}: {error}") from None
    headers = target_headers.headers_for(plan.access, str(plan.target), lambda: token)
    return TargetSystem(plan.app, None, LoadSwitchFile(Path()), os.environ, _NoKeeper(), headers)


class DryRun:
    """Looks at one experiment."""

    def __init__(self, experiment: Experiment, system: SystemUnderTest, *, pods: bool) -> None:
        """Nothing is asked yet.  `pods`: the faults of the catalogue are done to its pods."""
        self._experiment = experiment
        self._system = system
        self._pods = pods
        self.missing: list[str] = []
        """Reasons why a run would have no verdict, one sentence each; complete after `lines`."""

    def lines(self) -> Iterator[str]:
        """The plan, and the answers of its probes."""
        experiment = self._experiment
        yield f"{experiment.path}: {plural(len(experiment.faults), 'fault')}; none is done now"
        for probe in experiment.steady_state:
            met, told = self._asked(probe)
            yield f"steady state: {probe.name}: {told}"
            if not met:
                self.missing.append(f"the steady state does not hold: {probe.name}: {told}")
        for step in (*experiment.faults, *experiment.rollbacks):
            yield from self._step(step)
        if experiment.faults and not experiment.steady_state:
            yield "steady state: none is given; nothing shows that the target is whole afterwards"

    def _step(self, step: Step) -> Iterator[str]:
        fault = step.make()
        is_fault = step in self._experiment.faults
        when = f"at {step.at}" if step.at is not None else f"{step.before:g} s later"
        yield f"{step.id}, {when if is_fault else _at_the_end(fault)}: {step.name}"
        if not isinstance(fault, OutsideAction):
            given = " ".join(f"{each}={getattr(fault, each)}" for each in parameters(type(fault)))
            yield f"  does {fault.kind} {given}".rstrip()
            if self._pods and fault.area != "model":
                yield from self._on_pods(step.id, fault)
            return
        terms = fault.terms
        yield f"  does to {terms.target or fault.aimed_at()}: {fault.call.by_hand()}"
        yield from self._evidence(step.id, fault, is_fault=is_fault)
        if terms.ready is not None:
            met, told = self._asked(terms.ready.probe)
            yield f"  ready: {told}"
            if not met:
                self.missing.append(f"{step.id}: the target is not ready: {told}")
        undone = "nothing undoes it" if terms.undo is None else f"undo: {terms.undo.by_hand()}"
        yield f"  lasts {terms.lasts_s:g} s; {undone}; back within {terms.back_within_s:g} s"
        if terms.may_lose_s is not None:
            yield "  may lose acknowledged writes" + (
                f" of the {terms.may_lose_s:g} s before it" if terms.may_lose_s < 1e9 else ""
            )

    def _on_pods(self, name: str, fault: Fault) -> Iterator[str]:
        try:
            fault.check(self._system)
            aimed = fault.aim(self._system, Random(0))
            fault.check_healthy(self._system)
        except (ChaosError, ValueError) as error:
            yield f"  cannot be done: {error}"
            self.missing.append(f"{name}: {error}")
        else:
            yield f"  to pods such as {aimed}"

    def _evidence(self, name: str, fault: OutsideAction, *, is_fault: bool) -> Iterator[str]:
        if fault.terms.took_hold is None:
            if is_fault:
                yield "  took hold: nothing shows it"
                self.missing.append(
                    f"{name} has no x-diya: took_hold: the run would be INCONCLUSIVE"
                )
            return
        why = fault.unusable(self._system)
        if why is not None:
            yield f"  took hold: {why}"
            self.missing.append(f"{name}: {why}")
        elif fault.terms.took_hold.changes:
            yield f"  took hold: the answer must change; it is {fault.before_in_words()}"
        else:
            yield f"  took hold: not met yet; {fault.terms.took_hold.probe.tolerance} is awaited"

    def _asked(self, probe: Probe) -> tuple[bool, str]:
        """Whether the probe is met, and its answer in words, without secrets."""
        try:
            value = probe.ask(self._system)
        except Exception as error:
            return False, f"no answer: {probe.mask(str(error) or type(error).__name__)}"
        met = probe.tolerance is None or probe.tolerance.meets(value)
        told = cut(probe.mask(answer_text(value)), _MOST_TOLD)
        wanted = "" if met else f", expected {probe.mask(str(probe.tolerance))}"
        return met, f"{'holds' if met else 'does not hold'}: got {told}{wanted}"


def _at_the_end(rollback: Fault) -> str:
    """When a rollback is played."""
    if isinstance(rollback, OutsideAction):
        return "at the end, by the guardian if diya is killed"
    return "at the end, but not if diya is killed"
