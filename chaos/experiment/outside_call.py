"""One call of a file that is not diya's: a program, an HTTP call, a function of the user's.

It is asked as a probe, or done as an action.  It can be handed over as JSON to the process that
undoes faults when the harness has died.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

import diya_start
from chaos.errors import ChaosError
from chaos.experiment import probe_providers
from chaos.experiment.limited_process import Finished, run_limited
from chaos.experiment.values import Values
from reports.basics.addresses import without_passwords

_PYTHON_S = 30.0
"""The limit of a function that names none: packages for clouds take seconds to import."""
_PYTHON_KEYS = ("type", "module", "func", "arguments", "secrets", "timeout")
KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "http": (probe_providers.HTTP_KEYS, ("url",)),
    "process": (probe_providers.PROCESS_KEYS, ("path",)),
    "python": (_PYTHON_KEYS, ("module", "func")),
}
"""Type of the provider -> its keys, and the required ones."""
_HTTP_ERROR = 400
_PLAIN_HEADERS = frozenset({"accept", "content-type"})
"""Headers whose values are shown; any other may be a token."""


@dataclass(frozen=True)
class OutsideCall:
    """One call, its values filled in."""

    provider: Mapping[str, Any] = field(repr=False)
    values: Values = field(default_factory=Values, repr=False)
    elsewhere: bool = False
    """Whether an HTTP call may go to another machine."""

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Self:
        """The call of `to_json`."""
        values = Values(given["configuration"], given["secrets"])
        return cls(given["provider"], values, given["elsewhere"])

    def to_json(self) -> dict[str, Any]:
        """The call with its secrets, for another process: for no file, log or command line."""
        return {
            "provider": dict(self.provider),
            "configuration": dict(self.values.configuration),
            "secrets": dict(self.values.secrets),
            "elsewhere": self.elsewhere,
        }

    @property
    def kind(self) -> str:
        """`process`, `http` or `python`."""
        return str(self.provider["type"])

    @property
    def limit_s(self) -> float:
        """The time limit of the call, seconds.  Raises ValueError when it cannot be a limit."""
        default = _PYTHON_S if self.kind == "python" else probe_providers.TIMEOUT_S
        return probe_providers.timeout_of(self.provider, default)

    def check(self) -> None:
        """Raise ValueError, with the key, for a call that cannot be made.  Makes none."""
        if self.kind == "http":
            probe_providers.http(self.provider, elsewhere=self.elsewhere)
        elif self.kind == "process":
            probe_providers.command(self.provider)
        elif not isinstance(self.provider.get("arguments") or {}, dict):
            raise ValueError("arguments must be a mapping")
        _ = self.limit_s

    def check_function(self) -> None:
        """Raise ValueError unless a Python provider's function is there and takes its arguments.

        Its module is imported, by a process of its own.
        """
        if self.kind == "python":
            finished = self._in_runner(self._of_function(validate=True), os.environ)
            if finished.status:
                raise ValueError(self.values.mask(_last_line(finished.stderr)))

    def ask(
        self, env: Mapping[str, str] = os.environ, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The answer, as the Chaos Toolkit has it.  Raises an error without one.

        With the run's id in `env` a program or function ends with the run.  An HTTP call has these
        `headers` too, unless it names them itself.
        """
        if self.kind == "http":
            return probe_providers.http(
                self.provider, elsewhere=self.elsewhere, extra_headers=headers
            )()
        if self.kind == "process":
            return probe_providers.process(self.provider, env)()
        finished = self._in_runner(self._of_function(), env)
        if finished.status:
            raise ChaosError(self.values.mask(_last_line(finished.stderr)))
        return json.loads(finished.stdout or "null")

    def do(self, env: Mapping[str, str]) -> None:
        """Make the call as an action.  Raises ChaosError, without secrets, unless it succeeds.

        With the run's id in `env` it ends with the run; what it leaves running does not.
        """
        try:
            why = self._do(env)
        except Exception as error:
            why = str(error) or type(error).__name__
        if why is not None:
            raise ChaosError(self.values.mask(why))

    def _do(self, env: Mapping[str, str]) -> str | None:
        """Why the call failed; None: it succeeded."""
        if self.kind == "http":
            answer = self.ask()
            if answer["status"] < _HTTP_ERROR:
                return None
            return f"the call was answered with HTTP {answer['status']}: {answer['body']}"
        if self.kind == "process":
            given = {"command": probe_providers.command(self.provider)}
        else:
            given = self._of_function()
        finished = self._in_runner(given, env)
        if not finished.status:
            return None
        if self.kind == "python":
            return f"{self.name} failed: {_last_line(finished.stderr)}"
        said = (finished.stderr or finished.stdout).strip()
        ended = f"{self.name} ended with exit code {finished.status}"
        return f"{ended}: {said}" if said else f"{ended} and said nothing"

    @property
    def name(self) -> str:
        """The program, the function or the address.  It may hold secrets of its author."""
        if self.kind == "python":
            return f"{self.provider['module']}.{self.provider['func']}"
        return str(self.provider["path" if self.kind == "process" else "url"])

    def by_hand(self) -> str:
        """The command that makes the call by hand, without secrets."""
        return without_passwords(self.values.mask(_COMMANDS[self.kind](self.provider)))

    def _of_function(self, *, validate: bool = False) -> dict[str, Any]:
        provider = {"arguments": {}, **self.provider}
        activity = {"type": "action", "name": self.name, "provider": provider}
        groups = self.provider.get("secrets") or []
        return {
            "activity": activity,
            "configuration": dict(self.values.configuration),
            "secrets": {group: dict(self.values.secrets) for group in groups},
            "validate": validate,
        }

    def _in_runner(self, given: Mapping[str, Any], env: Mapping[str, str]) -> Finished:
        command = diya_start.command("chaos.experiment.call_runner", users=True)
        text = json.dumps(given, default=str).encode()
        return run_limited(self.name, command, self.limit_s, given=text, env=env)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it gave no reason"


def _program(provider: Mapping[str, Any]) -> str:
    return shlex.join(probe_providers.command(provider))


def _curl(provider: Mapping[str, Any]) -> str:
    method = str(provider.get("method", "GET")).upper()
    url, arguments = str(provider["url"]), provider.get("arguments")
    words = ["curl", "--fail"]
    if method != "GET":
        words += ["-X", method]
    for name, value in (provider.get("headers") or {}).items():
        words += ["-H", f"{name}: {value if name.lower() in _PLAIN_HEADERS else '…'}"]
    if arguments and method == "GET":
        url += f"?{urlencode(arguments)}"
    elif arguments:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(arguments)]
    return shlex.join([*words, url])


def _python(provider: Mapping[str, Any]) -> str:
    arguments = ", ".join(f"{k}={v!r}" for k, v in (provider.get("arguments") or {}).items())
    module, func = provider["module"], provider["func"]
    return shlex.join(["python", "-c", f"import {module}; {module}.{func}({arguments})"])


_COMMANDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "process": _program,
    "http": _curl,
    "python": _python,
}
