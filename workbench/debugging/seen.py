"""An operator and what its inputs see, as the rules for its outputs are given them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.debugging.extents import Extent
from workbench.debugging.operators import Operator
from workbench.debugging.sight import Atom, Axis, Sight, atom_of, numbers


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


def constant(seen: Seen) -> Sequence[Sight | None]:
    """The outputs see nothing of the network's input."""
    return (None,) * len(seen.operator.outputs)


def of_main(seen: Seen, change: Callable[[Sight], Sight]) -> Sight | None:
    """What the first argument sees, changed."""
    return None if seen.main is None else change(seen.main)


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
