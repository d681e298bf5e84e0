"""What the output of an operator sees, from what its inputs see: a rule for each kind of operator.

Norms are taken as pointwise, as is the custom: what the mean of a whole picture tells of its far end is
no part of a receptive field. What has no rule is seen in an unknown way, and so is all that follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch._ops import OpOverload

from workbench.debugging.mixing_rules import (
    attended,
    embedded,
    mixed,
    product,
    reduced,
    resized,
    running,
)
from workbench.debugging.moving_rules import (
    copied,
    expanded,
    joined,
    like_main,
    parted,
    permuted,
    restrided,
    selected,
    sliced,
    swapped,
    turned,
    unbound,
    viewed,
)
from workbench.debugging.operators import Operator
from workbench.debugging.seen import Rule, Seen, constant
from workbench.debugging.sight import Sight, broadcast
from workbench.debugging.sliding_rules import (
    adapted,
    convolved,
    enlarged,
    gathered,
    padded,
    pooled,
    spread,
)


def rule_of(operator: Operator) -> Rule:
    """The rule for its kind."""
    return _rule(operator.function, operator.name)


@cache
def _rule(function: OpOverload[..., Any], name: str) -> Rule:
    if name in _RULES:
        return _RULES[name]
    if name.endswith("_like") or name.startswith("new_"):
        return constant
    return _pointwise if torch.Tag.pointwise in function.tags else _lost


def _lost(_seen: Seen) -> Sequence[Sight | None]:
    return ()


def _pointwise(seen: Seen) -> Sequence[Sight | None]:
    sights = [sight for tensor in seen.operator.inputs if (sight := seen.of(tensor)) is not None]
    return [broadcast(sights, output.shape) for output in seen.operator.outputs]


def _all(rule: Rule, *names: str) -> dict[str, Rule]:
    return dict.fromkeys(names, rule)


_RULES: dict[str, Rule] = {
    **_all(
        _pointwise,
        *("clone", "detach", "alias", "_to_copy", "lift_fresh", "native_dropout", "where"),
        *("masked_fill", "_fused_dropout", "_prelu_kernel", "rrelu_with_noise", "addcmul", "lerp"),
        *("bernoulli", "nan_to_num", "log_sigmoid_forward", "hardswish", "mish", "threshold"),
    ),
    "copy": copied,
    **_all(constant, "zero", "fill", "normal", "uniform"),
    **_all(
        like_main,
        *("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_functional"),
        *("_native_batch_norm_legit_no_training", "cudnn_batch_norm", "miopen_batch_norm"),
        *("_batch_norm_with_update", "_batch_norm_no_update", "native_layer_norm"),
        *("native_group_norm", "_fused_rms_norm", "rms_norm"),
    ),
    **_all(
        viewed,
        *("view", "_unsafe_view", "_reshape_alias", "reshape", "squeeze", "unsqueeze"),
        *("flatten", "_reshape_copy", "view_copy"),
    ),
    "as_strided": restrided,
    "expand": expanded,
    "t": permuted(lambda _seen, many: range(many)[::-1]),
    "transpose": permuted(swapped),
    "permute": permuted(lambda seen, _many: seen["dims"]),
    "slice": sliced,
    "select": selected,
    "unbind": unbound,
    **_all(parted, "split", "split_with_sizes", "unsafe_split", "chunk", "unsafe_chunk"),
    **_all(joined, "cat", "stack"),
    **_all(
        padded,
        "constant_pad_nd",
        *(f"{kind}_pad{axes}d" for kind in ("reflection", "replication") for axes in (1, 2, 3)),
    ),
    "flip": turned,
    **_all(
        reduced,
        *("sum", "mean", "amax", "amin", "max", "min", "prod", "std", "var", "var_mean", "std_mean"),
        *("logsumexp", "linalg_vector_norm", "norm", "any", "all", "argmax", "argmin"),
    ),
    **_all(mixed, "_softmax", "_safe_softmax", "_log_softmax"),
    **_all(running, "cumsum", "cumprod", "logcumsumexp"),
    **_all(resized, "glu", "channel_shuffle", "native_channel_shuffle"),
    **_all(product("self", "mat2"), "mm", "bmm"),
    "mv": product("self", "vec"),
    "addmm": product("mat1", "mat2", "self"),
    "addmv": product("mat", "vec", "self"),
    "baddbmm": product("batch1", "batch2", "self"),
    **_all(
        attended,
        "_scaled_dot_product_flash_attention",
        "_scaled_dot_product_flash_attention_for_cpu",
        "_scaled_dot_product_efficient_attention",
        "_scaled_dot_product_cudnn_attention",
        "_scaled_dot_product_fused_attention_overrideable",
    ),
    "embedding": embedded,
    "convolution": convolved,
    **_all(
        pooled,
        *("max_pool2d_with_indices", "max_pool3d_with_indices", "avg_pool2d", "avg_pool3d"),
        *("max_pool2d", "max_pool3d"),
    ),
    **_all(
        adapted,
        *("_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d"),
        "adaptive_max_pool3d",
    ),
    **_all(
        enlarged(0),
        *(f"upsample_nearest{axes}d" for axes in (1, 2, 3)),
        *(f"_upsample_nearest_exact{axes}d" for axes in (1, 2, 3)),
    ),
    **_all(enlarged(1), "upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d"),
    "upsample_bicubic2d": enlarged(2),
    "pixel_shuffle": spread,
    "pixel_unshuffle": gathered,
}
