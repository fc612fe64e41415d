"""Which model answers: `--model`, `--model-url` and their options, checked before a start."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import UNSET, UnsetType

from chaos.fleet.stand_in_control import TOKEN_VARIABLE
from harness.errors import ConfigError
from harness.fleet_kinds import FLEETS
from harness.run.model import local_model, model_quota, real_model
from reports.basics.addresses import without_password, without_secrets
from reports.measures.model_quota.presets import Quota
from reports.records.run_description import ModelDescription
from target_service.stand_in import latency
from target_service.stand_in.replies.allowed import AllowedTools
from target_service.stand_in.replies.errors import RepliesError

STAND_IN, REAL, OWN = "stand-in", "real", "own"
OPTIONS = ("latency", "tools", "quota", "recorded")
"""The options of the stand-in, by their names in the parsed arguments."""
_LOCAL = (
    "the agent's model is a class of its own that works in its process: it answers itself, without "
    "a stand-in and without a witness, as with --model own"
)
_SHOPMAX_VARIABLE = "DIYA_MODEL"
_SHOPMAX_DEFAULT = "gemini-2.5-flash"
_TOOLS_VARIABLE = "DIYA_TOOLS"
_ANSWERS_VARIABLE = "DIYA_TOOL_ANSWERS"
"""Settings of a replica: the tools that run, and recorded answers for the others."""


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """The model of one run."""

    kind: str
    """`stand-in`, `real`, or `own`: as the agent and its environment say."""
    options: tuple[tuple[str, str], ...] = ()
    """The options that the stand-in was given, by name."""
    url: str | None = None
    """The address of a stand-in that runs beside a target."""
    guarded: bool = True
    """Whether the replicas answer in place of tools that may not run, as diya's own server does."""
    note: str = ""
    """A note about the choice for the user; empty: none."""

    @property
    def started_here(self) -> bool:
        """Whether the fleet starts a stand-in."""
        return self.kind == STAND_IN and self.url is None

    @property
    def tools(self) -> str:
        """The tools that run for real: `dry`, `all`, or names."""
        return dict(self.options).get("tools", "dry")

    @property
    def words(self) -> tuple[str, ...]:
        """The options as words of the stand-in's command line, but for the quota.

        The quota of a run begins with its load.  The stand-in may call every tool where replicas
        answer in place of those that may not run.
        """
        names = {"recorded": "replay"}
        given = {**dict(self.options), "tools": "all" if self.guarded else self.tools}
        return tuple(
            word
            for name, value in given.items()
            if name != "quota"
            for word in (f"--{names.get(name, name)}", _absolute(name, value))
        )

    @property
    def quota(self) -> Quota | None:
        """The quota that the stand-in holds; None: it answers every call."""
        text = dict(self.options).get("quota")
        return None if text is None else model_quota.given(text)

    def described(self) -> ModelDescription | UnsetType:
        """For `run.json`; unset for an agent's own model."""
        if self.kind == OWN:
            return UNSET
        return ModelDescription(kind=self.kind, url=self.url, settings=dict(self.options))

    def name(self) -> str:
        """In words, for reports."""
        if self.kind == REAL:
            return "real"
        told = [f"{name} {value}" for name, value in self.options]
        if self.started_here and "tools" not in dict(self.options):
            told.append(f"tools {self.tools}")
        return ", ".join(["stand-in", *told])


def _absolute(name: str, value: str) -> str:
    return str(Path(value).absolute()) if name == "recorded" else value


def choice(args: argparse.Namespace, *, agent: Path | None) -> ModelChoice:
    """The model that the options choose; `agent` is the folder of `--agent`.

    Raises ConfigError.
    """
    target = getattr(args, "target", None)
    url = getattr(args, "model_url", None)
    kind = args.model or (STAND_IN if agent is not None or url is not None else OWN)
    plays_itself = (
        args.model is None
        and target is None
        and agent is not None
        and not _options(args)
        and local_model.is_local(agent)
    )
    if plays_itself:
        kind = OWN
    if target is not None:
        return _of_target(args, target, url)
    if url is not None:
        raise ConfigError(
            f"--model-url {without_password(url)}: must not be given without a --target; a fleet "
            "of diya starts its stand-in itself"
        )
    env = getattr(args, "env", None)
    if env is not None and FLEETS[env].plays_load and args.model is not None:
        raise ConfigError(
            f"--model {args.model}: must not be given with --env {env}, whose replicas share one "
            "environment"
        )
    given = _options(args)
    if kind == STAND_IN and agent is None and not getattr(args, "image", None) and not args.tools:
        given = (*given, ("tools", "all"))  # ShopMax's own tools do no harm
    if given and kind != STAND_IN:
        name, value = given[0]
        raise ConfigError(f"--{name} {value}: must come with --model stand-in")
    if kind == REAL:
        real_model.check_key(agent, getattr(args, "pass_env", None))
    # A service in an image of the user's own may be any server of ADK.
    guarded = not getattr(args, "image", None)
    return ModelChoice(kind=kind, options=given, guarded=guarded, note=_LOCAL * plays_itself)


def _of_target(args: argparse.Namespace, target: str, url: str | None) -> ModelChoice:
    for name in ("model", *OPTIONS):
        if (value := getattr(args, name)) is not None:
            raise ConfigError(
                f"--{name} {value}: must not be given with a --target, whose agent has its model "
                "already; --model-url names a `diya model` that runs beside it"
            )
    if url is None:
        return ModelChoice(kind=OWN)
    try:
        where = urlsplit(url)
        good = where.scheme in ("http", "https") and where.hostname and where.port != 0
    except ValueError:  # a port above 65535, half of an IPv6 address
        good = False
    if not good or not re.fullmatch(r"[!-~]+", url) or set(url) & set("@?#"):
        shown = without_secrets(url)
        raise ConfigError(
            f"--model-url {shown}: must be the http(s) address that `diya model` printed"
        )
    token(url)
    return ModelChoice(kind=STAND_IN, url=url.rstrip("/"))


def token(url: str) -> str:
    """The token of the stand-in at `url`, from the environment.  Raises ConfigError."""
    found = os.environ.get(TOKEN_VARIABLE, "")
    if not re.fullmatch(r"[!-~]+", found):
        raise ConfigError(
            f"--model-url {url}: the environment must have {TOKEN_VARIABLE}, the token that "
            "`diya model` printed"
        )
    return found


def _options(args: argparse.Namespace) -> tuple[tuple[str, str], ...]:
    given = tuple((n, str(v)) for n in OPTIONS if (v := getattr(args, n, None)) is not None)
    for name, value in given:
        if name == "quota":
            model_quota.given(value)
        if name == "recorded" and not Path(value).is_dir():
            raise ConfigError(f"--recorded {value}: must be a folder that `diya model` recorded")
        try:
            if name == "tools":
                AllowedTools.parse(value)
            if name == "latency":
                latency.parse(value)
        except RepliesError as error:
            raise ConfigError(f"--tools: {error}") from None
        except latency.LatencyError as error:
            raise ConfigError(f"--latency: {error}") from None
    return given


def replica_env(
    chosen: ModelChoice, agent: Path | None, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """More of the environment of replicas.

    ShopMax's agent gets a model that is called by HTTP; the others get the tools that may run.
    """
    if chosen.kind == OWN or chosen.url is not None:
        return {}
    env = {}
    if chosen.kind == STAND_IN and chosen.guarded:
        env[_TOOLS_VARIABLE] = chosen.tools
        if (recorded := dict(chosen.options).get("recorded")) is not None:
            env[_ANSWERS_VARIABLE] = _absolute("recorded", recorded)
    if agent is not None:
        return env
    named = environment.get(_SHOPMAX_VARIABLE, "scripted")
    return {**env, _SHOPMAX_VARIABLE: _SHOPMAX_DEFAULT if named == "scripted" else named}


def filled_in(
    args: argparse.Namespace, stored: ModelDescription | UnsetType, agent: str | None
) -> dict[str, Any]:
    """The options of a stored run, where the command line does not choose others.

    `agent` is the folder of the agent that is played again; None: ShopMax's.
    """
    if stored is UNSET:
        # Of a model of the agent's own, also in runs of older versions.
        before: dict[str, Any] = {} if agent is None else {"model": OWN}
    else:
        before = {"model": stored.kind, **stored.settings}
    if args.model not in (None, before.get("model")):
        before = {}
    names = ("model", *OPTIONS)
    return {
        name: before.get(name) if getattr(args, name) is None else getattr(args, name)
        for name in names
    }
