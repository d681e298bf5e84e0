"""Number formats: which one a step computes in, and the scaling that the smallest one needs."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, get_args

import torch

from workbench.errors import WorkbenchError

Kind = Literal["float32", "tf32", "bf16", "fp16"]
PRECISIONS: tuple[Kind, ...] = get_args(Kind)
_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Precision:
    """Autocast for bf16 and fp16 (P. Micikevicius et al., 2018); weights stay in float32.

    fp16 scales the loss, so that small gradients do not vanish, and leaves out the steps in which the
    scaled ones overflow. tf32 rounds the factors of float32 products on NVIDIA cards, and is float32
    elsewhere; their convolutions do so in float32 too, as torch has it by default.

    Attributes:
        scaler: torch's gradient scaler; enabled for fp16 alone.
    """

    def __init__(self, kind: Kind, device: torch.device) -> None:
        if kind == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
            raise WorkbenchError(
                f"{torch.cuda.get_device_name(device)} does not compute in bf16", "use precision=fp16"
            )
        if device.type == "cuda":
            torch.set_float32_matmul_precision("high" if kind == "tf32" else "highest")
        self._device_type = device.type
        self._dtype = _DTYPES.get(kind)
        self.scaler = torch.amp.GradScaler(device.type, enabled=kind == "fp16")

    def autocast(self) -> AbstractContextManager[Any]:
        """Within it, operations that bear it compute in the smaller format."""
        if self._dtype is None:
            return nullcontext()
        # Casts of weights are not kept, which a captured graph could not do.
        return torch.autocast(self._device_type, self._dtype, cache_enabled=False)

    def outside(self) -> AbstractContextManager[Any]:
        """Within it nothing is cast: for backward passes and updates called from inside a step."""
        if self._dtype is None:
            return nullcontext()
        return torch.autocast(self._device_type, enabled=False)
