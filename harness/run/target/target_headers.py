"""The request headers of an experiment's probes: those of the load, at the target alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from harness.run.options.access_options import AccessOptions
from reports.basics.addresses import origin


def headers_for(
    access: AccessOptions, target: str, token: Callable[[], str | None]
) -> Callable[[str], Mapping[str, str]]:
    """A function: address -> the headers of the run; none if it is not an address of the target.

    `token` gives the present token of `--token-command`; None: there is none.
    """
    own = origin(urlsplit(target))

    def found(url: str) -> Mapping[str, str]:
        if origin(urlsplit(url)) != own:
            return {}
        headers = {name: os.environ[variable] for name, variable in access.headers.items()}
        bearer = token() if access.token_env is None else os.environ[access.token_env]
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        return headers

    return found
