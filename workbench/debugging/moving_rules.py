"""What is seen after operators that move numbers without changing them: views, slices, joins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

from workbench.debugging.extents import Extent, irregular, widened
from workbench.debugging.seen import Rule, Seen, along, constant, of_main
from workbench.debugging.sight import Atom, Sight, atom_of, beside, broadcast, length, picked, reshaped


def like_main(seen: Seen) -> Sequence[Sight | None]:
    """The first output sees what the first argument does; the others are statistics."""
    return [seen.main]


def viewed(seen: Seen) -> Sequence[Sight | None]:
    """The same numbers in another shape."""
    return [of_main(seen, lambda sight: reshaped(sight, seen.shape))]


def restrided(seen: Seen) -> Sequence[Sight | None]:
    """Known only where nothing moves: the layout of channels is put right in this way."""
    before, after = seen["self"], seen.operator.outputs[0]
    steps = [
        [step for step, many in zip(tensor.stride(), tensor.shape, strict=True) if many > 1]
        for tensor in (before, after)
    ]
    return [seen.main] if before.shape == after.shape and steps[0] == steps[1] else ()


def expanded(seen: Seen) -> Sequence[Sight | None]:
    """The same numbers, over and over."""
    return [of_main(seen, lambda sight: broadcast([sight], seen.shape))]


def permuted(order: Callable[[Seen, int], Sequence[int]]) -> Rule:
    """The dimensions in the order that `order` gives."""

    def rule(seen: Seen) -> Sequence[Sight | None]:
        sight = seen.main
        if sight is None:
            return [None]
        places = order(seen, len(sight.dims))
        return [picked(sight, [sight.dims[place] for place in places])]

    return rule


def swapped(seen: Seen, many: int) -> Sequence[int]:
    """The order after two dimensions have changed places."""
    order = list(range(many))
    first, second = seen["dim0"], seen["dim1"]
    order[first], order[second] = order[second], order[first]
    return order


def copied(seen: Seen) -> Sequence[Sight | None]:
    """What is written over sees what its source does."""
    source = seen.of(seen["src"])
    return [None if source is None else broadcast([source], seen.shape)]


def _cut(sight: Sight, dimension: int, start: int, step: int, places: int) -> Sight:
    """Some of the places along a dimension."""
    if start == 0 and places == length(sight.dims[dimension]):
        return sight

    def change(extent: Extent, atom: Atom) -> Extent | None:
        if extent.jump is None:  # which of the intervals are left is not known
            return None
        return widened(extent, atom.number, places, window=1, stride=step, padding=-start)

    return along(sight, dimension, places, change)


def sliced(seen: Seen) -> Sequence[Sight | None]:
    """Every so many places from one to another along a dimension."""
    dimension = seen["dim"]
    places, given = seen.shape[dimension], seen["start"] or 0

    def cut(sight: Sight) -> Sight:
        whole = length(sight.dims[dimension])
        start = min(given + whole if given < 0 else given, whole)
        return _cut(sight, dimension, start, seen["step"], places)

    return [of_main(seen, cut)]


def _without(sight: Sight, dimension: int) -> Sight:
    dims = list(sight.dims)
    del dims[dimension]
    return picked(sight, dims)


def selected(seen: Seen) -> Sequence[Sight | None]:
    """One place of a dimension, which is gone then."""
    dimension, index = seen["dim"], seen["index"]

    def select(sight: Sight) -> Sight:
        start = index % length(sight.dims[dimension])
        return _without(_cut(sight, dimension, start, 1, 1), dimension)

    return [of_main(seen, select)]


def unbound(seen: Seen) -> Sequence[Sight | None]:
    """Each place of a dimension by itself."""
    sight, dimension = seen.main, seen["dim"]
    if sight is None:
        return constant(seen)
    many = range(len(seen.operator.outputs))
    return [_without(_cut(sight, dimension, start, 1, 1), dimension) for start in many]


def parted(seen: Seen) -> Sequence[Sight | None]:
    """Runs of places along a dimension."""
    sight, dimension = seen.main, seen["dim"]
    if sight is None:
        return constant(seen)
    places = [output.shape[dimension] for output in seen.operator.outputs]
    starts = accumulate(places, initial=0)
    return [_cut(sight, dimension, start, 1, many) for start, many in zip(starts, places, strict=False)]


def joined(seen: Seen) -> Sequence[Sight | None]:
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


def turned(seen: Seen) -> Sequence[Sight | None]:
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
