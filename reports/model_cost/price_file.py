"""Files of prices: reading them, and their errors.

PriceError (a ValueError)
    Anything wrong with a file of prices, one sentence: file, key, value, and the expected value.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import fields

from reports.basics.suggestions import nearest
from reports.basics.texts import read_text
from reports.records import typed

_MOST = 1e6

Text = Annotated[str, Meta(min_length=1, description="a text")]
Price = Annotated[float, Meta(ge=0, le=_MOST, description=f"a number from 0 to {_MOST:,.0f}")]
Amount = Annotated[
    float, Meta(gt=0, le=_MOST, description=f"a number above 0, at most {_MOST:,.0f}")
]
Currency = Annotated[
    str, Meta(pattern="^[A-Z]{3}$", description='a code of three letters such as "USD"')
]


class PriceError(ValueError):
    """One sentence about a file of prices."""


def read(path: Path) -> dict[str, Any]:
    """The tables of a file.  Raises PriceError."""
    try:
        return tomllib.loads(read_text(path))
    except OSError as error:
        raise PriceError(f"{path}: cannot be read: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise PriceError(f"{path}: must be TOML: {error}") from None
    except ValueError:
        raise PriceError(f"{path}: must be UTF-8 text, or UTF-16 with a byte order mark") from None


def check_section(values: dict[str, Any], kind: type[Struct], where: str) -> None:
    """Raise ValueError for the first unknown key or bad value of a section; `where` names it."""
    check_known(values, kind, where)
    try:
        typed.convert(values, kind)
    except ValueError as error:
        raise ValueError(f"{where}{error}") from None


def check_known(values: Mapping[str, Any], kind: type[Struct], where: str) -> None:
    """Raise ValueError for the first key that `kind` does not have."""
    names = [field.name for field in fields(kind)]
    for name in values:
        if name not in names:
            hint = nearest(name, names)
            raise ValueError(f"{where}{name} must be a known key, got {name!r}{hint}")


def check_sections(given: Any, kind: type[Struct], name: str) -> None:
    """Raise ValueError unless `given` is a list of sections `[[name]]`, at least one."""
    if not isinstance(given, list | tuple) or not given:
        got = "nothing" if given is None else typed.shown(given)
        raise ValueError(f"{name} must be one section or more, got {got}")
    for place, section in enumerate(given, 1):
        where = f"{name} {place}: "
        if not isinstance(section, dict):
            raise ValueError(f"{where}it must be a section, got {typed.shown(section)}")
        check_section(section, kind, where)
