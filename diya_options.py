"""Options of `diya readiness` that the pytest plugin has too: one declaration for both.

They say how to reach a target, and which services replicas use.  `--token-command` of the
command line is `--diya-token-command` of pytest, `diya_token_command` of its ini file and
`token_command` of the marker.

Every pytest loads this module: it has a name that no other package has, and imports nothing of
diya.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["word", "words", "flag", "whole", "seconds"]


def flag(name: str) -> str:
    """An option as people write it, such as `--token-env`, by its name in the parsed arguments."""
    return "--" + name.replace("_", "-")


@dataclass(frozen=True)
class Option:
    """One option; `help` names other options as the command line does."""

    flag: str
    """Its name on the command line, such as `--token-env`."""
    help: str
    metavar: str | None = None
    kind: Kind = "word"
    """`words`: it may be repeated; `flag`: it has no value; `seconds`: a number."""
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name in Python, such as `token_env`."""
        return self.flag[2:].replace("-", "_")


TARGET: Final = Option(
    "--target", "drive this ADK API server instead of a fleet that diya starts", "URL"
)
DOOR: Final = Option(
    "--door",
    "the API of the --target: ADK's server (/run, /run_sse), Agent Engine's /api/reasoning_engine, "
    "or A2A, where --target is the address of the agent's calls (default: adk)",
    choices=("adk", "agent-engine", "a2a"),
)
MODEL_URL: Final = Option(
    "--model-url",
    "the `diya model` that the agent at the --target calls; its token is in the environment as "
    "DIYA_MODEL_TOKEN",
    "URL",
)
TTL: Final = Option(
    "--ttl",
    "how long the --target or the --session-service-uri keeps a session after its last use "
    "(default: not known)",
    "SECONDS",
    "seconds",
)
ACCESS: Final = (
    Option(
        "--token-env",
        "the environment variable that holds the --target's bearer token",
        "NAME",
    ),
    Option(
        "--token-command",
        "a command that prints the --target's bearer token, run without a shell at the start, "
        "before the token expires (the exp of a JWT, else every 45 min), and after a 401",
        "COMMAND",
    ),
    Option(
        "--header",
        "add this header to every request to the --target; its value is in that environment "
        "variable; Host is allowed; may be repeated",
        "NAME=VARIABLE",
        "words",
    ),
    Option(
        "--client-cert",
        "the certificate that diya shows to an https --target (PEM), for mutual TLS",
        "FILE",
    ),
    Option(
        "--client-key",
        "its private key (PEM, not encrypted), if it is not in the same file",
        "FILE",
    ),
)
"""Credentials and further headers of the requests to a target."""
WHO_ANSWERS: Final = (
    Option(
        "--replica-header",
        "the response header by which the --target names the replica that answers (default: "
        "x-diya-replica)",
        "NAME",
    ),
    Option(
        "--target-replicas",
        "the number of replicas at the --target (default: not known); with 1, no conversation "
        "can move between replicas",
        "N",
        "whole",
    ),
)
AUTHORISED: Final = Option(
    "--authorised",
    "I may put load on this --target or --redis although it is not on this machine",
    kind="flag",
)
BREAK_TARGET: Final = Option(
    "--break-target",
    "I may break this --target: the faults of --experiment are done to it; one that is not on this "
    "machine needs --authorised too",
    kind="flag",
)
_TAKEN = "as `adk api_server` accepts it; env:NAME is the value of that variable"
SERVICES: Final = (
    Option(
        "--session-service-uri",
        "where the replicas keep their sessions instead of in --sessions, for example "
        f"postgresql+asyncpg://…, sqlite:///FILE or a scheme of your services.py: {_TAKEN}",
        "URI",
    ),
    Option(
        "--artifact-service-uri",
        f"where the replicas keep their artifacts (default: in memory), {_TAKEN}",
        "URI",
    ),
    Option(
        "--memory-service-uri",
        f"where the replicas keep their memories (default: in memory), {_TAKEN}",
        "URI",
    ),
)
"""The user's own services, for replicas that are processes."""

SHARED: Final = (
    *(TARGET, DOOR, MODEL_URL, AUTHORISED, BREAK_TARGET, TTL),
    *ACCESS,
    *WHO_ANSWERS,
    *SERVICES,
)
"""All options of this module."""
