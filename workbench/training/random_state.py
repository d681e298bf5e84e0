"""Every source of randomness of a process, as plain values that a checkpoint can hold."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


def capture(*, devices: bool = True) -> dict[str, Any]:
    """The states of Python's, NumPy's and torch's generators, on the CPU and on each of the devices."""
    _, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    version, words, gauss = random.getstate()
    return {
        "python": [version, list(words), gauss],
        "numpy": [torch.from_numpy(np.asarray(keys, np.int64)), position, has_gauss, cached],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if devices and torch.cuda.is_available() else [],
        "mps": [torch.mps.get_rng_state()] if torch.backends.mps.is_available() else [],
    }


def restore(state: Mapping[str, Any]) -> None:
    """Put back what `capture` gave; devices that are not here any more are left out."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(state["torch"])
    for index, cuda_state in enumerate(state["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(cuda_state, index)
    if state["mps"] and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"][0])


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within, the host's generators begin from `seed`; after it they go on as if nothing was drawn."""
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.default_generator.manual_seed(seed % 2**63)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])


@contextmanager
def isolated(seed: int) -> Iterator[None]:
    """Within, every generator begins from `seed`, devices' too; after it all are as they were."""
    in_use = bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]
    before = capture(devices=in_use)  # to ask a device is to begin to use it
    random.seed(seed)
    np.random.seed(seed % 2**32)
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        torch.manual_seed(seed)
    else:  # for devices that are not there, torch notes each time who seeded them: that takes 2 ms
        torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        restore(before)
