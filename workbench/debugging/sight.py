"""What a tensor sees of the network's input, and how that follows its dimensions about.

A dimension is a product of atoms, so that a view which merges dimensions and a later one that splits
them again give the atoms back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import NamedTuple

from workbench.debugging.extents import Extent, axis_of, fixed, in_turn, irregular, union

_numbers = count()


class Atom(NamedTuple):
    """A part of a dimension; the same number means the same places."""

    number: int
    length: int


class Axis(NamedTuple):
    """A dimension of the network's input; inputs of one shape are laid over each other."""

    shape: tuple[int, ...]
    dimension: int


Dim = tuple[Atom, ...]
Extents = Mapping[Axis, Extent | None]


def atom_of(length: int) -> Atom:
    """A new one."""
    return Atom(next(_numbers), length)


@dataclass(frozen=True)
class Sight:
    """The dimensions of a tensor, and its extents; None for an axis that is seen in an unknown way."""

    dims: tuple[Dim, ...]
    extents: Extents

    @property
    def shape(self) -> tuple[int, ...]:
        """How many places each dimension has."""
        return tuple(length(dim) for dim in self.dims)

    def changed(self, change: Callable[[Extent], Extent | None]) -> Extents:
        """Each known extent changed."""
        return {
            axis: None if extent is None else change(extent) for axis, extent in self.extents.items()
        }

    def without(self, atoms: Collection[int]) -> Extents:
        """What is seen by sums over those atoms."""
        return self.changed(lambda extent: _summed(extent, frozenset(atoms)))


def length(dim: Dim) -> int:
    """How many places a dimension has."""
    places = 1
    for atom in dim:
        places *= atom.length
    return places


def numbers(dims: Collection[Dim]) -> frozenset[int]:
    """The atoms of some dimensions, by their numbers."""
    return frozenset(atom.number for dim in dims for atom in dim)


def _summed(extent: Extent, atoms: frozenset[int]) -> Extent | None:
    if not extent.atoms & atoms:
        return extent
    if extent.atoms <= atoms:
        return fixed(extent)
    return irregular(extent, extent.atoms - atoms) if extent.sees_all else None


def of_input(shape: Sequence[int]) -> Sight:
    """The network's input: each number sees itself."""
    dims = tuple((atom_of(places),) for places in shape)
    axes = (Axis(tuple(shape), dimension) for dimension in range(len(shape)))
    return Sight(
        dims,
        {axis: axis_of(dim[0].number, dim[0].length) for axis, dim in zip(axes, dims, strict=True)},
    )


def unknown(shape: Sequence[int], axes: Collection[Axis]) -> Sight:
    """A tensor that sees these axes, nobody knows where."""
    return Sight(tuple((atom_of(places),) for places in shape), dict.fromkeys(axes))


def merged(extents: Sequence[Extents]) -> Extents:
    """What is seen by a number that is made of all of them."""
    together: dict[Axis, Extent | None] = {}
    for some in extents:
        for axis, extent in some.items():
            known = together.get(axis, extent)
            together[axis] = None if known is None or extent is None else union(known, extent)
    return together


def picked(sight: Sight, dims: Sequence[Dim]) -> Sight:
    """The same numbers with other dimensions; over those that are left out they are summed."""
    gone = numbers(sight.dims) - numbers(dims)
    return Sight(tuple(dims), sight.without(gone) if gone else sight.extents)


def reshaped(sight: Sight, shape: Sequence[int]) -> Sight:
    """The same numbers in the same order in another shape."""
    if sight.shape == tuple(shape):
        return sight
    if 0 in shape:
        return unknown(shape, sight.extents.keys())
    ones = [atom.number for dim in sight.dims for atom in dim if atom.length == 1]
    extents = dict(sight.without(ones) if ones else sight.extents)
    left = deque(atom for dim in sight.dims for atom in dim if atom.length > 1)
    dims: list[Dim] = []
    for places in shape:
        dim = _taken(left, places, extents)
        if dim is None:
            return unknown(shape, extents.keys())
        dims.append(dim)
    return Sight(tuple(dims), extents)


def _taken(left: deque[Atom], places: int, extents: dict[Axis, Extent | None]) -> Dim | None:
    """The next atoms that make a dimension of so many places; None where it cuts across them."""
    dim: list[Atom] = []
    while places > 1:
        atom = left.popleft()
        if places % atom.length == 0:
            dim.append(atom)
            places //= atom.length
        elif atom.length % places == 0:
            parts = atom_of(places), atom_of(atom.length // places)
            _split(extents, atom, parts)
            dim.append(parts[0])
            left.appendleft(parts[1])
            places = 1
        else:
            return None
    return tuple(dim)


def _split(extents: dict[Axis, Extent | None], atom: Atom, parts: Sequence[Atom]) -> None:
    for axis, extent in extents.items():
        if extent is not None and atom.number in extent.atoms:
            atoms = extent.atoms - {atom.number} | {part.number for part in parts}
            extents[axis] = irregular(extent, atoms)


def renamed(sight: Sight, names: Mapping[int, int]) -> Sight:
    """The same with other numbers for its atoms."""

    def renamed_extent(extent: Extent) -> Extent:
        atoms = frozenset(names.get(atom, atom) for atom in extent.atoms)
        return extent if atoms == extent.atoms else replace(extent, atoms=atoms)

    dims = tuple(
        tuple(Atom(names.get(atom.number, atom.number), atom.length) for atom in dim)
        for dim in sight.dims
    )
    return Sight(dims, sight.changed(renamed_extent))


def broadcast(sights: Sequence[Sight], shape: Sequence[int]) -> Sight:
    """What the numbers see that are made of those at the same place, as arithmetic broadcasts them."""
    dims, laid = _laid_out(sights, shape)
    return Sight(dims, merged([sight.extents for sight in laid]))


def beside(parts: Sequence[Sight], dimension: int, atom: Atom, shape: Sequence[int]) -> Sight | None:
    """What the numbers see of parts that lie beside each other along a dimension; None without parts.

    Along it they follow in no regular steps; the parts' own dimension there has any length.
    """
    if not parts:
        return None
    flat = [_standing(part, dimension, atom) for part in parts]
    places = [1 if number == dimension else many for number, many in enumerate(shape)]
    dims, laid = _laid_out(flat, places)
    axes = {axis: None for part in laid for axis in part.extents}
    extents = {
        axis: _beside([part.extents[axis] for part in laid if axis in part.extents], atom)
        for axis in axes
    }
    return Sight((*dims[:dimension], (atom,), *dims[dimension + 1 :]), extents)


def _standing(part: Sight, dimension: int, atom: Atom) -> Sight:
    """Without that dimension, along which it stands at some place of `atom`."""
    gone = numbers([part.dims[dimension]])

    def stood(extent: Extent) -> Extent | None:
        if not extent.atoms & gone:
            return extent
        return irregular(extent, {atom.number}) if extent.atoms <= gone else None

    dims = (*part.dims[:dimension], (), *part.dims[dimension + 1 :])
    return Sight(dims, part.changed(stood))


def _beside(extents: Sequence[Extent | None], atom: Atom) -> Extent | None:
    together = extents[0]
    if together is None or all(extent == together for extent in extents):
        return together
    for extent in extents[1:]:
        if together is None or extent is None:
            return None
        if together.atoms | extent.atoms <= {atom.number}:
            together = in_turn(together, extent, atom.number)
        else:
            together = union(together, extent)
    return together


def _laid_out(sights: Sequence[Sight], shape: Sequence[int]) -> tuple[tuple[Dim, ...], list[Sight]]:
    """The dimensions of what all of them broadcast to, and each with the atoms of these."""
    dims: list[Dim] = [()] * len(shape)
    laid = [_laid_over(sight, dims, shape) for sight in sights]
    whole = [
        dim if length(dim) == places else (atom_of(places),)
        for dim, places in zip(dims, shape, strict=True)
    ]
    return tuple(whole), laid


def _laid_over(sight: Sight, dims: list[Dim], shape: Sequence[int]) -> Sight:
    """With the atoms of `dims`, to which it adds its own where there are none yet."""
    offset = len(shape) - len(sight.dims)
    names: dict[int, int] = {}
    for own, dim in enumerate(sight.dims):
        places, known = shape[offset + own], dims[offset + own]
        if length(dim) != places:
            sight = picked(sight, [*sight.dims[:own], (), *sight.dims[own + 1 :]])
        elif not known or length(known) != places:
            dims[offset + own] = dim
        elif [atom.length for atom in known] == [atom.length for atom in dim]:
            names |= {
                atom.number: other.number
                for atom, other in zip(dim, known, strict=True)
                if atom != other
            }
        else:
            sight = _as_one(sight, own, known)
    return renamed(sight, names) if names else sight


def _as_one(sight: Sight, own: int, known: Dim) -> Sight:
    """A dimension that is made of other atoms than the result's: its places follow in no known way."""
    atoms = numbers([sight.dims[own]])

    def moved(extent: Extent) -> Extent | None:
        if not extent.atoms & atoms:
            return extent
        return irregular(extent, numbers([known])) if extent.atoms <= atoms else None

    dims = (*sight.dims[:own], known, *sight.dims[own + 1 :])
    return Sight(dims, sight.changed(moved))
