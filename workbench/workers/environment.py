"""The environment of processes that train."""

from __future__ import annotations

import os
from collections.abc import Mapping

SPINS_VARIABLE = "GOMP_SPINCOUNT"
SPINS = "3000"  # `python -m benchmarks busy_machine` shows what this costs and saves
_SAY_HOW_TO_WAIT = (SPINS_VARIABLE, "OMP_WAIT_POLICY")


def for_training(told: Mapping[str, str] | None = None) -> dict[str, str]:
    """That of this process with what the new one is `told`; what the user set there stands.

    The threads of an operation wait for one another by spinning. Where other programs want the
    processors too, they spin away the time of the thread that they wait for, and a step of a small
    network takes 10 to 40 times as long; so they sleep after a while.
    """
    own = dict(os.environ)
    if not any(name in own for name in _SAY_HOW_TO_WAIT):
        own[SPINS_VARIABLE] = SPINS
    return {**own, **(told or {})}
