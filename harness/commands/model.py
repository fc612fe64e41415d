"""`diya model`: the stand-in for the model, in the foreground."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.run.model import model_quota
from loadtests.profiles import journeys
from reports.basics.exit_codes import ExitCode
from target_service.stand_in import parts, serve
from target_service.stand_in.environment import variables
from target_service.stand_in.options import OptionError

_KEY = "diya-agent"
"""The key in the printed environment: the log names the caller `agent`."""


def main(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM; print the agent's environment once the server answers."""
    if args.quota is not None:
        args.quota = model_quota.words(model_quota.given(args.quota))
    script = None if args.script is None else _script(Path(args.script))
    try:
        app, drawn = parts.build(args, script)
        bound = serve.listen(args.bind)
    except OptionError as error:
        raise ConfigError(str(error)) from None
    url = serve.url_of(bound)
    serve.serve(app, bound, lambda: _print(url, drawn))
    return ExitCode.GO


def _script(path: Path) -> dict[str, Any] | None:
    """The script in a file of journeys; None for a file of another kind.  Raises ConfigError."""
    if path.suffix.lower() != ".toml":
        return None
    script = journeys.load(path).model_script()
    if script is None:
        raise ConfigError(f"{path}: must have a [journey.NAME.model] with the calls of a journey")
    return script


def _print(url: str, drawn: str | None) -> None:
    lines = [f"model     {url}", f"control   {url}/_diya/calls?after=0"]
    if drawn is not None:
        lines.append(f"token     {drawn}")
    lines.append("\nThe agent's environment; each replica may have a key `diya-NAME` of its own:")
    for name, value in variables(url, _KEY).items():
        lines.append(f"export {name}={shlex.quote(value)}")
    print("\n".join([*lines, "\nCtrl-C ends it."]), flush=True)
