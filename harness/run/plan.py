"""The plan of a readiness run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from msgspec import UNSET, structs

from chaos.experiment import model
from chaos.experiment.model import Experiment
from chaos.fleet.environment import LoadSwitch
from chaos.fleet.pinning import Cores
from chaos.fleet.plan import POSTGRES, FleetPlan
from chaos.fleet.project_plan import ProjectPlan
from chaos.fleet.topology import Topology
from harness.run.load.generator import Workers
from harness.run.model import model_options, shopmax_model, stand_in
from harness.run.model.model_options import ModelChoice
from harness.run.options import (
    agent_options,
    checkout,
    container_options,
    experiment_choice,
    pod_options,
    reproduce,
)
from harness.run.options.access_options import AccessOptions
from harness.run.options.pod_options import PodOptions
from harness.run.options.service_uris import ServiceUris
from harness.run.sampling import host
from loadtests.doors.names import ADK
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.model_cost.prices import ModelPrices
from reports.records.run_description import (
    EVERY_COMMIT,
    EXTERNAL,
    NO_REDIS,
    SCHEMA_VERSION,
    UNKNOWN,
    ExperimentDescription,
    RunDescription,
    TopologyDescription,
)
from reports.records.sizing import Sizing


@dataclass(frozen=True)
class Plan:
    """One readiness run, before it begins."""

    profile: Profile
    experiment: Experiment | None
    seed: int
    replicas: int
    redis: str
    topology: Topology
    env: str
    """The kind of fleet, by its word in `fleet_kinds.FLEETS`."""
    images: Mapping[str, str]
    """The images of a fleet in containers, as `chaos.containers` names them."""
    proxy: bool
    """Whether proxies are on the way: asked for, or needed by the experiment."""
    sessions: str
    port: int | None
    target: str | None
    app: str
    checkout: Path | None
    """The release whose service the replicas run; None: this one."""
    agent: Path | None
    """The folder of the agent that diya's fleet serves; None: ShopMax's."""
    authorised: bool
    model: ModelChoice
    """Which model answers."""
    out: Path
    run_id: str
    origin: float
    workers: Workers = field(default_factory=Workers)
    book: Book | None = None
    """The journeys, where they are not ShopMax's."""
    health_path: str = container_options.HEALTH_PATH
    """Where the service of an image says that it is ready."""
    pass_env: tuple[str, ...] = ()
    """Variables of diya's environment that replicas in containers get too."""
    access: AccessOptions = field(default_factory=AccessOptions)
    """How requests get in at the target."""
    target_replicas: int | None = None
    """The number of the target's replicas; None: not known."""
    load_env: Mapping[str, str] = field(default_factory=dict)
    """Further variables of the processes of the load; recorded nowhere."""
    door: str = ADK
    """The API of the target, one of `loadtests.doors.names`."""
    ttl_known: bool = True
    """Whether the sessions certainly have the profile's TTL."""
    command: tuple[str, ...] = ()
    """The words that play this run again."""
    scale: float | None = None
    """The factor of all rates that was asked for; None: as much as this machine carries."""
    replayed_scale: float = 1.0
    """The factor by which the profile of a replayed run was scaled then; 1 without a replay."""
    rehearse: bool = True
    """Whether a rehearsal before the load checks that the service answers, and sizes the load."""
    slo_overrides: Mapping[str, float] = field(default_factory=dict)
    """Limits that `--slo` set otherwise than the profile, each with the profile's own value."""
    sizing: Sizing | None = None
    """How the load was sized, once it was."""
    cores: Cores | None = None
    """The cores of the replicas and of everything else; None: nothing is pinned."""
    replica_share: float | None = None
    """The rehearsal sizes the load to this share of the replicas' cores, one each; None: to
    the machine, by `scale`."""
    model_prices: ModelPrices | None = None
    """The user's prices of models; None: those of diya."""
    break_target: bool = False
    """Whether the user allows faults at the target."""
    project: ProjectPlan | None = None
    """The running compose project of the user's own; None: the fleet is diya's, or a target."""
    marks: int | None = None
    """The port on which other tools mark their faults, 0 for a free one; None: by no port."""
    services: ServiceUris = field(default_factory=ServiceUris)
    """The user's own services for sessions, artifacts and memories."""
    pods: PodOptions | None = None
    """The pods that serve the target; None: it is not known what serves it."""
    drained: bool = True
    """Whether the run waits until the sessions have expired, and reads some of them again."""
    traced: bool = False
    """Whether the requests of turns carry a trace."""

    @property
    def drawn(self) -> bool:
        """True when its faults were drawn by a seed."""
        return self.experiment is not None and experiment_choice.is_drawn(self.experiment)

    @property
    def foreign(self) -> bool:
        """Whether the service is the user's own: a target, or a compose project."""
        return self.target is not None or self.project is not None

    @property
    def name(self) -> str:
        """The profile's name, fit for a folder's."""
        return "".join(
            each if each.isalnum() or each in "-_" else "-" for each in self.profile.name
        )

    @property
    def night_conversations(self) -> float:
        """Conversations of the whole night: the profile at full size, without compression."""
        factor = self.replayed_scale if self.sizing is None else self.sizing.factor
        return self.profile.in_real_time().curve().total / factor

    def sized(self, sizing: Sizing) -> Plan:
        """This plan at the factor of `sizing`, its command naming that factor."""
        factor = sizing.factor / self.replayed_scale
        profile = self.profile if factor == 1 else self.profile.scaled(factor)
        command = self.command
        if sizing.mode == "auto":
            command = (*command, "--scale", f"{sizing.factor:g}")
        return replace(self, profile=profile, sizing=sizing, command=command)

    def with_experiment_at(self, path: Path) -> Plan:
        """This plan, its command naming the run's own copy of the experiment at `path`."""
        if self.experiment is None or self.experiment.path.parent == model.DIRECTORY:
            return self
        given = str(self.experiment.path)
        words = [str(path) if word == given else word for word in self.command]
        return replace(self, command=tuple(words))

    def fleet_plan(self, run_dir: Path, load: LoadSwitch) -> FleetPlan:
        """The fleet of this run; `load` is the switch of its load."""
        return FleetPlan(
            run_dir=run_dir,
            run_id=self.run_id,
            replicas=self.replicas,
            sessions=self.sessions,
            ttl_seconds=self.profile.real_ttl_seconds,
            base_port=self.port,
            topology=self.topology,
            load=load,
            redis=self.redis,
            proxy=self.proxy,
            authorised=self.authorised,
            agent=self.agent,
            service=checkout.command(self.checkout),
            images=self.images,
            health_path=self.health_path,
            pass_env=self.pass_env,
            workers=self.workers.count,
            cores=self.cores,
            stand_in=stand_in.planned(self.model, run_dir, self.origin, self.book),
            replica_env={
                **model_options.replica_env(self.model, self.agent),
                **self.services.replica_env(),
            },
            project=self.project,
        )

    def description(self) -> RunDescription:
        """`run.json` as it is known before anything runs."""
        return RunDescription(
            schema_version=SCHEMA_VERSION,
            run_id=self.run_id,
            origin=self.origin,
            seed=self.seed,
            app=self.app,
            agent=None if self.agent is None else str(self.agent),
            checkout=UNSET if self.checkout is None else str(self.checkout),
            target=self.target,
            profile=self.profile.to_dict(),
            ttl_seconds=self.profile.real_ttl_seconds,
            compression=self.profile.compression,
            sessions="unknown" if self.foreign else self.sessions,
            experiment=self._experiment(),
            topology=self._topology(),
            environment=structs.replace(
                checkout.with_versions(host.environment(), self.checkout), model=self.model_name
            ),
            service=reproduce.settings(),
            foreign=self.foreign,
            ttl_known=self.ttl_known,
            door=UNSET if self.door == ADK else self.door,
            token_env=self.access.token_env,
            access=self.access.description() or UNSET,
            pods=pod_options.described(self.pods),
            command=list(self.command),
            slo_overrides=dict(self.slo_overrides),
            sizing=self.sizing,
            journeys=None if self.book is None else self.book.to_dict(),
            pinned=UNSET if self.cores is None else _by_part(self.cores),
            model=self.model.described(),
            night_conversations=UNSET
            if self.model.kind != model_options.STAND_IN
            else self.night_conversations,
            model_prices=UNSET if self.model_prices is None else self.model_prices.to_dict(),
            drained=UNSET if self.drained else False,
            services=self.services.described() or UNSET,
            traced=True if self.traced else UNSET,
        )

    def _experiment(self) -> ExperimentDescription | None:
        if self.experiment is None:
            return None
        return ExperimentDescription(
            title=self.experiment.title,
            path=experiment_choice.shown(self.experiment.path),
            planned=self.experiment.planned,
            steady_state=[probe.name for probe in self.experiment.steady_state],
        )

    @property
    def model_name(self) -> str:
        """The source of the replies; only ShopMax's agent has the scripted model."""
        if self.model.kind != model_options.OWN:
            return self.model.name()
        if self.foreign:
            return "unknown"
        return "the agent's own" if self.app != agent_options.SHOPMAX else shopmax_model.name()

    def _topology(self) -> TopologyDescription:
        if self.foreign:
            known = pod_options.redis(self.pods)
            return TopologyDescription(replicas=self.target_replicas, redis=UNKNOWN, **known)
        if "://" in self.redis:
            return TopologyDescription(replicas=self.replicas, redis=EXTERNAL)
        if self.sessions == POSTGRES or self.services.sessions is not None:
            return TopologyDescription(
                replicas=self.replicas,
                redis=NO_REDIS,
                durability=EVERY_COMMIT if self.sessions == POSTGRES else None,
                proxy=self.proxy,
            )
        return TopologyDescription(
            replicas=self.replicas, proxy=self.proxy, **self.topology.described()
        )


def _by_part(cores: Cores) -> dict[str, list[int]]:
    return {"replicas": list(cores.replicas), "others": list(cores.others)}
