"""Which pods are meant: `kubernetes:NAMESPACE/SELECTOR`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chaos.errors import ChaosConfigError

_KIND = "kubernetes:"
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_KEY = rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME}"
_TERM = re.compile(
    rf"{_KEY}\s*(==?|!=)\s*({_NAME})?|!?{_KEY}|{_KEY}\s+(not)?in\s+\([A-Za-z0-9_., -]+\)"
)
_BETWEEN_TERMS = re.compile(r",(?![^(]*\))")
"""A comma outside of the parentheses of `in (a, b)`."""
EXAMPLE = "kubernetes:staging/app=agent"


@dataclass(frozen=True, slots=True)
class Selection:
    """Pods of one namespace, by their labels."""

    namespace: str
    selector: str
    """A label selector as `kubectl get pods --selector` takes it; never empty."""

    def __str__(self) -> str:
        return f"{_KIND}{self.namespace}/{self.selector}"


def parse(option: str, value: str) -> Selection:
    """The selection that an option names.

    Raises ChaosConfigError.  An empty selector is refused: it would select every pod.
    """
    namespace, slash, selector = value.removeprefix(_KIND).partition("/")
    terms = [term.strip() for term in _BETWEEN_TERMS.split(selector)]
    if (
        not value.startswith(_KIND)
        or not slash
        or not _NAMESPACE.fullmatch(namespace)
        or not all(map(_TERM.fullmatch, terms))
    ):
        raise ChaosConfigError(
            f"{option} must be kubernetes:NAMESPACE/SELECTOR, as {EXAMPLE}, got {value!r}"
        )
    return Selection(namespace, ",".join(terms))
