"""The next step for the user of a `--target` that answers no request."""

from __future__ import annotations

from harness.run.plan import Plan


def advice(plan: Plan, said: str) -> str | None:
    """The next step after the error `said` of the target, without a full stop; None: not known."""
    if "CERTIFICATE_VERIFY_FAILED" in said:
        if "self-signed" in said or "issuer" in said:
            return "SSL_CERT_FILE in the environment must name the authority of its certificate"
        return None
    if "HTML page" in said:
        return (
            "a login page, a proxy or another site answers at this address; --target must be "
            "the address of the API, and --token-env, --token-command or --header its way in"
        )
    if "HTTP 401" in said:
        given = plan.access
        if given.token_env is not None:
            return f"the token in {given.token_env} (--token-env) must be one that it accepts"
        if given.token_command:
            return "--token-command must print a token that it accepts"
        if given.headers:
            names = ", ".join(f"--header {name}" for name in given.headers)
            return f"{names} must have a value that it accepts, or --token-env a token"
        return "give it a token with --token-env or --token-command, or a key with --header"
    if plan.door == "adk" and said.startswith("HTTP 404"):
        return (
            "--target must be the address below which its API is, with its path prefix, and "
            f"--app the name of an agent there, got {plan.app}"
        )
    return None
