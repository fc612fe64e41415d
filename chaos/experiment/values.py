"""Values that an experiment takes from outside: `configuration`, `secrets`, and `${name}` in texts.

The Chaos Toolkit's own library loads them and puts them in, so they mean the same here as there.
An entry on which it would crash, and a name that it would leave in the text, are refused before.
A secret goes into no sentence, record or log: `Values.mask` takes it out of every text that leaves
here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# The library costs 50 ms to import: it is imported where a file has something for it.

_BRACED = re.compile(r"\$(?:\$|\{(\w+)\})")
_ANY = re.compile(r"\$(?:\$|\{?(\w+))")
HIDDEN = "•••"
"""Stands for a secret in everything that is recorded."""

_NO_VAULT = "which is not read here: put the value into an environment variable"
_KINDS = ("env", "vault")
_TYPES = ("str", "string", "int", "integer", "float", "number", "bytes", "bool", "json")
_ENV_KEYS = ("type", "key", "default", "env_var_type")


class ValuesError(ValueError):
    """Bad input; `key` names the place, the message the error."""

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
    unasked: frozenset[str] = frozenset()
    """Names of the configuration whose probes were not asked."""

    @property
    def names(self) -> list[str]:
        """Every name, the configuration's first."""
        return [*self.configuration, *sorted(self.unasked), *self.secrets]

    def waits(self, value: Any) -> bool:
        """Whether a text in the value uses a name that was not asked."""
        texts = (leaf for leaf in _leaves(value) if isinstance(leaf, str))
        return any(name in self.unasked for text in texts for name in _ANY.findall(text))

    def put_in(self, value: Any) -> Any:
        """The value with every `${name}` and `$name` replaced, in lists and mappings too.

        A text that is nothing but `${name}` becomes the value itself, with its type; `$$` stands
        for `$`.  A `$name` that is not known stays as it is: texts for others hold such.  So does a
        value with a name that was not asked.  Raises
        UnknownName for a `${name}` that is not known, and for one that is not of ASCII letters,
        digits and `_`: the Chaos Toolkit would leave either in the text.
        """
        texts = [leaf for leaf in _leaves(value) if isinstance(leaf, str) and "$" in leaf]
        if not texts:
            return value
        for text in texts:
            for name in filter(None, _BRACED.findall(text)):
                known = name in self.names
                if not (known and name.isascii() and name.isidentifier()):
                    raise UnknownName(name)
        if self.waits(texts):
            return value
        from chaoslib import substitute

        # It looks for names inside groups of secrets: here all are in one.
        return substitute(value, self.configuration, {"all": self.secrets})

    def mask(self, text: str) -> str:
        """The text without the secrets in it."""
        hidden = {str(leaf) for leaf in _leaves(self.secrets)} - {""}
        for secret in sorted(hidden, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text


def read_configuration(entries: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """Constants of any shape, and `{type: env, key: NAME, default: …, env_var_type: …}`.

    The entries of probes are left out: they are asked later.

    A default gets the type of `env_var_type` as the variable does.  A sentence for each key that is
    passed over goes to `notes`.  Raises ValuesError.
    """
    configuration: dict[str, Any] = {}
    for name, entry in entries.items():
        key = f"configuration.{name}"
        kind = entry.get("type") if isinstance(entry, dict) else None
        if kind == "probe":
            continue  # asked later, with these values
        if kind == "vault":
            raise ValuesError(f"{key}.type", f"must be env or probe, got {kind!r}, {_NO_VAULT}")
        configuration[name] = _variable(key, entry, notes) if kind == "env" else entry
    return configuration


def read_secrets(entries: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """Name to secret, of all groups; of two groups with the same name the first counts.

    Notes and errors as those of `read_configuration`; no secret is in them.
    """
    if not entries:
        return {}
    _check_kind("secrets", entries)
    if entries.get("type") == "env":
        message = f"must be in an entry with a name, as secrets.NAME.type, got {entries['type']!r}"
        raise ValuesError("secrets.type", message)
    _check_secrets("secrets", entries, notes)
    from chaoslib.secret import load_secrets

    secrets: dict[str, Any] = {}
    for group, loaded in load_secrets(dict(entries)).items():
        entry = entries[group]
        is_group = isinstance(entry, dict) and not isinstance(entry.get("type"), str)
        for name, secret in loaded.items() if is_group else [(group, loaded)]:
            secrets.setdefault(str(name), secret)
    return secrets


def without_secrets(entries: Any) -> Any:
    """The section `secrets` with `•••` for each secret that stands in it."""
    if not isinstance(entries, dict):
        return HIDDEN
    if entries.get("type") == "env":
        return entries
    return {name: without_secrets(entry) for name, entry in entries.items()}


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(each)
    else:
        yield value


def _variable(key: str, entry: Mapping[str, Any], notes: list[str]) -> Any:
    """The configuration's value of an environment variable, or of its default."""
    _check_variable(key, entry, notes, _ENV_KEYS)
    from chaoslib import convert_to_type
    from chaoslib.configuration import load_configuration

    wanted, default = entry.get("env_var_type"), entry.get("default")
    try:
        convert_to_type(wanted, "0")
    except ValueError:
        message = f"must be one of {', '.join(_TYPES)}, got {wanted!r}"
        raise ValuesError(f"{key}.env_var_type", message) from None
    if wanted == "bool" and isinstance(default, int) and not isinstance(default, bool):
        entry = {**entry, "default": str(default)}  # 0 and 1: the library expects a text
    try:
        return load_configuration({key: entry})[key]
    except (ValueError, TypeError, AttributeError):
        variable = entry["key"]
        place = f"{variable} in the environment" if variable in os.environ else f"{key}.default"
        raise ValuesError(f"{key}.env_var_type", f"{place} must be of type {wanted}") from None


def _check_secrets(key: str, entry: Any, notes: list[str]) -> None:
    """Raise ValuesError for a secret that cannot be loaded."""
    if not isinstance(entry, dict):
        if entry == HIDDEN:
            raise ValuesError(key, "must be {type: env, key: NAME}: a record keeps no secret")
    elif key != "secrets" and entry.get("type") == "env":
        _check_variable(key, entry, notes, _ENV_KEYS[:2])
    else:
        _check_kind(key, entry)
        if key != "secrets" and isinstance(entry.get("type"), str):
            notes.append(f"{key}.type is not env: each key of the entry is a secret as it stands")
        for name, member in entry.items():
            _check_secrets(f"{key}.{name}", member, notes)


def _check_kind(key: str, entry: Mapping[str, Any]) -> None:
    """Raise ValuesError for a vault, and for `Env`, which the Chaos Toolkit takes for a text.

    Of a vault the library would leave the secret empty, or ask another machine with no limit of
    time.
    """
    kind = entry.get("type")
    if isinstance(kind, str) and kind != "env" and kind.lower() in _KINDS:
        reason = f", {_NO_VAULT}" if kind.lower() == "vault" else ""
        raise ValuesError(f"{key}.type", f"must be env, got {kind!r}{reason}")


def _check_variable(
    key: str, entry: Mapping[str, Any], notes: list[str], known: tuple[str, ...]
) -> None:
    """Raise ValuesError when there is neither the variable nor a default; note unknown keys."""
    notes += [f"{key}.{name} is passed over" for name in entry if name not in known]
    variable = entry.get("key")
    if not isinstance(variable, str) or not variable:
        raise ValuesError(f"{key}.key", f"must be the name of a variable, got {variable!r}")
    if variable not in os.environ and not ("default" in known and "default" in entry):
        raise ValuesError(f"{key}.key", f"must be a variable that is set, got {variable!r}")
