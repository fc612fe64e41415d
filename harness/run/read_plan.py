"""Makes the plan of a run from its options, which are all checked before anything starts."""

from __future__ import annotations

import argparse
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from chaos.fleet.plan import POSTGRES
from harness.run.marks import mark_server
from harness.run.model import model_options
from harness.run.options import (
    access_options,
    agent_options,
    break_options,
    checkout,
    compose_options,
    container_options,
    door_options,
    experiment_choice,
    option_values,
    pod_options,
    replay,
    reproduce,
    service_uris,
    slo,
    target_options,
    worker_options,
)
from harness.run.plan import Plan
from loadtests.profiles import journeys
from loadtests.profiles import profile as profiles
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.model_cost.prices import ModelPrices

_SEEDS = 10_000


def from_args(args: argparse.Namespace, *, ask: bool = False) -> Plan:
    """Check the options.  Raises ConfigError, ProfileError or ChaosConfigError.

    Starts nothing.  With `ask` the probes that give the experiment its configuration are called: a
    run needs their values, a check of the options does not.
    """
    if args.replay is not None:
        args = replay.filled_in(args)
    option_values.check_sessions(args.sessions)
    option_values.check_port(args.port)
    if args.target is not None:
        option_values.check_target(args.target, authorised=args.authorised)
    break_options.check(args)
    target_options.check(args)
    access = access_options.access(args)
    project = compose_options.project(args)
    own_service = args.target or args.compose_file
    services = service_uris.chosen(args)
    service_uris.check_postgres(args.sessions, args.env)
    option_values.check_ttl(args.ttl, own_service, services.sessions)
    limits = slo.given(args.slo)
    scale = option_values.scale(args.scale)
    seed = secrets.randbelow(_SEEDS) if args.seed is None else args.seed
    option_values.check_seed(seed)
    profile, book = _load(args)
    profile, overrides = slo.applied(profile, limits, _replayed_overrides(args))
    if args.ttl is not None:
        profile = replace(profile, ttl_seconds=args.ttl * profile.compression)
    if scale is not None and args.replay is None:
        option_values.check_scaled(scale, profile)
    agent, app = agent_options.agent(args)
    model = model_options.choice(args, agent=agent)
    experiment = experiment_choice.chosen(args, profile, model, ask=ask)
    return Plan(
        profile=profile,
        experiment=experiment,
        seed=seed,
        replicas=args.replicas,
        redis=args.redis,
        topology=option_values.topology(args),
        env=args.env,
        images=container_options.images(args),
        health_path=container_options.health_path(args),
        proxy=args.proxy or experiment_choice.disturbs_network(experiment),
        sessions=services.scheme or args.sessions,
        port=args.port,
        target=args.target and args.target.rstrip("/"),
        app=app,
        checkout=checkout.checkout(args),
        agent=agent,
        authorised=args.authorised,
        model=model,
        out=Path(args.out),
        run_id=secrets.token_hex(6),
        origin=time.time(),
        workers=worker_options.workers(args),
        book=book,
        pass_env=container_options.pass_env(args),
        door=door_options.door(args),
        access=access,
        target_replicas=access_options.replicas(args.target_replicas),
        project=project,
        ttl_known=args.ttl is not None
        or (own_service is None and args.sessions != POSTGRES and services.sessions is None),
        services=services,
        scale=scale,
        replayed_scale=1.0 if args.replay is None or scale is None else scale,
        rehearse=not args.no_rehearsal,
        slo_overrides=overrides,
        model_prices=_model_prices(args),
        break_target=args.break_target,
        marks=mark_server.port(args.marks),
        traced=getattr(args, "otlp", None) is not None,
        pods=pod_options.pods(args),
        command=tuple(
            reproduce.command(
                args,
                seed=seed,
                experiment="none"
                if experiment is None
                else experiment_choice.shown(experiment.path),
            )
        ),
    )


def _replayed_overrides(args: argparse.Namespace) -> Mapping[str, float]:
    return {} if args.replay is None else replay.slo_overrides(Path(args.replay))


def _model_prices(args: argparse.Namespace) -> ModelPrices | None:
    """The user's, or those of the run that is replayed."""
    if args.model_prices is None and args.replay is not None:
        return replay.model_prices(Path(args.replay))
    return option_values.model_prices(args.model_prices)


def _load(args: argparse.Namespace) -> tuple[Profile, Book | None]:
    """The load: of the run that is replayed, or of the profile that is named."""
    if args.replay is not None:
        return replay.load(Path(args.replay))
    if args.journeys is None:
        return profiles.load(args.profile), None
    book = journeys.load(Path(args.journeys))
    return profiles.load(args.profile, book.journeys), book
