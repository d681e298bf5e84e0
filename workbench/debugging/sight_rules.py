"""What the output of an operator sees, from what its inputs see: a rule for each kind of operator.

Norms are taken as pointwise, as is the custom: what the mean of a whole picture tells of its far end is
no part of a receptive field. What has no rule is seen in an unknown way, and so is all that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from typing import Any

import torch
from torch._ops import OpOverload

from workbench.debugging.extents import Extent, irregular, scaled_up, widened
from workbench.debugging.operators import Operator, numbers_of
from workbench.debugging.sight import (
    Atom,
    Axis,
    Dim,
    Sight,
    atom_of,
    beside,
    broadcast,
    length,
    numbers,
    picked,
    renamed,
    viewed,
)


@dataclass(frozen=True)
class Seen:
    """An operator, what its inputs see (by their identity), and the axes along which windows slid."""

    operator: Operator
    known: Mapping[int, Sight]
    slid: dict[Axis, None]

    def __getitem__(self, name: str) -> Any:
        return self.operator[name]

    def get(self, name: str) -> Any:
        """None for an argument that it does not have."""
        return self.operator.arguments.get(name)

    def of(self, tensor: Any) -> Sight | None:
        """None for what sees nothing of the network's input."""
        return self.known.get(id(tensor))

    @property
    def main(self) -> Sight | None:
        """What its first argument sees."""
        return self.of(next(iter(self.operator.arguments.values())))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the first output."""
        return tuple(self.operator.outputs[0].shape)

    def slide(self, sight: Sight, dimension: int) -> None:
        """Remember the axes along which this dimension walks."""
        atoms = numbers([sight.dims[dimension]])
        for axis, extent in sight.extents.items():
            if extent is not None and extent.atoms & atoms:
                self.slid.setdefault(axis)


# An output for which a rule gives None sees nothing of the input; one for which it gives nothing sees
# it in an unknown way.
Rule = Callable[[Seen], Sequence[Sight | None]]
Change = Callable[[Extent, Atom], Extent | None]
Slide = Callable[[Extent, Atom, int], Extent | None]  # told how many places there are then


def rule_of(operator: Operator) -> Rule:
    """The rule for its kind."""
    return _rule(operator.function, operator.name)


@cache
def _rule(function: OpOverload[..., Any], name: str) -> Rule:
    if name in _RULES:
        return _RULES[name]
    if name.endswith("_like") or name.startswith("new_"):
        return _constant
    return _pointwise if torch.Tag.pointwise in function.tags else _lost


def _lost(_seen: Seen) -> Sequence[Sight | None]:
    return ()


def _constant(seen: Seen) -> Sequence[Sight | None]:
    return (None,) * len(seen.operator.outputs)


def _pointwise(seen: Seen) -> Sequence[Sight | None]:
    sights = [sight for tensor in seen.operator.inputs if (sight := seen.of(tensor)) is not None]
    return [broadcast(sights, output.shape) for output in seen.operator.outputs]


def _copied(seen: Seen) -> Sequence[Sight | None]:
    source = seen.of(seen["src"])
    return [None if source is None else broadcast([source], seen.shape)]


def _like_main(seen: Seen) -> Sequence[Sight | None]:
    """The first output sees what the first argument does; the others are statistics."""
    return [seen.main]


def _viewed(seen: Seen) -> Sequence[Sight | None]:
    return [_of_main(seen, lambda sight: viewed(sight, seen.shape))]


def _restrided(seen: Seen) -> Sequence[Sight | None]:
    """Known only where nothing moves: the layout of channels is put right in this way."""
    before, after = seen["self"], seen.operator.outputs[0]
    steps = [
        [step for step, many in zip(tensor.stride(), tensor.shape, strict=True) if many > 1]
        for tensor in (before, after)
    ]
    return [seen.main] if before.shape == after.shape and steps[0] == steps[1] else ()


def _expanded(seen: Seen) -> Sequence[Sight | None]:
    return [_of_main(seen, lambda sight: broadcast([sight], seen.shape))]


def _of_main(seen: Seen, change: Callable[[Sight], Sight]) -> Sight | None:
    return None if seen.main is None else change(seen.main)


def _permuted(order: Callable[[Seen, int], Sequence[int]]) -> Rule:
    def rule(seen: Seen) -> Sequence[Sight | None]:
        sight = seen.main
        if sight is None:
            return [None]
        places = order(seen, len(sight.dims))
        return [picked(sight, [sight.dims[place] for place in places])]

    return rule


def _swapped(seen: Seen, many: int) -> Sequence[int]:
    order = list(range(many))
    first, second = seen["dim0"], seen["dim1"]
    order[first], order[second] = order[second], order[first]
    return order


def along(sight: Sight, dimension: int, places: int, change: Change) -> Sight:
    """One dimension with other places, whose intervals `change` gives; None where that is not known.

    What walks along it together with another dimension is not known either.
    """
    dim = sight.dims[dimension]
    atom = atom_of(places)
    atoms = numbers([dim])

    def changed(extent: Extent) -> Extent | None:
        if not extent.atoms & atoms:
            return extent
        return change(extent, atom) if len(dim) == 1 and extent.atoms == atoms else None

    dims = (*sight.dims[:dimension], (atom,), *sight.dims[dimension + 1 :])
    return Sight(dims, sight.changed(changed))


def _cut(sight: Sight, dimension: int, start: int, step: int, places: int) -> Sight:
    """Some of the places along a dimension."""
    if start == 0 and places == length(sight.dims[dimension]):
        return sight
    return along(
        sight,
        dimension,
        places,
        lambda extent, atom: widened(
            extent, atom.number, places, window=1, stride=step, padding=-start
        ),
    )


def _sliced(seen: Seen) -> Sequence[Sight | None]:
    dimension = seen["dim"]
    places, given = seen.shape[dimension], seen["start"] or 0

    def cut(sight: Sight) -> Sight:
        whole = length(sight.dims[dimension])
        start = min(given + whole if given < 0 else given, whole)
        return _cut(sight, dimension, start, seen["step"], places)

    return [_of_main(seen, cut)]


def _without(sight: Sight, dimension: int) -> Sight:
    dims = list(sight.dims)
    del dims[dimension]
    return picked(sight, dims)


def _selected(seen: Seen) -> Sequence[Sight | None]:
    dimension, index = seen["dim"], seen["index"]

    def select(sight: Sight) -> Sight:
        start = index % length(sight.dims[dimension])
        return _without(_cut(sight, dimension, start, 1, 1), dimension)

    return [_of_main(seen, select)]


def _unbound(seen: Seen) -> Sequence[Sight | None]:
    sight, dimension = seen.main, seen["dim"]
    if sight is None:
        return _constant(seen)
    many = range(len(seen.operator.outputs))
    return [_without(_cut(sight, dimension, start, 1, 1), dimension) for start in many]


def _parted(seen: Seen) -> Sequence[Sight | None]:
    sight, dimension = seen.main, seen["dim"]
    if sight is None:
        return _constant(seen)
    places = [output.shape[dimension] for output in seen.operator.outputs]
    starts = accumulate(places, initial=0)
    return [_cut(sight, dimension, start, 1, many) for start, many in zip(starts, places, strict=False)]


def _joined(seen: Seen) -> Sequence[Sight | None]:
    """Along the dimension in which parts lie beside each other, they follow in no regular steps."""
    dimension = seen["dim"] % len(seen.shape)
    is_new = seen.operator.name == "stack"
    atom = atom_of(seen.shape[dimension])
    parts = []
    for tensor in seen["tensors"]:
        sight = seen.of(tensor)
        if sight is not None and (is_new or len(sight.dims) == len(seen.shape)):
            dims = list(sight.dims)
            if is_new:
                dims.insert(dimension, ())
            parts.append(Sight(tuple(dims), sight.extents))
    return [beside(parts, dimension, atom, seen.shape)]


def _padded(seen: Seen) -> Sequence[Sight | None]:
    """`pad` has two numbers for each dimension, the last dimension first."""
    sight, pads = seen.main, seen.get("pad") or seen.get("padding")
    if sight is None:
        return [None]
    for number in range(len(pads) // 2):
        before, after = pads[2 * number], pads[2 * number + 1]
        dimension = len(sight.dims) - 1 - number
        if before or after:
            places = length(sight.dims[dimension]) + before + after
            sight = along(sight, dimension, places, _with(_window(1, 1, before), places))
    return [sight]


def _turned(seen: Seen) -> Sequence[Sight | None]:
    """Backwards: the same intervals, in another order than the input's."""
    sight = seen.main
    if sight is None:
        return [None]
    for dimension in seen["dims"]:
        sight = along(
            sight,
            dimension % len(sight.dims),
            length(sight.dims[dimension]),
            lambda extent, atom: irregular(extent, {atom.number}),
        )
    return [sight]


def _dimensions(value: Any, many: int) -> list[int]:
    """Those that `dim` means: none or an empty list stands for all."""
    if value is None or value == []:
        return list(range(many))
    return [dim % many for dim in ([value] if isinstance(value, int) else value)] if many else []


def _reduced(seen: Seen) -> Sequence[Sight | None]:
    sight = seen.main
    if sight is None:
        return _constant(seen)
    gone = set(_dimensions(seen.get("dim"), len(sight.dims)))
    kept = [() if number in gone else dim for number, dim in enumerate(sight.dims)]
    if not seen.get("keepdim"):
        kept = [dim for number, dim in enumerate(sight.dims) if number not in gone]
    return [picked(sight, kept)] * len(seen.operator.outputs)


def _mixed(seen: Seen) -> Sequence[Sight | None]:
    """Each place along a dimension depends on all of them: softmax, cumulative sums."""

    def mix(sight: Sight) -> Sight:
        dims = [sight.dims[number] for number in _dimensions(seen["dim"], len(sight.dims))]
        return Sight(sight.dims, sight.without(numbers(dims)))

    return [_of_main(seen, mix)]


def _resized(seen: Seen) -> Sequence[Sight | None]:
    """A dimension with other places: the halves of a gated unit, or shuffled channels."""
    dimension = seen["dim"] if seen.operator.name == "glu" else 1
    return [
        _of_main(seen, lambda sight: along(sight, dimension, seen.shape[dimension], lambda *_: None))
    ]


def _product(left: str, right: str, bias: str = "") -> Rule:
    """Matrices (..., i, k) and (..., k, j), or a vector (k,) on the right."""

    def rule(seen: Seen) -> Sequence[Sight | None]:
        one, other = seen.of(seen[left]), seen.of(seen[right])
        is_vector = seen[right].dim() == 1
        factors = []
        if one is not None:
            dims = (*one.dims[:-1], *(() if is_vector else ((),)))
            factors.append(Sight(dims, one.without(numbers(one.dims[-1:]))))
        if other is not None and is_vector:
            factors.append(Sight((), other.without(numbers(other.dims))))
        elif other is not None:
            dims = (*other.dims[:-2], (), other.dims[-1])
            columns = Sight(dims, other.without(numbers(other.dims[-2:-1])))
            # A row and a column of one tensor's own product are not the same place.
            factors.append(
                renamed(columns, {number: atom_of(1).number for number in numbers(dims[-1:])})
            )
        added = seen.of(seen[bias]) if bias else None
        factors += [] if added is None else [added]
        return [broadcast(factors, seen.shape) if factors else None]

    return rule


def _attended(seen: Seen) -> Sequence[Sight | None]:
    """Queries (..., i, d), keys (..., k, d), values (..., k, v): a query sees all keys and values."""
    parts = []
    for name in ("query", "key", "value"):
        sight = seen.of(seen[name])
        if sight is not None:
            gone = sight.dims[-1:] if name == "query" else sight.dims[-2:]
            places = sight.dims[-2] if name == "query" else ()
            parts.append(Sight((*sight.dims[:-2], places, ()), sight.without(numbers(gone))))
    return [broadcast(parts, seen.shape) if parts else None]


def _embedded(seen: Seen) -> Sequence[Sight | None]:
    indices, width = seen.of(seen["indices"]), atom_of(seen.shape[-1])
    return [None if indices is None else Sight((*indices.dims, (width,)), indices.extents)]


def _with(change: Slide, places: int) -> Change:
    return lambda extent, atom: change(extent, atom, places)


def _slid(seen: Seen, sight: Sight, changes: Sequence[Slide]) -> Sight:
    """The last dimensions of the output, each with its change of the places along it."""
    for number, change in enumerate(changes):
        dimension = len(sight.dims) - len(changes) + number
        places = seen.shape[len(seen.shape) - len(changes) + number]
        seen.slide(sight, dimension)
        sight = along(sight, dimension, places, _with(change, places))
    return sight


def _other_channels(sight: Sight, dimension: int, channels: int) -> Sight:
    """Each channel of the output depends on all of the input."""
    dim: Dim = (atom_of(channels),)
    return picked(sight, [*sight.dims[:dimension], dim, *sight.dims[dimension + 1 :]])


def _window(window: int, stride: int, padding: int) -> Slide:
    return lambda extent, atom, places: widened(
        extent, atom.number, places, window=window, stride=stride, padding=padding
    )


def _raised(window: int, stride: int, padding: int = 0) -> Slide:
    return lambda extent, atom, places: scaled_up(
        extent, atom.number, places, window=window, stride=stride, padding=padding
    )


def _not_known(_extent: Extent, _atom: Atom, _places: int) -> Extent | None:
    return None


def _convolved(seen: Seen) -> Sequence[Sight | None]:
    """Input (N, C, *places) and weight (out, in/groups, *window)."""
    sight, windows = seen.main, seen["weight"].shape[2:]
    if sight is None:
        return [None]
    axes = len(windows)
    sizes = [numbers_of(seen[name], axes) for name in ("stride", "padding", "dilation")]
    changes = []
    for window, stride, padding, dilation in zip(windows, *sizes, strict=True):
        whole = dilation * (window - 1) + 1
        if not seen["transposed"]:
            changes.append(_window(whole, stride, padding))
        elif stride > 1 and dilation % stride and dilation > 1:
            changes.append(_not_known)  # which places are met depends on the output's remainder
        else:
            changes.append(_raised(whole, stride, padding))
    return [_slid(seen, _other_channels(sight, 1, seen.shape[1]), changes)]


def _pooled(seen: Seen) -> Sequence[Sight | None]:
    sight = seen.main
    if sight is None:
        return _constant(seen)
    axes = _pooled_axes(seen.operator.name)
    windows = numbers_of(seen["kernel_size"], axes)
    strides = numbers_of(seen["stride"], axes) or windows
    paddings = numbers_of(seen["padding"], axes)
    dilations = numbers_of(seen.get("dilation") or 1, axes)
    changes = [
        _window(dilation * (window - 1) + 1, stride, padding)
        for window, stride, padding, dilation in zip(windows, strides, paddings, dilations, strict=True)
    ]
    return [_slid(seen, sight, changes)] * len(seen.operator.outputs)


def _pooled_axes(name: str) -> int:
    return int(name.partition("pool")[2][0])


def _adapted(seen: Seen) -> Sequence[Sight | None]:
    sight = seen.main
    if sight is None:
        return _constant(seen)
    axes = _pooled_axes(seen.operator.name)
    changes = []
    for dim, places in zip(sight.dims[-axes:], seen.shape[-axes:], strict=True):
        before = length(dim)
        window = -(-before // places)
        changes.append(_window(window, window, 0) if before % places == 0 else _uneven(before, places))
    return [_slid(seen, sight, changes)] * len(seen.operator.outputs)


def _uneven(before: int, places: int) -> Slide:
    """Window i goes from ⌊i·before/places⌋ to ⌈(i + 1)·before/places⌉."""
    widest = max(
        -(-(place + 1) * before // places) - place * before // places for place in range(places)
    )

    def change(extent: Extent, atom: Atom, _places: int) -> Extent | None:
        wider = widened(extent, atom.number, 1, window=widest)
        if wider is None:
            return None
        return replace(irregular(wider, {atom.number}), low=extent.low, high=extent.high)

    return change


def _enlarged(reach: int) -> Rule:
    """`reach` is half the taps along an axis: 0 the nearest, 1 linear, 2 cubic interpolation."""

    def rule(seen: Seen) -> Sequence[Sight | None]:
        sight, axes = seen.main, len(seen["output_size"])
        if sight is None:
            return [None]
        is_aligned = bool(seen.get("align_corners"))
        changes = [
            _enlarging(length(dim), places, reach, is_aligned=is_aligned)
            for dim, places in zip(sight.dims[-axes:], seen.shape[-axes:], strict=True)
        ]
        return [_slid(seen, sight, changes)]

    return rule


def _enlarging(before: int, places: int, reach: int, *, is_aligned: bool) -> Slide:
    """Along one axis: output o weighs the places i with |(o + ½)/scale − ½ − i| < reach."""
    if places == before:
        return _window(1, 1, 0)
    if places % before or is_aligned:
        return _not_known
    scale = places // before
    if not reach:
        return _raised(scale, scale)
    odd = scale % 2
    return _raised(2 * reach * scale - odd, scale, reach * scale - (scale + odd) // 2)


def _spread(seen: Seen) -> Sequence[Sight | None]:
    """(..., C·r², H, W) to (..., C, H·r, W·r)."""
    sight, factor = seen.main, seen["upscale_factor"]
    if sight is None:
        return [None]
    channels = _other_channels(sight, len(sight.dims) - 3, seen.shape[-3])
    return [_slid(seen, channels, [_raised(factor, factor)] * 2)]


def _gathered(seen: Seen) -> Sequence[Sight | None]:
    """(..., C, H·r, W·r) to (..., C·r², H, W)."""
    sight, factor = seen.main, seen["downscale_factor"]
    if sight is None:
        return [None]
    channels = _other_channels(sight, len(sight.dims) - 3, seen.shape[-3])
    return [_slid(seen, channels, [_window(factor, factor, 0)] * 2)]


def _all(rule: Rule, *names: str) -> dict[str, Rule]:
    return dict.fromkeys(names, rule)


_RULES: dict[str, Rule] = {
    **_all(
        _pointwise,
        *("clone", "detach", "alias", "_to_copy", "lift_fresh", "native_dropout", "where"),
        *("masked_fill", "_fused_dropout", "_prelu_kernel", "rrelu_with_noise", "addcmul", "lerp"),
        *("bernoulli", "nan_to_num", "log_sigmoid_forward", "hardswish", "mish", "threshold"),
    ),
    "copy": _copied,
    **_all(_constant, "zero", "fill", "normal", "uniform", "empty_like", "sym_size"),
    **_all(
        _like_main,
        *("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_functional"),
        *("_native_batch_norm_legit_no_training", "cudnn_batch_norm", "miopen_batch_norm"),
        *("_batch_norm_with_update", "_batch_norm_no_update", "native_layer_norm"),
        *("native_group_norm", "_fused_rms_norm", "rms_norm"),
    ),
    **_all(
        _viewed,
        *("view", "_unsafe_view", "_reshape_alias", "reshape", "squeeze", "unsqueeze"),
        *("flatten", "_reshape_copy", "view_copy"),
    ),
    "as_strided": _restrided,
    "expand": _expanded,
    "t": _permuted(lambda _seen, many: range(many)[::-1]),
    "transpose": _permuted(_swapped),
    "permute": _permuted(lambda seen, _many: seen["dims"]),
    "slice": _sliced,
    "select": _selected,
    "unbind": _unbound,
    **_all(_parted, "split", "split_with_sizes", "unsafe_split", "chunk", "unsafe_chunk"),
    **_all(_joined, "cat", "stack"),
    **_all(
        _padded,
        "constant_pad_nd",
        *(f"{kind}_pad{axes}d" for kind in ("reflection", "replication") for axes in (1, 2, 3)),
    ),
    "flip": _turned,
    **_all(
        _reduced,
        *("sum", "mean", "amax", "amin", "max", "min", "prod", "std", "var", "var_mean", "std_mean"),
        *("logsumexp", "linalg_vector_norm", "norm", "any", "all", "argmax", "argmin"),
    ),
    **_all(_mixed, "_softmax", "_safe_softmax", "_log_softmax", "cumsum", "cumprod", "logcumsumexp"),
    **_all(_resized, "glu", "channel_shuffle", "native_channel_shuffle"),
    **_all(_product("self", "mat2"), "mm", "bmm"),
    "mv": _product("self", "vec"),
    "addmm": _product("mat1", "mat2", "self"),
    "addmv": _product("mat", "vec", "self"),
    "baddbmm": _product("batch1", "batch2", "self"),
    **_all(
        _attended,
        "_scaled_dot_product_flash_attention",
        "_scaled_dot_product_flash_attention_for_cpu",
        "_scaled_dot_product_efficient_attention",
        "_scaled_dot_product_cudnn_attention",
        "_scaled_dot_product_fused_attention_overrideable",
    ),
    "embedding": _embedded,
    "convolution": _convolved,
    **_all(
        _pooled,
        *("max_pool2d_with_indices", "max_pool3d_with_indices", "avg_pool2d", "avg_pool3d"),
        *("max_pool2d", "max_pool3d"),
    ),
    **_all(
        _adapted,
        *("_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d"),
        "adaptive_max_pool3d",
    ),
    **_all(
        _enlarged(0),
        *(f"upsample_nearest{axes}d" for axes in (1, 2, 3)),
        *(f"_upsample_nearest_exact{axes}d" for axes in (1, 2, 3)),
    ),
    **_all(_enlarged(1), "upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d"),
    "upsample_bicubic2d": _enlarged(2),
    "pixel_shuffle": _spread,
    "pixel_unshuffle": _gathered,
}
