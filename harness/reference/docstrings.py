"""Docstrings of classes and of their attributes."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from itertools import pairwise


def summary(owner: object) -> str:
    """The first paragraph of a docstring, on one line; empty without one."""
    return " ".join((inspect.getdoc(owner) or "").split("\n\n")[0].split())


def first_sentence(owner: object) -> str:
    """The first sentence of a docstring."""
    return summary(owner).partition(". ")[0].rstrip(".") + "."


def whole(owner: object) -> str:
    """The docstring as paragraphs of one line each, separated by an empty line."""
    paragraphs = (inspect.getdoc(owner) or "").split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)


def attributes(kind: type) -> dict[str, str]:
    """Attribute -> the docstring below it, for a class and its bases; the class itself wins."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__[:-1]):
        found |= _below(base)
    return found


@cache
def _below(kind: type) -> dict[str, str]:
    """The same for one class without its bases."""
    try:
        source = inspect.getsource(kind)
    except (OSError, TypeError):  # a class of a compiled module
        return {}
    (definition,) = ast.parse(inspect.cleandoc("\n" + source)).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    found: dict[str, str] = {}
    for statement, text in pairwise(body):
        name = _assigned(statement)
        if (
            name is not None
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            found[name] = " ".join(text.value.value.split())
    return found


def _assigned(statement: ast.stmt) -> str | None:
    """The name that a statement assigns to, where it is one name."""
    if isinstance(statement, ast.AnnAssign):
        target: ast.expr = statement.target
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None
