"""The secret that opens the screens in a browser."""

from __future__ import annotations

import os
import re

from workbench.errors import UsageError

VARIABLE = "WORKBENCH_WEB_TOKEN"
LEAST_LENGTH = 16


def take() -> str:
    """The token that the environment holds, which is removed from there; empty where there is none.

    Removed, so that no program that is started from here finds it.

    Raises:
        UsageError: when it is too short, or has characters that a browser would not send back.
    """
    token = os.environ.pop(VARIABLE, "")
    if token and not re.fullmatch(rf"[!-~]{{{LEAST_LENGTH},}}", token):
        raise UsageError(
            f"the token in ${VARIABLE} is no secret: it takes {LEAST_LENGTH} characters, no blanks",
            f"without the variable a new one is made at each start; to make one: "
            f"export {VARIABLE}=$(python -c 'import secrets; print(secrets.token_urlsafe())')",
        )
    return token


def new() -> str:
    """A token that nobody guesses."""
    import secrets  # noqa: PLC0415 - OpenSSL, and every command reads the variable's name here

    return secrets.token_urlsafe(32)
