"""Options that need more than a type: checked before anything is started."""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import re
import sys
from pathlib import Path

from chaos.fleet.ports import LOOPBACK
from chaos.fleet.shapes import SINGLE
from chaos.fleet.topology import Topology
from harness.errors import ConfigError
from harness.fleet_kinds import FLEETS, in_containers, with_option
from harness.run.generator import Crew
from loadtests.adk.target import address as parse_target
from loadtests.profiles.profile import HIGHEST_RATE, LOWEST_RATE, Profile
from reports.basics.addresses import is_loopback, without_password

KINDS = ("redis", "adk-redis", "memory")
_LONGEST_SEED = 2**63 - 1
SHOPMAX = "shopmax"
"""The agent that comes with the reference service."""


def check_sessions(value: str) -> None:
    """Raise ConfigError unless `value` can name a session service.

    The module of a factory is located, not imported: the replicas import it in their processes.
    """
    if value in KINDS:
        return
    wanted = f"must be one of {', '.join(KINDS)} or module:factory"
    module, colon, factory = value.partition(":")
    if not colon or not module or not factory.isidentifier():
        raise ConfigError(f"--sessions {value}: {wanted}")
    # The replicas search the working directory for modules; so does this check.
    path, sys.path = sys.path, [os.getcwd(), *sys.path]
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    finally:
        sys.path = path
    if found is None:
        raise ConfigError(f"--sessions {value}: there is no module {module!r}; it {wanted}")


def check_target(url: str, *, authorised: bool) -> None:
    """Raise ConfigError unless load may go to this address."""
    try:
        host = parse_target(url).hostname or ""
    except ValueError as error:
        raise ConfigError(f"--{error}") from None
    if not authorised and not is_loopback(host):
        raise ConfigError(
            f"--target {without_password(url)}: it is not on this machine; load goes there only "
            "with --authorised, by which you say that you may"
        )


def topology(args: argparse.Namespace) -> Topology:
    """The chosen topology of Redis.  Raises ConfigError, or ChaosConfigError."""
    chosen = Topology(args.topology, args.aof, args.rdb, args.min_replicas)
    if chosen != Topology() and ("://" in args.redis or getattr(args, "target", None)):
        raise ConfigError(
            "--topology, --aof, --rdb, --min-replicas: must not be given with a --target or an "
            "address as --redis; they are for a Redis that diya starts"
        )
    return chosen


def check_token_env(name: str | None, target: str | None) -> None:
    """Raise ConfigError unless the variable holds a token that can stand in a header.

    The token itself is in no message.
    """
    if name is None:
        return
    if target is None:
        raise ConfigError(f"--token-env {name}: must not be given without a --target")
    token = os.environ.get(name)
    if not token:
        raise ConfigError(
            f"--token-env {name}: the environment has no such variable, or it is empty; it "
            "must name the variable that holds the target's bearer token"
        )
    if not re.fullmatch(r"[!-~]+", token):
        raise ConfigError(
            f"--token-env {name}: its value cannot stand in a header; it must be a bearer token of "
            "printable ASCII characters without spaces"
        )


def check_ttl(ttl: float | None, target: str | None) -> None:
    """Raise ConfigError unless `--ttl` can be a target's."""
    if ttl is None:
        return
    if target is None:
        raise ConfigError(
            f"--ttl {ttl:g}: must not be given without a --target; the profile sets it"
        )
    if not 1 <= ttl <= 604_800:
        raise ConfigError(f"--ttl {ttl:g}: must be from 1 to 604800 seconds")


def images(args: argparse.Namespace) -> dict[str, str]:
    """The images that were named for containers.

    Raises ConfigError, also for other options that do not go with the kind of fleet.
    """
    kind = FLEETS[args.env]
    named = {
        name: value
        for name in ("service", "redis", "envoy")
        if (value := getattr(args, "image" if name == "service" else f"{name}_image"))
    }
    if not kind.in_containers:
        if named:
            raise ConfigError(
                f"--image, --redis-image, --envoy-image: must come with --env {in_containers()}"
            )
        return named
    if args.target is not None or args.topology != SINGLE or args.redis != "auto" or args.proxy:
        raise ConfigError(
            f"--env {args.env}: --target, --redis, --topology and --proxy must not be given; it "
            "has one Redis of its own and no proxies"
        )
    if kind.plays_load and (args.master or args.join is not None):
        raise ConfigError(
            f"--env {args.env}: --master and --join must not be given; its file starts Locust's own"
        )
    return named


HEALTH_PATH = "/readyz"


def health_path(args: argparse.Namespace) -> str:
    """Where the service of an image says that it is ready.  Raises ConfigError."""
    if args.health_path is None:
        return HEALTH_PATH
    path = str(args.health_path)
    _check_kind("--health-path", path, args)
    if not re.fullmatch(r"/[!-~]*", path):
        raise ConfigError(
            f"--health-path {path!r}: must be a path that begins with /, of printable ASCII "
            "characters without spaces"
        )
    return path


def _check_kind(option: str, value: str, args: argparse.Namespace) -> None:
    if option not in FLEETS[args.env].options:
        raise ConfigError(f"{option} {value}: must come with --env {with_option(option)}")


_OF_THE_FLEET = ("DIYA_REDIS_URL", "DIYA_REPLICA", "DIYA_SESSIONS", "DIYA_TTL_SECONDS")


def pass_env(args: argparse.Namespace) -> tuple[str, ...]:
    """The variables that replicas in containers get from diya's environment.  Raises ConfigError.

    Their values are in no message.
    """
    names = tuple(dict.fromkeys(args.pass_env or ()))
    for name in names:
        _check_kind("--pass-env", name, args)
        if name in _OF_THE_FLEET:
            raise ConfigError(f"--pass-env {name}: must be another name; the fleet sets this one")
        if name not in os.environ:
            raise ConfigError(
                f"--pass-env {name}: the environment has no such variable; it must name one that "
                "the agent in the containers needs"
            )
    return names


_AGENT_FILES = ("agent.py", "root_agent.yaml")


def agent(args: argparse.Namespace) -> tuple[Path | None, str]:
    """The folder of the agent that diya's fleet serves (None: ShopMax's), and the app's name.

    The replicas import the agent in their processes.  Raises ConfigError.
    """
    if args.app is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", args.app):
        raise ConfigError(f"--app {args.app!r}: must be letters, digits, _ and -")
    ours = args.target is None and not FLEETS[args.env].in_containers
    if args.agent is None:
        if ours and args.app not in (None, SHOPMAX):
            raise ConfigError(
                f"--app {args.app}: must be {SHOPMAX}, which diya's fleet serves, unless --agent "
                "DIR or --target is given"
            )
        return None, args.app or SHOPMAX
    if not ours:
        raise ConfigError(
            f"--agent {args.agent}: must not be given with --target or --env; a target or an image "
            "contains its agent, and --app names it"
        )
    folder = agent_folder(args.agent)
    if args.app not in (None, folder.name):
        raise ConfigError(
            f"--app {args.app}: must be {folder.name!r}: ADK names an agent by its folder"
        )
    return folder, folder.name


def agent_folder(given: str) -> Path:
    """The folder of an agent that replicas can import.  Raises ConfigError."""
    folder = Path(given).resolve()
    if not _is_agent(folder):
        inner = sorted(each.name for each in folder.glob("[!_.]*") if _is_agent(each))
        hint = f" (did you mean {Path(given) / inner[0]}?)" if inner else ""
        raise ConfigError(
            f"--agent {given}: must be a folder with {' or '.join(_AGENT_FILES)}, or with "
            f"root_agent in __init__.py{hint}"
        )
    if not re.fullmatch(r"[A-Za-z0-9_]+", folder.name):
        raise ConfigError(
            f"--agent {given}: the folder's name must be letters, digits and _: ADK names the "
            "agent by it"
        )
    return folder


def _is_agent(folder: Path) -> bool:
    """Whether a folder is in one of the layouts of an agent that ADK loads."""
    if any((folder / name).is_file() for name in _AGENT_FILES):
        return True
    try:
        text = (folder / "__init__.py").read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return False
    return re.search(r"\b(root_agent|app)\b", text) is not None


def check_port(port: int | None) -> None:
    """Raise ConfigError unless the port is one that an ordinary user may listen on."""
    if port is not None and not 1024 <= port <= 65000:
        raise ConfigError(f"--port {port}: must be a port from 1024 to 65000")


def random_seed(experiment: str, seed: str | None) -> int:
    """The SEED of `--experiment random:SEED`.  Raises ConfigError."""
    if seed is None or not seed.isdecimal():
        raise ConfigError(
            f"--experiment {experiment}: must be random:SEED, SEED a whole number from 0"
        )
    return int(seed)


def check_seed(seed: int) -> None:
    """Raise ConfigError for a seed outside of 0 to 2^63 - 1."""
    if not 0 <= seed <= _LONGEST_SEED:
        raise ConfigError(f"--seed {seed}: must be a whole number from 0 to {_LONGEST_SEED}")


_LARGEST_SCALE = 10.0


def scale(given: str) -> float | None:
    """The factor of `--scale`; None for `auto`.  Raises ConfigError."""
    if given == "auto":
        return None
    try:
        factor = float(given)
    except ValueError:
        factor = math.nan
    if not 0 < factor <= _LARGEST_SCALE:
        raise ConfigError(
            f"--scale {given}: must be auto, or a factor above 0 and at most {_LARGEST_SCALE:g}"
        )
    return factor


def check_scaled(factor: float, profile: Profile) -> None:
    """Raise ConfigError unless the profile can be played at this factor."""
    rate = profile.base_rate * factor
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise ConfigError(
            f"--scale {factor:g}: profile {profile.name} would have base_rate = {rate:g}; it must "
            f"be from {LOWEST_RATE:g} to {HIGHEST_RATE:g}"
        )


MASTER_PORT = 5557
"""Locust's own."""
_MOST_WORKERS = 256


def check_workers(workers: int) -> int:
    """The number of load generator processes.  Raises ConfigError for one outside of 1 to 256."""
    if not 1 <= workers <= _MOST_WORKERS:
        raise ConfigError(f"--workers {workers}: must be a number from 1 to {_MOST_WORKERS}")
    return workers


def address(option: str, value: str) -> tuple[str, int]:
    """Host and port of a master, written HOST or HOST:PORT.  Raises ConfigError otherwise."""
    host, colon, port = value.partition(":")
    good = bool(host) and "/" not in host and (not colon or port.isdecimal())
    if not good or not 1024 <= int(port or MASTER_PORT) <= 65535:
        raise ConfigError(f"{option} {value}: must be HOST or HOST:PORT, PORT from 1024 to 65535")
    return host, int(port or MASTER_PORT)


def crew(args: argparse.Namespace) -> Crew:
    """The processes that play the load.  Raises ConfigError for options that contradict."""
    workers = check_workers(args.workers)
    if not args.master:
        if args.bind is not None:
            raise ConfigError(f"--bind {args.bind}: must come with --master")
        return Crew(workers)
    bind = address("--bind", args.bind or LOOPBACK)
    if not is_loopback(bind[0]) and args.target is None:
        raise ConfigError(
            f"--bind {args.bind}: must come with a --target; diya's own fleet is on loopback, "
            "where workers on other machines cannot reach it"
        )
    return Crew(workers, bind)
