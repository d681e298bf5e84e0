"""What a run may change for its whole process, and the next one in it must find as it was."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class _Switch(NamedTuple):
    """A global setting of torch: how it is read and set, and what it is before anyone touches it."""

    read: Callable[[Any], Any]
    set: Callable[[Any, Any], object]
    default: Callable[[Any], Any]


def _set_cudnn(name: str) -> Callable[[Any, Any], object]:
    return lambda torch, value: setattr(torch.backends.cudnn, name, value)


_SWITCHES = (
    _Switch(
        lambda torch: torch.get_default_dtype(),
        lambda torch, value: torch.set_default_dtype(value),
        lambda torch: torch.float32,
    ),
    _Switch(
        lambda _torch: None,  # reading it costs a tensor; nobody sets it before the first run
        lambda torch, value: torch.set_default_device(value),
        lambda _torch: None,
    ),
    _Switch(
        lambda torch: torch.is_grad_enabled(),
        lambda torch, value: torch.set_grad_enabled(value),
        lambda _torch: True,
    ),
    _Switch(
        lambda torch: torch.are_deterministic_algorithms_enabled(),
        lambda torch, value: torch.use_deterministic_algorithms(value),
        lambda _torch: False,
    ),
    _Switch(
        lambda torch: torch.get_num_threads(),
        lambda torch, value: torch.set_num_threads(value),
        lambda torch: torch.get_num_threads(),
    ),
    _Switch(
        lambda torch: torch.get_float32_matmul_precision(),
        lambda torch, value: torch.set_float32_matmul_precision(value),
        lambda _torch: "highest",
    ),
    _Switch(
        lambda torch: torch.is_anomaly_enabled(),
        lambda torch, value: torch.autograd.set_detect_anomaly(value),
        lambda _torch: False,
    ),
    _Switch(
        lambda torch: torch.backends.cudnn.benchmark, _set_cudnn("benchmark"), lambda _torch: False
    ),
    _Switch(
        lambda torch: torch.backends.cudnn.deterministic,
        _set_cudnn("deterministic"),
        lambda _torch: False,
    ),
)


class Surroundings:
    """The state of this process as it is when this is made, before its first run."""

    def __init__(self) -> None:
        torch = sys.modules.get("torch")
        self._switches = None if torch is None else [switch.read(torch) for switch in _SWITCHES]
        self._environment = dict(os.environ)
        self._place = Path.cwd()
        self._path = list(sys.path)
        self._filters = list(warnings.filters)
        self._has_frozen = False
        self._recursion = sys.getrecursionlimit()

    def restore(self) -> None:
        """Put everything back, and give the memory of the last run free."""
        if dict(os.environ) != self._environment:
            os.environ.clear()
            os.environ.update(self._environment)
        os.chdir(self._place)
        sys.path[:] = self._path
        warnings.filters[:] = self._filters  # type: ignore[index]  # a list, whatever its stub says
        warnings._filters_mutated()  # type: ignore[attr-defined]  # else each module has its own memory
        sys.setrecursionlimit(self._recursion)
        gc.collect()
        if not self._has_frozen:  # what was imported for the first run costs each collection 60 ms
            gc.freeze()
            self._has_frozen = True
        self._restore_torch()

    def _restore_torch(self) -> None:
        torch: Any = sys.modules.get("torch")
        if torch is None:
            return
        values = self._switches or [switch.default(torch) for switch in _SWITCHES]
        for switch, value in zip(_SWITCHES, values, strict=True):
            switch.set(torch, value)
        if "torch._dynamo" in sys.modules:
            # It gives up on code that it has compiled for some other shapes: each run has its own.
            torch._dynamo.reset()
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()
