"""What an experiment takes from outside: `configuration` and `secrets`, and `${name}` in its texts.

A secret comes from the environment only and goes into no sentence, record or log: `Values.mask`
takes it out of every text that leaves here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_NAME = re.compile(r"\$\{(\w+)\}")
_HIDDEN = "•••"

_TYPES: dict[str, Callable[[str], Any]] = {
    "str": str,
    "string": str,
    "int": int,
    "integer": int,
    "float": float,
    "number": float,
    "bool": lambda text: text.lower() not in ("false", "0", "no"),
}


class ValuesError(ValueError):
    """Bad input; `key` says where, the message what is wrong."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True)
class Values:
    """The names that a text of the experiment may use."""

    configuration: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def names(self) -> list[str]:
        """Every name, the configuration's first."""
        return [*self.configuration, *self.secrets]

    def put_in(self, value: Any) -> Any:
        """The value with every `${name}` replaced, in lists and mappings too.

        A text that is nothing but `${name}` becomes the value itself, with its type.  Raises
        LookupError with a name that is not known.
        """
        if isinstance(value, dict):
            return {key: self.put_in(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.put_in(each) for each in value]
        if not isinstance(value, str):
            return value
        whole = _NAME.fullmatch(value)
        if whole:
            return self._named(whole[1])
        return _NAME.sub(lambda match: str(self._named(match[1])), value)

    def mask(self, text: str) -> str:
        """The text without the secrets in it."""
        for secret in sorted(self.secrets.values(), key=len, reverse=True):
            if secret:
                text = text.replace(secret, _HIDDEN)
        return text

    def _named(self, name: str) -> Any:
        if name in self.configuration:
            return self.configuration[name]
        return self.secrets[name]


def read_configuration(entries: Mapping[str, Any]) -> dict[str, Any]:
    """Constants, and values from the environment: `{type: env, key: NAME, default: …}`.

    Raises ValuesError.
    """
    configuration = {}
    for name, entry in entries.items():
        key = f"configuration.{name}"
        if isinstance(entry, dict):
            configuration[name] = _from_environment(key, entry)
        elif isinstance(entry, list):
            raise ValuesError(key, f"{entry!r}, expected a constant or {{type: env, key: NAME}}")
        else:
            configuration[name] = entry
    return configuration


def read_secrets(entries: Mapping[str, Any]) -> dict[str, str]:
    """Name to secret, of all groups.  Raises ValuesError, without the secret in it."""
    secrets: dict[str, str] = {}
    for group, entry in entries.items():
        members = {group: entry}
        prefix = "secrets"
        if isinstance(entry, dict) and not isinstance(entry.get("type"), str):
            members, prefix = entry, f"secrets.{group}"
        for name, member in members.items():
            key = f"{prefix}.{name}"
            if not isinstance(member, dict):
                raise ValuesError(
                    key, "expected {type: env, key: NAME}: no secret stands in a file"
                )
            value = _from_environment(key, member, ("type", "key"))
            secrets[str(name)] = str(value)
    return secrets


def _from_environment(
    key: str,
    entry: Mapping[str, Any],
    known: tuple[str, ...] = ("type", "key", "default", "env_var_type"),
) -> Any:
    if entry.get("type") != "env":
        raise ValuesError(f"{key}.type", f"{entry.get('type')!r}, expected env")
    for name in entry:
        if name not in known:
            raise ValuesError(f"{key}.{name}", f"is not known here, expected {', '.join(known)}")
    variable = entry.get("key")
    if not isinstance(variable, str) or not variable:
        raise ValuesError(f"{key}.key", f"{variable!r}, expected the name of a variable")
    if variable not in os.environ:
        if "default" not in entry:
            raise ValuesError(f"{key}.key", f"{variable!r}, expected a variable that is set")
        return entry["default"]
    wanted = entry.get("env_var_type", "str")
    if wanted not in _TYPES:
        raise ValuesError(f"{key}.env_var_type", f"{wanted!r}, expected {', '.join(_TYPES)}")
    try:
        return _TYPES[wanted](os.environ[variable])
    except ValueError:
        raise ValuesError(
            f"{key}.env_var_type", f"{variable} is not such a value: {wanted}"
        ) from None
