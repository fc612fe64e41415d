"""The headers of one response, for the parser of geventhttpclient.

Its own class keeps the spelling of each name and lowers it again at every look.
"""

from __future__ import annotations


class ReceivedHeaders(dict[str, str | list[str]]):
    """Name in lower case → value; a list for a header that came several times."""

    def add(self, name: str, value: str) -> None:
        """Take one header, as it came."""
        name = name.lower()
        before = self.get(name)
        if before is None:
            self[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            self[name] = [before, value]
