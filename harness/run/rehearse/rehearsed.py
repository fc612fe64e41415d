"""The plan of a run after its rehearsal: refused when every request fails, else sized."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil

from chaos.fleet.lifecycle import FleetLifecycle
from harness.errors import ConfigError
from harness.run.model.model_reached import StandInCalls
from harness.run.plan import Plan
from harness.run.progress import Progress
from harness.run.rehearse import rehearsal
from harness.run.rehearse.rehearsal import Cpu, Measured, Refusal
from harness.run.rehearse.rehearsal_keys import no_new_keys
from harness.run.rehearse.sizing import Demand, factor_for, sized
from harness.run.sampling.host import usable_cores
from harness.run.sampling.own_cpu import used_below
from harness.run.target.target_advice import advice
from loadtests.arrivals.peak import peak_turns_per_s
from loadtests.profiles.profile import HIGHEST_RATE
from reports.records.sizing import in_words

_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Exit)\b.*")
_END_OF_LOG = 16_384


def rehearsed(
    plan: Plan,
    run_dir: Path,
    fleet: FleetLifecycle | None,
    progress: Progress,
    target_model: StandInCalls | None = None,
) -> Plan:
    """The plan with its load sized.  `run.json` must hold the service's address.

    `target_model` is the model stand-in beside a target.  Raises ConfigError if every request
    fails, with the service's own error, if no call reaches the stand-in, or if the machine is too
    small for the load.
    """
    measured: Measured | None = None
    if plan.rehearse:
        progress.note("rehearsal: checks that the service answers, and measures a turn's CPU")
        measured = _rehearse(plan, run_dir, fleet, _stand_in_of(fleet) or target_model)
    elif fleet is not None:
        progress.say("no rehearsal: the capacity of this machine is not known")
    if plan.replica_share is not None:
        return _sized_to_replicas(plan, plan.replica_share, measured)
    if plan.scale is None and (fleet is None or not plan.rehearse):
        return plan  # the load stays as the options say
    demand = Demand(
        plan.profile,
        plan.scale,
        peak_turns_per_s(plan.profile, plan.seed) / plan.replayed_scale,
        plan.profile.expected_turns / plan.replayed_scale,
    )
    sizing = sized(demand, measured, usable_cores())
    progress.say(in_words(sizing.to_dict(), plan.profile.name))
    return plan.sized(sizing)


def _sized_to_replicas(plan: Plan, share: float, measured: Measured | None) -> Plan:
    peak = peak_turns_per_s(plan.profile, plan.seed)
    factor = factor_for(share, plan.replicas, peak, measured)
    if factor is None:
        raise ConfigError(
            f"app {plan.app}: too few turns were answered before the load to tell the CPU time of "
            "one; the service must answer"
        )
    highest = HIGHEST_RATE / plan.profile.base_rate
    return replace(plan, profile=plan.profile.scaled(min(factor, highest)))


def _stand_in_of(fleet: FleetLifecycle | None) -> StandInCalls | None:
    """The stand-in that the fleet has started."""
    if fleet is None or fleet.stand_in is None:
        return None
    control = fleet.stand_in.control
    return StandInCalls(fleet.stand_in.url, control.count, control.unknown)


def _rehearse(
    plan: Plan, run_dir: Path, fleet: FleetLifecycle | None, model: StandInCalls | None
) -> Measured | None:
    checked = None if model is None else partial(model.check, _service_name(plan), plan.agent)
    if fleet is None:
        url = str(plan.target)
        found = rehearsal.rehearse(
            run_dir, plan.run_id, url, 0, checked=checked, variables=plan.load_env
        )
    else:
        count = rehearsal.customers(plan.replicas)
        # Keys in a Redis of the user's own may be those of other customers.
        with contextlib.nullcontext() if fleet.foreign else no_new_keys(fleet.primary_urls):
            cpu = _cpu(fleet) if plan.replica_share is None else _replicas_cpu(fleet)
            found = rehearsal.rehearse(
                run_dir, plan.run_id, fleet.url, count, cpu, checked, plan.load_env
            )
    if isinstance(found, Refusal):
        raise ConfigError(_refused(plan, found, run_dir, model))
    if model is not None and found is not None and found.turns:
        model.check(_service_name(plan), plan.agent, answered=True)
    return found


def _cpu(fleet: FleetLifecycle) -> Cpu:
    """The CPU of all processes below this one, and of the nodes that run elsewhere."""
    nodes = fleet.nodes_elsewhere()

    def used() -> float | None:
        total = used_below(psutil.Process())
        for node in nodes:
            pid = node.pid
            if pid is None:
                return None  # for example in Docker's virtual machine
            with contextlib.suppress(psutil.Error):
                total += used_below(psutil.Process(pid))
        return total

    return used


def _replicas_cpu(fleet: FleetLifecycle) -> Cpu:
    """The CPU of the replicas alone."""

    def used() -> float | None:
        pids = [replica.pid for replica in fleet.replicas.values()]
        try:
            return sum(used_below(psutil.Process(pid)) for pid in pids if pid is not None)
        except psutil.Error:
            return None

    return used


def _service_name(plan: Plan) -> str:
    return f"--target {plan.target}" if plan.target else f"app {plan.app}"


def _refused(plan: Plan, found: Refusal, run_dir: Path, model: StandInCalls | None) -> str:
    service = _service_name(plan)
    fails = "no session can be opened" if found.opening else "every turn fails"
    said = found.error
    # A bare 500 gives no reason; the replica's log has the exception.
    raised = None if plan.target or "HTTP 4" in said else _last_exception(run_dir / "logs")
    why = f"{said}: {raised}" if raised and raised not in said else said
    if model is not None and not found.opening:
        sentence = model.refusal(service, plan.agent, f"{fails}: {why}")
        if sentence is not None:
            return sentence
    step = advice(plan, said) if plan.target else None
    return (
        f"{service}: {fails}: {why.rstrip('.')}; {step or 'it must answer'} "
        "(--no-rehearsal puts the load on it all the same)"
    )


def _last_exception(logs: Path) -> str | None:
    """The last exception in the log of a replica."""
    for log in sorted(logs.glob("r[0-9][0-9].log")):
        text = log.read_bytes()[-_END_OF_LOG:].decode(errors="replace")
        for line in reversed(text.splitlines()):
            if _RAISED.fullmatch(line):
                return line
    return None
