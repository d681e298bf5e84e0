"""What is seen after operators that sum over dimensions: reductions, matrix products, attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.debugging.extents import Extent, accumulated
from workbench.debugging.seen import Rule, Seen, along, constant, of_main
from workbench.debugging.sight import Sight, atom_of, broadcast, numbers, picked, renamed


def _dimensions(value: Any, many: int) -> list[int]:
    """Those that `dim` means: none or an empty list stands for all."""
    if value is None or value == []:
        return list(range(many))
    return [dim % many for dim in ([value] if isinstance(value, int) else value)] if many else []


def reduced(seen: Seen) -> Sequence[Sight | None]:
    """Sums, means and extremes over dimensions."""
    sight = seen.main
    if sight is None:
        return constant(seen)
    gone = set(_dimensions(seen.get("dim"), len(sight.dims)))
    kept = [() if number in gone else dim for number, dim in enumerate(sight.dims)]
    if not seen.get("keepdim"):
        kept = [dim for number, dim in enumerate(sight.dims) if number not in gone]
    return [picked(sight, kept)] * len(seen.operator.outputs)


def mixed(seen: Seen) -> Sequence[Sight | None]:
    """Each place along a dimension depends on all of them, as in softmax."""

    def mix(sight: Sight) -> Sight:
        dims = [sight.dims[number] for number in _dimensions(seen["dim"], len(sight.dims))]
        return Sight(sight.dims, sight.without(numbers(dims)))

    return [of_main(seen, mix)]


def running(seen: Seen) -> Sequence[Sight | None]:
    """Each place along a dimension depends on those before it, as in cumulative sums."""

    def run(sight: Sight) -> Sight:
        atoms = numbers([sight.dims[seen["dim"]]])

        def change(extent: Extent) -> Extent | None:
            if not extent.atoms & atoms:
                return extent
            return accumulated(extent) if extent.atoms == atoms else None

        return Sight(sight.dims, sight.changed(change))

    return [of_main(seen, run)]


def resized(seen: Seen) -> Sequence[Sight | None]:
    """A dimension with other places: the halves of a gated unit, or shuffled channels."""
    dimension = seen["dim"] if seen.operator.name == "glu" else 1
    return [
        of_main(seen, lambda sight: along(sight, dimension, seen.shape[dimension], lambda *_: None))
    ]


def product(left: str, right: str, bias: str = "") -> Rule:
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


def attended(seen: Seen) -> Sequence[Sight | None]:
    """Queries (..., i, d), keys (..., k, d), values (..., k, v): a query sees all keys and values."""
    parts = []
    for name in ("query", "key", "value"):
        sight = seen.of(seen[name])
        if sight is not None:
            gone = sight.dims[-1:] if name == "query" else sight.dims[-2:]
            places = sight.dims[-2] if name == "query" else ()
            parts.append(Sight((*sight.dims[:-2], places, ()), sight.without(numbers(gone))))
    return [broadcast(parts, seen.shape) if parts else None]


def embedded(seen: Seen) -> Sequence[Sight | None]:
    """Indices (...) to vectors (..., width)."""
    indices, width = seen.of(seen["indices"]), atom_of(seen.shape[-1])
    return [None if indices is None else Sight((*indices.dims, (width,)), indices.extents)]
