"""The numbers of the record types."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

# Sums, differences and whole seconds of read values must stay finite.
Seconds = Annotated[float, Meta(ge=-1e10, le=1e10)]
"""A moment or span of run time; centuries are an error."""
Count = Annotated[int, Meta(ge=0, le=2**53)]
Small = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Reading = Annotated[float, Meta(ge=-1e18, le=1e18)]
