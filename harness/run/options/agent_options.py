"""Which agent the fleet serves: `--agent` and `--app`, checked before anything is started."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

from harness.errors import ConfigError
from harness.fleet_kinds import FLEETS

SHOPMAX = "shopmax"
"""The agent that comes with the reference service."""
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
    # A shell expands no ~ after --agent=, and none in quotes.
    folder = Path(os.path.expanduser(given)).resolve()
    if not _is_agent(folder):
        inner = sorted(each.name for each in folder.glob("[!_.]*") if _is_agent(each))
        hint = f" (did you mean {Path(given) / inner[0]}?)" if inner else ""
        if folder.is_file() and _is_agent(folder.parent):
            hint = f" (did you mean {Path(given).parent}?)"
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
    package = folder / "__init__.py"
    if _defines_agent(package):
        return True
    return package.is_file() and _defines_agent(folder / "agent" / "__init__.py")


def _defines_agent(module: Path) -> bool:
    """Whether a module has the name under which ADK finds an agent, or may have imported it."""
    try:
        text = module.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return False
    code = re.sub(r"(?m)^\s*#.*$", "", text)
    return re.search(r"\b(root_agent|app)\b|^\s*from\s+\S+\s+import\s+\*", code, re.M) is not None
