"""What the places of a tensor see of one axis of the network's input, and how windows widen it.

The arithmetic is that of Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural
Networks" (Distill, 2019): a window of k places whose starts lie `jump` apart widens the field by
(k − 1)·jump, a stride multiplies the jump. Padding shifts, but does not narrow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

ZERO = Fraction(0)


@dataclass(frozen=True)
class Extent:
    """Intervals of one axis of the input, in its steps; all bounds belong to them.

    A network that scales up again has places between the steps of a coarser grid. Of those `fine` is
    the window, and only whole steps of it are seen: floor((floor(x) + n) / s) = floor((x + n) / s)
    allows to round once, at the end, however many times it scales up.

    Attributes:
        atoms: by which parts of the tensor's dimensions the interval differs; none: all see the same.
        span: the last step that a place sees less the first, on the coarse grid.
        jump: from a place's first step to the next place's; None where they do not follow regularly.
        low, high: the first and the last step that any place sees, beyond the input where it is padded.
        coarse: the step of the grid from which it was scaled up; `jump` where it was not.
        fine: what windows on the finer grid add to `span`, in steps of the coarse one.
        origin: where a step of the coarse grid lies.
    """

    atoms: frozenset[int]
    span: Fraction
    jump: Fraction | None
    low: Fraction
    high: Fraction
    coarse: Fraction
    fine: Fraction = ZERO
    origin: Fraction = ZERO

    @property
    def size(self) -> int:
        """How many steps of the input a place sees, at most."""
        return math.floor(self.span + math.floor(self.fine) * self.coarse) + 1

    @property
    def length(self) -> Fraction:
        """From the first to the last step that a place sees, parts of a coarse step counted."""
        return self.span + self.fine * self.coarse

    @property
    def is_scaled_up(self) -> bool:
        """Whether its places lie between steps of a coarser grid."""
        return self.jump is not None and (self.coarse > self.jump or self.fine != 0)

    @property
    def sees_all(self) -> bool:
        """Whether some place sees whatever any of them does, so that none can see more."""
        first, last = self.bounds
        return self.size - 1 == last - first

    @property
    def bounds(self) -> tuple[Fraction, Fraction]:
        """The first and the last step that any place sees, where only whole coarse steps count."""
        first, last = _coarse_steps(self.low, self.high, self)
        return first, last + self.span


def axis_of(atom: int, places: int) -> Extent:
    """An axis of the input itself: each place sees its own step."""
    one = Fraction(1)
    return Extent(frozenset({atom}), ZERO, one, ZERO, Fraction(places - 1), one)


def fixed(extent: Extent) -> Extent:
    """All its places taken together: one sees what any of them saw."""
    return _whole(*extent.bounds)


def accumulated(extent: Extent) -> Extent:
    """Each place sees what those before it do as well, and the last one all of it."""
    return replace(_whole(*extent.bounds), atoms=extent.atoms)


def uneven(extent: Extent, atom: int, *, widest: int) -> Extent | None:
    """Windows of different sizes that cover all places together."""
    wider = None if extent.is_scaled_up else widened(extent, atom, 1, window=widest)
    if wider is None:
        return None
    return replace(_whole(*extent.bounds), atoms=frozenset({atom}), span=Fraction(wider.size - 1))


def _whole(low: Fraction, high: Fraction) -> Extent:
    return Extent(frozenset(), high - low, None, low, high, Fraction(1))


def irregular(extent: Extent, atoms: Iterable[int]) -> Extent:
    """The same intervals at places that no longer follow each other in equal steps."""
    return replace(extent, atoms=frozenset(atoms), jump=None)


def widened(
    extent: Extent, atom: int, places: int, *, window: int, stride: int = 1, padding: int = 0
) -> Extent | None:
    """A window of so many neighbouring places slides along; `places` is how many it then has.

    None where the places do not follow regularly, so that what a window sees is not known.
    """
    jump = extent.jump
    if jump is None:
        return irregular(extent, {atom}) if window == stride == 1 and not padding else None
    added = (window - 1) * jump
    low = extent.low - padding * jump
    if not extent.is_scaled_up:
        return _plain(atom, places, span=extent.span + added, jump=jump * stride, low=low)
    finer = replace(extent, low=low, fine=extent.fine + added / extent.coarse)
    if stride == 1:
        return _with_places(finer, atom, places)
    if jump * stride % extent.coarse:  # how much of a window counts differs from place to place
        return None
    first, last = _coarse_steps(finer.low, finer.low + finer.length, finer)
    span = last - first + extent.span
    return _plain(atom, places, span=span, jump=jump * stride, low=first)


def scaled_up(
    extent: Extent, atom: int, places: int, *, window: int, stride: int, padding: int = 0
) -> Extent | None:
    """A transposed window: output o sees the places i with 0 ≤ o + padding − stride·i < window."""
    jump = extent.jump
    if jump is None:
        return None
    finer = replace(
        extent,
        fine=extent.fine + Fraction(window - 1, stride) * jump / extent.coarse,
        jump=jump / stride,
        low=extent.low + Fraction(padding - window + 1, stride) * jump,
    )
    return _with_places(finer, atom, places)


def _plain(atom: int, places: int, *, span: Fraction, jump: Fraction, low: Fraction) -> Extent:
    high = low + (places - 1) * jump + span
    return Extent(frozenset({atom}), span, jump, low, high, jump, origin=low)


def _with_places(extent: Extent, atom: int, places: int) -> Extent:
    assert extent.jump is not None
    high = extent.low + (places - 1) * extent.jump + extent.length
    return replace(extent, atoms=frozenset({atom}), high=high)


def _coarse_steps(low: Fraction, high: Fraction, extent: Extent) -> tuple[Fraction, Fraction]:
    """Where the first and the last step of the coarse grid begin that lie wholly between."""
    first = math.ceil((low - extent.origin) / extent.coarse)
    last = math.floor((high - extent.span - extent.origin) / extent.coarse)
    return extent.origin + first * extent.coarse, extent.origin + last * extent.coarse


def union(one: Extent, other: Extent) -> Extent | None:
    """What a place sees that is made of both; None where that is not known."""
    if one == other:
        return one
    first, last = _hull(one, other)
    if any(not part.atoms and part.bounds == (first, last) for part in (one, other)):
        return _whole(first, last)
    if not one.atoms and not other.atoms:
        return _whole(first, last)
    if one.jump is not None and one.jump == other.jump and one.atoms == other.atoms:
        return _side_by_side(one, other)
    for moving, still in ((one, other), (other, one)):
        if not still.atoms and moving.jump is not None and not moving.is_scaled_up:
            return _with_fixed(moving, still)
    return _between(one, other)


def _hull(one: Extent, other: Extent) -> tuple[Fraction, Fraction]:
    first, last = zip(one.bounds, other.bounds, strict=True)
    return min(first), max(last)


def _between(one: Extent, other: Extent) -> Extent | None:
    """Of places that differ in several ways: the whole, where some place is sure to see the whole."""
    first, last = _hull(one, other)
    covers = any(part.sees_all and part.bounds == (first, last) for part in (one, other))
    if covers:
        span = last - first
    elif not one.atoms or not other.atoms or one.atoms & other.atoms:
        return None
    else:  # one is at its lowest place where the other is at its highest, or the other way round
        apart = max(other.bounds[1] - one.bounds[0], one.bounds[1] - other.bounds[0])
        span = max(apart, Fraction(one.size - 1), Fraction(other.size - 1))
    return Extent(one.atoms | other.atoms, span, None, first, last, Fraction(1))


def in_turn(one: Extent, other: Extent, atom: int) -> Extent:
    """Of places of which some see as one does and some as the other."""
    first, last = _hull(one, other)
    span = Fraction(max(one.size, other.size) - 1)
    return Extent(frozenset({atom}), span, None, first, last, Fraction(1))


def _side_by_side(one: Extent, other: Extent) -> Extent | None:
    """Of places that follow in the same steps: from the first start to the last end."""
    for wide, narrow in ((one, other), (other, one)):
        # Of a finer grid's window the ends may not count, as far as a step of the coarse one.
        sure = wide.coarse if wide.is_scaled_up else ZERO
        end = wide.low + wide.length - sure
        if wide.low + sure <= narrow.low and narrow.low + narrow.length <= end:
            return wide
    low = min(one.low, other.low)
    high = max(one.high, other.high)
    length = max(one.low + one.length, other.low + other.length) - low
    if not one.is_scaled_up and not other.is_scaled_up:
        return replace(one, span=length, low=low, high=high, origin=low)
    is_same_grid = one.coarse == other.coarse and (one.origin - other.origin) % one.coarse == 0
    if not is_same_grid or one.span != other.span:
        return None
    return replace(one, fine=(length - one.span) / one.coarse, low=low, high=high)


def _with_fixed(extent: Extent, whole: Extent) -> Extent:
    """Each place sees `whole` as well; the first or the last one sees most."""
    first = max(whole.high, extent.low + extent.length) - min(whole.low, extent.low)
    last = max(whole.high, extent.high) - min(whole.low, extent.high - extent.length)
    low, high = min(whole.low, extent.low), max(whole.high, extent.high)
    return Extent(extent.atoms, max(first, last), None, low, high, Fraction(1))
