"""Values that an experiment takes from outside: `configuration`, `secrets`, and `${name}` in texts.

They mean what they mean to the Chaos Toolkit's own loader.  A secret goes into no sentence, record
or log: `Values.mask` takes it out of every text that leaves here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# As string.Template, which the Chaos Toolkit uses, but that `${` must be followed by a name.
_NAME = re.compile(r"\$(?:(\$)|\{(\w+)\}|([A-Za-z_][A-Za-z0-9_]*))")
HIDDEN = "•••"
"""Stands for a secret in everything that is recorded."""


def _bool(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() not in ("false", "0", "no")


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value


_TYPES: dict[str, Callable[[Any], Any]] = {
    "str": lambda value: value,
    "string": lambda value: value,
    "int": int,
    "integer": int,
    "float": float,
    "number": float,
    "bytes": lambda value: value.encode(),
    "bool": _bool,
    "json": _json,
}
_ENV_KEYS = ("type", "key", "default", "env_var_type")


class ValuesError(ValueError):
    """Bad input; `key` says where, the message what is wrong."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class UnknownName(LookupError):
    """A `${name}` that is in neither `configuration` nor `secrets`; the text is the name."""


@dataclass(frozen=True)
class Values:
    """The names that a text of the experiment may use."""

    configuration: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def names(self) -> list[str]:
        """Every name, the configuration's first."""
        return [*self.configuration, *self.secrets]

    def put_in(self, value: Any) -> Any:
        """The value with every `${name}` and `$name` replaced, in lists and mappings too.

        A text that is nothing but `${name}` becomes the value itself, with its type; `$$` stands
        for `$`.  A `$name` that is not known stays as it is: texts for others hold such.  Raises
        UnknownName for a `${name}` that is not known.
        """
        if isinstance(value, dict):
            return {key: self.put_in(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.put_in(each) for each in value]
        if not isinstance(value, str):
            return value
        whole = _NAME.fullmatch(value)
        if whole and whole[2]:
            return self._named(whole[2])
        return _NAME.sub(self._text, value)

    def mask(self, text: str) -> str:
        """The text without the secrets in it."""
        hidden = {str(leaf) for leaf in _leaves(self.secrets)} - {""}
        for secret in sorted(hidden, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text

    def _text(self, match: re.Match[str]) -> str:
        escaped, braced, bare = match.groups()
        if escaped:
            return "$"
        if bare and bare not in self.configuration and bare not in self.secrets:
            return match[0]
        return str(self._named(braced or bare))

    def _named(self, name: str) -> Any:
        for each in (self.configuration, self.secrets):
            if name in each:
                return each[name]
        raise UnknownName(name)


def read_configuration(entries: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """Constants of any shape, and `{type: env, key: NAME, default: …, env_var_type: …}`.

    A default gets the type of `env_var_type` as the variable does.  A sentence for each key that is
    passed over goes to `notes`.  Raises ValuesError.
    """
    configuration = {}
    for name, entry in entries.items():
        key = f"configuration.{name}"
        kind = entry.get("type") if isinstance(entry, dict) else None
        if kind in ("probe", "vault"):
            raise ValuesError(f"{key}.type", f"must be env, got {kind!r}, which is not read here")
        configuration[name] = _from_environment(key, entry, notes) if kind == "env" else entry
    return configuration


def read_secrets(entries: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """Name to secret, of all groups; of two groups with the same name the first counts.

    Notes and errors as those of `read_configuration`; no secret is in them.
    """
    secrets: dict[str, Any] = {}
    for group, entry in entries.items():
        members = {group: entry}
        prefix = "secrets"
        if isinstance(entry, dict) and not isinstance(entry.get("type"), str):
            members, prefix = entry, f"secrets.{group}"
        for name, member in members.items():
            secrets.setdefault(str(name), _secret(f"{prefix}.{name}", member, notes))
    return secrets


def without_secrets(entries: Any) -> Any:
    """The section `secrets` with `•••` for each secret that stands in it."""
    if not isinstance(entries, dict):
        return HIDDEN
    if entries.get("type") == "env":
        return entries
    return {name: without_secrets(entry) for name, entry in entries.items()}


def _secret(key: str, entry: Any, notes: list[str]) -> Any:
    if not isinstance(entry, dict):
        if entry == HIDDEN:
            raise ValuesError(key, "must be {type: env, key: NAME}: a record keeps no secret")
        return entry
    if entry.get("type") == "env":
        return _from_environment(key, entry, notes)
    if entry.get("type") == "vault":
        raise ValuesError(f"{key}.type", "must be env, got 'vault', which is not read here")
    return {name: _secret(f"{key}.{name}", member, notes) for name, member in entry.items()}


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each)
    else:
        yield value


def _from_environment(key: str, entry: Mapping[str, Any], notes: list[str]) -> Any:
    secret = key.startswith("secrets.")
    known = _ENV_KEYS[:2] if secret else _ENV_KEYS
    notes += [f"{key}.{name} is passed over" for name in entry if name not in known]
    variable = entry.get("key")
    if not isinstance(variable, str) or not variable:
        raise ValuesError(f"{key}.key", f"must be the name of a variable, got {variable!r}")
    if variable not in os.environ and (secret or "default" not in entry):
        raise ValuesError(f"{key}.key", f"must be a variable that is set, got {variable!r}")
    value = os.environ.get(variable, entry.get("default"))
    wanted = None if secret else entry.get("env_var_type")
    if wanted is None:
        return value
    if wanted not in _TYPES:
        raise ValuesError(
            f"{key}.env_var_type", f"must be one of {', '.join(_TYPES)}, got {wanted!r}"
        )
    try:
        return _TYPES[wanted](value)
    except (ValueError, TypeError, AttributeError):
        place = f"{variable} in the environment" if variable in os.environ else f"{key}.default"
        raise ValuesError(f"{key}.env_var_type", f"{place} must be of type {wanted}") from None
