"""From where on a number of a layer gets a mark; whether it is a sickness the diagnosis says."""

from __future__ import annotations

import math

MOST_DEAD = 0.4  # share of a layer's units
MOST_SATURATED = 0.5
MOST_ZEROS = 0.95
LONGEST_UPDATE = 0.1  # of a step, as a share of the weights
LARGEST_GRADIENT = 1e3

_MOST = {
    "dead": MOST_DEAD,
    "saturated": MOST_SATURATED,
    "zeros": MOST_ZEROS,
    "update": LONGEST_UPDATE,
    "output_gradient": LARGEST_GRADIENT,
}


def is_bad(field: str, value: float) -> bool:
    """Whether a number of a probe deserves a look; `dead` is given as a share."""
    if not math.isfinite(value):
        return True
    if field in {"output_gradient", "spread"} and value == 0:
        return True
    return value > _MOST.get(field, math.inf)
