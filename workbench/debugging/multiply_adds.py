"""How many products an operator sums: those of matrices, convolutions, recurrent layers, attention.

Counted is what the definition asks for, whatever a kernel saves: masked attention counts as whole, and
so do the padded borders of a convolution. All else counts nothing, as is the custom.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

from workbench.debugging.operators import Operator


def multiply_adds(operator: Operator) -> int:
    """Of one call; 0 where it multiplies no matrices."""
    count = _COUNTS.get(operator.name)
    return count(operator) if count is not None and operator.outputs else 0


def _inner(first: str) -> Callable[[Operator], int]:
    """Each number of the output sums along the last dimension of that argument."""

    def count(operator: Operator) -> int:
        return int(operator.outputs[0].numel() * operator[first].shape[-1])

    return count


def _convolution(operator: Operator) -> int:
    """Weights are (out, in/groups, *window); transposed (in, out/groups, *window)."""
    places = operator["input"] if operator["transposed"] else operator.outputs[0]
    return int(places.numel() * math.prod(operator["weight"].shape[1:]))


def _attention(operator: Operator) -> int:
    """Queries (..., Tq, D) with keys (..., Tk, D), and their weights with values (..., Tk, Dv)."""
    query, key, value = operator["query"], operator["key"], operator["value"]
    pairs = math.prod(query.shape[:-1]) * key.shape[-2]
    return int(pairs * (query.shape[-1] + value.shape[-1]))


def _fused_rnn_layer(operator: Operator) -> int:
    """One layer in one direction: input (T, N, F), weights (gates·H, F) and (gates·H, H)."""
    steps = math.prod(operator["input"].shape[:-1])
    return int(steps * (operator["weight0"].numel() + operator["weight1"].numel()))


def _cudnn_rnn(operator: Operator) -> int:
    """All layers: input (T, N, F) or packed (all steps, F); biases have one dimension."""
    steps = math.prod(operator["input"].shape[:-1])
    weights: list[Tensor] = operator["weight"]
    return int(steps * sum(weight.numel() for weight in weights if weight.dim() > 1))


_COUNTS: dict[str, Callable[[Operator], int]] = {
    "mm": _inner("self"),
    "bmm": _inner("self"),
    "mv": _inner("self"),
    "dot": _inner("self"),
    "vdot": _inner("self"),
    "addmm": _inner("mat1"),
    "addmv": _inner("mat"),
    "baddbmm": _inner("batch1"),
    "addbmm": lambda operator: int(operator["batch1"].numel() * operator["batch2"].shape[-1]),
    "linear": _inner("input"),
    "convolution": _convolution,
    "_scaled_dot_product_flash_attention": _attention,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "_scaled_dot_product_efficient_attention": _attention,
    "_scaled_dot_product_cudnn_attention": _attention,
    "_scaled_dot_product_fused_attention_overrideable": _attention,
    "mkldnn_rnn_layer": _fused_rnn_layer,
    "_cudnn_rnn": _cudnn_rnn,
}
