"""What is seen after operators that slide windows: convolution, pooling, padding, scaling up."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.debugging.extents import Extent, scaled_up, uneven, widened
from workbench.debugging.operators import numbers_of
from workbench.debugging.seen import Change, Rule, Seen, Slide, along, constant
from workbench.debugging.sight import Atom, Dim, Sight, atom_of, length, picked


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


def padded(seen: Seen) -> Sequence[Sight | None]:
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


def convolved(seen: Seen) -> Sequence[Sight | None]:
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


def pooled(seen: Seen) -> Sequence[Sight | None]:
    """Input (..., *places), each axis with its window."""
    sight = seen.main
    if sight is None:
        return constant(seen)
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


def adapted(seen: Seen) -> Sequence[Sight | None]:
    """As many places as were asked for, whose windows follow from that."""
    sight = seen.main
    if sight is None:
        return constant(seen)
    axes = _pooled_axes(seen.operator.name)
    changes = []
    for dim, places in zip(sight.dims[-axes:], seen.shape[-axes:], strict=True):
        before = length(dim)
        window = -(-before // places)
        changes.append(
            _window(window, window, 0) if before % places == 0 else _unevenly(before, places)
        )
    return [_slid(seen, sight, changes)] * len(seen.operator.outputs)


def _unevenly(before: int, places: int) -> Slide:
    """Window i goes from ⌊i·before/places⌋ to ⌈(i + 1)·before/places⌉."""
    widest = max(
        -(-(place + 1) * before // places) - place * before // places for place in range(places)
    )

    return lambda extent, atom, _places: uneven(extent, atom.number, widest=widest)


def enlarged(reach: int) -> Rule:
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


def spread(seen: Seen) -> Sequence[Sight | None]:
    """(..., C·r², H, W) to (..., C, H·r, W·r)."""
    sight, factor = seen.main, seen["upscale_factor"]
    if sight is None:
        return [None]
    channels = _other_channels(sight, len(sight.dims) - 3, seen.shape[-3])
    return [_slid(seen, channels, [_raised(factor, factor)] * 2)]


def gathered(seen: Seen) -> Sequence[Sight | None]:
    """(..., C, H·r, W·r) to (..., C·r², H, W)."""
    sight, factor = seen.main, seen["downscale_factor"]
    if sight is None:
        return [None]
    channels = _other_channels(sight, len(sight.dims) - 3, seen.shape[-3])
    return [_slid(seen, channels, [_window(factor, factor, 0)] * 2)]
