"""How the shape of a layer's output follows from that of its input, in words with numbers.

The formulas are those of torch's documentation: for convolution and pooling
⌊(n + 2·padding − dilation·(window − 1) − 1)/stride⌋ + 1, its inverse for what is transposed. What is
rounded says so; where the axes differ, each has its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

Shape = tuple[int, ...]
_Rule = Callable[[Any, Shape, Shape], str]


def formula(module: nn.Module, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> str:
    """Empty for a module whose output has the shape of its input, or whose rule is not known."""
    rule = next((rule for kind, rule in _RULES if isinstance(module, kind)), None)
    if rule is None or not inputs or not outputs:
        return ""
    return rule(module, tuple(inputs[0].shape), tuple(outputs[0].shape))


def window_formula(
    places: int, result: int, *, window: int, stride: int, padding: int, dilation: int, ceils: bool
) -> str:
    """`(32 + 2·1 − 1·(3−1) − 1)/2 + 1 = 16`; `padding` is that of both sides."""
    padded = f" + 2·{padding // 2}" if padding % 2 == 0 else f" + {padding}"
    padded = padded if padding else ""
    top = f"{places}{padded} − {dilation}·({window}−1) − 1"
    remains = (places + padding - dilation * (window - 1) - 1) % stride
    fraction = f"({top})/{stride}"
    if remains:
        fraction = f"⌈{fraction}⌉" if ceils else f"⌊{fraction}⌋"
    expected = (places + padding - dilation * (window - 1) - 1) // stride + 1
    if ceils and remains and result == expected:
        return f"⌊({top})/{stride}⌋ + 1 = {result}, as a further window would begin in the padding"
    return f"{fraction} + 1 = {result}"


def transposed_formula(
    places: int, result: int, *, window: int, stride: int, padding: int, dilation: int
) -> str:
    """`(16−1)·2 − 2·1 + 1·(4−1) + 1 + 0 = 32`; last the padding of the output."""
    start = (places - 1) * stride - 2 * padding + dilation * (window - 1) + 1
    top = f"({places}−1)·{stride} − 2·{padding} + {dilation}·({window}−1) + 1"
    return f"{top} + {result - start} = {result}"


def _axes(texts: Sequence[str]) -> str:
    """One text where all axes share it, else one for each in their order."""
    return texts[0] if len(set(texts)) == 1 else "; ".join(texts)


def _many(value: int | Sequence[int], axes: int) -> list[int]:
    return [value] * axes if isinstance(value, int) else list(value)


def _convolution(module: Any, before: Shape, after: Shape) -> str:
    axes = len(module.kernel_size)
    windows, strides, dilations = module.kernel_size, module.stride, module.dilation
    texts = []
    for axis in range(axes):
        places, result = before[axis - axes], after[axis - axes]
        window, stride, dilation = windows[axis], strides[axis], dilations[axis]
        if module.padding == "same":
            padding = dilation * (window - 1)
        else:
            padding = 0 if module.padding == "valid" else 2 * module.padding[axis]
        texts.append(
            window_formula(
                places,
                result,
                window=window,
                stride=stride,
                padding=padding,
                dilation=dilation,
                ceils=False,
            )
        )
    return _axes(texts)


def _transposed(module: Any, before: Shape, after: Shape) -> str:
    axes = len(module.kernel_size)
    texts = []
    for axis in range(axes):
        places, result = before[axis - axes], after[axis - axes]
        texts.append(
            transposed_formula(
                places,
                result,
                window=module.kernel_size[axis],
                stride=module.stride[axis],
                padding=module.padding[axis],
                dilation=module.dilation[axis],
            )
        )
    return _axes(texts)


def _pooling(module: Any, before: Shape, after: Shape) -> str:
    axes = _pooled_axes(module)
    windows = _many(module.kernel_size, axes)
    strides = windows if module.stride is None else _many(module.stride, axes)
    paddings = _many(getattr(module, "padding", 0), axes)
    dilations = _many(getattr(module, "dilation", 1), axes)
    return _axes(
        [
            window_formula(
                before[axis - axes],
                after[axis - axes],
                window=windows[axis],
                stride=strides[axis],
                padding=2 * paddings[axis],
                dilation=dilations[axis],
                ceils=module.ceil_mode,
            )
            for axis in range(axes)
        ]
    )


def _pooled_axes(module: Any) -> int:
    return int(type(module).__name__.partition("Pool")[2][0])


def _adaptive(module: Any, before: Shape, after: Shape) -> str:
    axes = _pooled_axes(module)
    texts = []
    for places, result in zip(before[-axes:], after[-axes:], strict=True):
        few, more = places // result, -(-places // result)
        window = f"{few}" if few == more else f"{more} or fewer"
        texts.append(f"{places} in {result} windows of {window}")
    return _axes(texts)


def _linear(module: Any, before: Shape, _after: Shape) -> str:
    return f"{module.in_features} → {module.out_features} in the last of {len(before)} dimensions"


def _embedding(module: Any, before: Shape, _after: Shape) -> str:
    indices = "x".join(map(str, before)) or "one"
    return f"{indices} indices below {module.num_embeddings:,}, a vector of {module.embedding_dim} each"


def _recurrent(module: Any, _before: Shape, _after: Shape) -> str:
    directions = 2 if module.bidirectional else 1
    each = getattr(module, "proj_size", 0) or module.hidden_size
    gates = {"LSTM": 4, "GRU": 3}.get(module.mode, 1)
    gated = f", {gates} gates of {module.hidden_size}" if gates > 1 else ""
    result = f"{module.input_size} → {directions}·{each} = {directions * each}"
    layers = f", {module.num_layers} layers" if module.num_layers > 1 else ""
    return f"{result} for each step{gated}{layers}"


def _attention(module: Any, _before: Shape, _after: Shape) -> str:
    return f"{module.num_heads} heads of {module.embed_dim}/{module.num_heads} = {module.head_dim}"


def _flatten(module: Any, before: Shape, _after: Shape) -> str:
    last = module.end_dim % len(before)
    merged = before[module.start_dim : last + 1]
    return f"{'·'.join(map(str, merged))} = {math.prod(merged)}" if len(merged) > 1 else ""


def _scaled(_module: Any, before: Shape, after: Shape) -> str:
    pairs = zip(before[2:], after[2:], strict=True)
    return _axes([f"{places}·{result / places:g} = {result}" for places, result in pairs])


def _shuffled(module: Any, before: Shape, after: Shape) -> str:
    factor = module.upscale_factor
    channels = f"{before[-3]}/{factor}² = {after[-3]} channels"
    return f"{channels}; {_axes([f'{before[i]}·{factor} = {after[i]}' for i in (-2, -1)])}"


def _padded(module: Any, before: Shape, after: Shape) -> str:
    padding = module.padding
    axes = len(padding) // 2
    texts = [
        f"{padding[2 * i]} + {before[-1 - i]} + {padding[2 * i + 1]} = {after[-1 - i]}"
        for i in reversed(range(axes))
    ]
    return _axes(texts)


def _group_norm(module: Any, before: Shape, _after: Shape) -> str:
    channels, groups = before[1], module.num_groups
    return f"{groups} groups of {channels}/{groups} = {channels // groups}"


def _layer_norm(module: Any, _before: Shape, _after: Shape) -> str:
    normed = "x".join(map(str, module.normalized_shape))
    return f"over the last {len(module.normalized_shape)}: {normed}"


def _batch_norm(_module: Any, before: Shape, _after: Shape) -> str:
    over = (before[0], *before[2:])
    return f"{before[1]} channels, each over {'·'.join(map(str, over))} = {math.prod(over):,}"


_ADAPTIVE = (
    nn.AdaptiveAvgPool1d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveAvgPool3d,
    nn.AdaptiveMaxPool1d,
    nn.AdaptiveMaxPool2d,
    nn.AdaptiveMaxPool3d,
)
_POOLING = (
    nn.MaxPool1d,
    nn.MaxPool2d,
    nn.MaxPool3d,
    nn.AvgPool1d,
    nn.AvgPool2d,
    nn.AvgPool3d,
    nn.LPPool1d,
    nn.LPPool2d,
    nn.LPPool3d,
)
_PADDING = (
    nn.ConstantPad1d,
    nn.ConstantPad2d,
    nn.ConstantPad3d,
    nn.ReflectionPad1d,
    nn.ReflectionPad2d,
    nn.ReflectionPad3d,
    nn.ReplicationPad1d,
    nn.ReplicationPad2d,
    nn.ReplicationPad3d,
    nn.CircularPad1d,
    nn.CircularPad2d,
    nn.CircularPad3d,
)
_RULES: tuple[tuple[type[nn.Module] | tuple[type[nn.Module], ...], _Rule], ...] = (
    ((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), _transposed),
    ((nn.Conv1d, nn.Conv2d, nn.Conv3d), _convolution),
    (_POOLING, _pooling),
    (_ADAPTIVE, _adaptive),
    (nn.Linear, _linear),
    (nn.Embedding, _embedding),
    (nn.RNNBase, _recurrent),
    (nn.MultiheadAttention, _attention),
    ((nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d), _batch_norm),
    (nn.GroupNorm, _group_norm),
    ((nn.LayerNorm, nn.RMSNorm), _layer_norm),
    (nn.Flatten, _flatten),
    (nn.Upsample, _scaled),
    (nn.PixelShuffle, _shuffled),
    (_PADDING, _padded),
)
