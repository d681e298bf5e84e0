"""Addresses of storages: what may stand in a file, and where the password comes from."""

from __future__ import annotations

import re

from workbench.errors import UsageError

STORAGE_VARIABLE = "WORKBENCH_STORAGE"
HIDDEN = "***"

_PASSWORD = re.compile(r"^([\w+.-]+://[^:/@]*):(.*)@")
_SECRET_OPTION = re.compile(r"([?&][^=&]*(?:pass|pwd|secret|token|key)[^=&]*)=([^&]*)", re.IGNORECASE)


def without_secret(address: str) -> str:
    """The address with `***` for every password in it: the only form that is ever written or shown."""
    hidden = _PASSWORD.sub(rf"\1:{HIDDEN}@", address)
    return _SECRET_OPTION.sub(rf"\1={HIDDEN}", hidden)


def secrets(address: str) -> list[str]:
    """The passwords in the address, as they stand in it."""
    found = [match[2] for match in _PASSWORD.finditer(address)]
    found += [match[2] for match in _SECRET_OPTION.finditer(address)]
    return [secret for secret in found if secret and secret != HIDDEN]


def complete(stored: str, given: str, *, explicit: bool = False) -> str:
    """The `stored` address with its password, which is taken from the `given` one.

    One that is not the stored one is refused where it was `explicit`, or where its password is needed.

    Raises:
        UsageError: when the password is missing, or the given address is another one.
    """
    if given and without_secret(given) == without_secret(stored):
        return given
    if given and explicit:
        raise UsageError(
            f"the study's storage is {stored or 'its own journal'}, not {without_secret(given)}",
            "leave out --storage, or give the same address with its password",
        )
    if HIDDEN in stored:
        raise UsageError(
            f"the storage {stored} needs its password, which no file keeps",
            f"give the whole address in ${STORAGE_VARIABLE}, or with --storage",
        )
    return stored
