"""How requests get in at a target: headers, token, certificate; checked before one is sent."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import diya_options
from harness import log
from harness.errors import ConfigError
from reports.records.run_description import AccessDescription

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")
_OWN = frozenset(
    {
        *("accept", "connection", "content-length", "content-type", "expect", "keep-alive"),
        *("te", "trailer", "transfer-encoding", "upgrade", "traceparent"),
    }
)
"""Headers that diya itself sets, or that would change the form of a request."""
_MOST_REPLICAS = 100_000


@dataclass(frozen=True)
class AccessOptions:
    """How requests get in at a target."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Request header → the environment variable with its value."""
    token_env: str | None = None
    token_command: tuple[str, ...] = ()
    """The words of the command that prints the token; empty: none."""
    certificate: Path | None = None
    key: Path | None = None
    replica_header: str | None = None

    def description(self) -> AccessDescription | None:
        """For `run.json`, without any value; None: nothing to describe."""
        found = AccessDescription(
            headers=dict(self.headers),
            token_command=bool(self.token_command),
            client_cert=None if self.certificate is None else str(self.certificate),
            client_key=None if self.key is None else str(self.key),
            replica_header=self.replica_header,
        )
        return None if found == AccessDescription() else found

    def secrets(self, environment: Mapping[str, str] = os.environ) -> list[str]:
        """The token of the environment, the values of the headers, and their words."""
        names = log.header_variables([f"{k}={v}" for k, v in self.headers.items()])
        names += [] if self.token_env is None else [self.token_env]
        values = [environment.get(name, "") for name in names]
        return [word for value in values for word in (value, *value.split())]


def access(args: argparse.Namespace) -> AccessOptions:
    """Check the options.  Raises ConfigError, without any value of a header or token."""
    _check_for_target(args)
    headers = _headers(args.header or ())
    check_token_env(args.token_env)
    command = _command(args.token_command)
    given = [name for name in ("token_env", "token_command") if getattr(args, name)]
    if any(name.lower() == "authorization" for name in headers):
        given.append("header Authorization")
    if len(given) > 1:
        one, other = map(diya_options.flag, given[:2])
        raise ConfigError(f"{one}: must not be given with {other}; a request has one token")
    _check_authority(args.target)
    certificate, key = _certificate(args)
    return AccessOptions(
        headers=headers,
        token_env=args.token_env,
        token_command=command,
        certificate=certificate,
        key=key,
        replica_header=_replica_header(args.replica_header),
    )


def _check_authority(target: str | None) -> None:
    """Raise ConfigError for a private authority that OpenSSL would ignore without a word."""
    path = os.environ.get("SSL_CERT_FILE")
    if not path or not (target or "").startswith("https://"):
        return
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # SSLError is one
        reason = None if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigError(
            f"SSL_CERT_FILE {path}: must be a PEM file with the authority of the target's "
            f"certificate, got: {reason or 'no certificate in it'}"
        ) from None


def _check_for_target(args: argparse.Namespace) -> None:
    if args.target is not None:
        return
    for name in _OF_TARGETS:
        given = getattr(args, name)
        if given is None or (name in _OF_PROJECTS and args.compose_file is not None):
            continue
        # A header or a command may hold a secret by mistake.
        shown = "" if name in ("header", "token_command") else f" {given}"
        raise ConfigError(f"{diya_options.flag(name)}{shown}: must not be given without a --target")


_OF_TARGETS = (*(each.name for each in diya_options.ACCESS), "target_replicas")
_OF_PROJECTS = ("token_env", "token_command", "header")
"""Those of them that a compose project of the user's own takes too."""


def check_token_env(name: str | None) -> None:
    """Raise ConfigError unless the variable holds a token that can stand in a header."""
    if name is None:
        return
    token = os.environ.get(name)
    if not token:
        raise ConfigError(
            f"--token-env {name}: the environment has no such variable, or it is empty; it "
            "must name the variable that holds the target's bearer token"
        )
    if not re.fullmatch(r"[!-~]+", token):
        raise ConfigError(
            f"--token-env {name}: its value cannot stand in a header; it must be a bearer token of "
            "printable ASCII characters without spaces"
        )


def replicas(given: int | None) -> int | None:
    """The number of the target's replicas.  Raises ConfigError."""
    if given is not None and not 1 <= given <= _MOST_REPLICAS:
        raise ConfigError(f"--target-replicas {given}: must be from 1 to {_MOST_REPLICAS}")
    return given


def token_command(args: argparse.Namespace) -> tuple[str, ...]:
    """The words of `--token-command`.  Raises ConfigError."""
    return _command(args.token_command)


def _headers(given: list[str] | tuple[str, ...]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for each in given:
        name, _, variable = each.partition("=")
        if not _NAME.fullmatch(name) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
            # A value given by mistake must not be repeated.
            shown = f"{name}=…" if _NAME.fullmatch(name) else "…"
            raise ConfigError(
                f"--header {shown}: must be NAME=VARIABLE, the name of a header and that of the "
                "environment variable that holds its value"
            )
        if name.lower() in _OWN:
            raise ConfigError(f"--header {name}: must be a header that diya does not set itself")
        if name.lower() in (known.lower() for known in headers):
            raise ConfigError(f"--header {name}: must be given once")
        value = os.environ.get(variable)
        if not value:
            raise ConfigError(
                f"--header {name}={variable}: the environment has no variable {variable}, or it is "
                "empty; it must hold the value of the header"
            )
        if not _VALUE.fullmatch(value):
            raise ConfigError(
                f"--header {name}={variable}: the value of {variable} cannot stand in a header; it "
                "must be of printable ASCII characters, without spaces around it"
            )
        headers[name] = variable
    return headers


def _command(given: str | None) -> tuple[str, ...]:
    if given is None:
        return ()
    try:
        words = tuple(shlex.split(given))
    except ValueError as error:
        raise ConfigError(f"--token-command: must be a command line, got {error}") from None
    if not words:
        raise ConfigError("--token-command: must be a command line, got nothing")
    if shutil.which(words[0]) is None:
        raise ConfigError(
            f"--token-command {words[0]}: must begin with a program on PATH, got none of that name"
        )
    return words


def _certificate(args: argparse.Namespace) -> tuple[Path | None, Path | None]:
    if args.client_cert is None:
        if args.client_key is not None:
            raise ConfigError(f"--client-key {args.client_key}: must be given with --client-cert")
        return None, None
    if not args.target.startswith("https://"):
        raise ConfigError(f"--client-cert {args.client_cert}: must be given with an https --target")
    certificate = Path(args.client_cert).absolute()
    key = None if args.client_key is None else Path(args.client_key).absolute()
    for option, path in (("--client-cert", certificate), ("--client-key", key)):
        if path is not None and not (path.is_file() and os.access(path, os.R_OK)):
            raise ConfigError(f"{option} {path}: must be a file that can be read")
    try:
        # Without a password, OpenSSL would ask the terminal for that of an encrypted key.
        ssl.create_default_context().load_cert_chain(certificate, key, password=lambda: "")
    except ssl.SSLError as error:
        reason = (error.reason or "not PEM").replace("_", " ").lower()
        raise ConfigError(
            f"--client-cert {args.client_cert}: must be a PEM certificate whose private key is "
            f"beside it or in --client-key and is not encrypted, got: {reason}"
        ) from None
    return certificate, key


def _replica_header(given: str | None) -> str | None:
    if given is not None and not _NAME.fullmatch(given):
        raise ConfigError(f"--replica-header {given}: must be the name of a response header")
    return given
