"""NumPy's arrays and numbers, which scikit-learn hands over, as the loop has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor


def as_tensor(values: Any, dtype: torch.dtype, *, exact: bool = False) -> Tensor:
    """A tensor; real numbers in the recipe's precision, and labels in its type."""
    tensor = torch.as_tensor(np.ascontiguousarray(values) if isinstance(values, np.ndarray) else values)
    if tensor.is_floating_point() and not exact:
        return tensor.to(dtype if dtype.is_floating_point else torch.get_default_dtype())
    return tensor.to(dtype) if exact else tensor


def as_plain(value: Any) -> Any:
    """NumPy's numbers, which grids and distributions give, as Python's."""
    return value.item() if isinstance(value, np.generic) else value
