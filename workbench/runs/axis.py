"""Where the points of a metric stand: steps and times in arrays that grow."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]
GROWTH = 1.25
FIRST_CAPACITY = 256

Scalar = TypeVar("Scalar", np.int64, np.float64)


class Column(Generic[Scalar]):
    """A growing array. `resize` lets the allocator move pages, so that growing copies nothing.

    numpy refuses that while someone holds a view: then the view keeps the old array.
    """

    def __init__(self, dtype: type[Scalar]) -> None:
        self._data: NDArray[Scalar] = np.empty(FIRST_CAPACITY, dtype)
        self.length = 0

    def extend(self, values: NDArray[Scalar]) -> None:
        needed = self.length + len(values)
        if needed > len(self._data):
            self._grow(max(needed, int(len(self._data) * GROWTH)))
        self._data[self.length : needed] = values
        self.length = needed

    def _grow(self, capacity: int) -> None:
        try:
            self._data.resize(capacity)
        except ValueError:
            larger = np.empty(capacity, self._data.dtype)
            larger[: self.length] = self._data[: self.length]
            self._data = larger

    def view(self) -> NDArray[Scalar]:
        """What is held now."""
        return self._data[: self.length]


class Axis:
    """Steps and times that metrics of the same records share, as long as they go on together."""

    def __init__(self) -> None:
        self.steps = Column(np.int64)
        self.times = Column(np.float64)
        self.users = 0
        self._newest: Steps | None = None

    def has(self, length: int, steps: Steps) -> bool:
        """Whether just these `steps` stand behind the first `length` ones already."""
        return self._newest is steps and self.steps.length == length + len(steps)

    def extend(self, steps: Steps, times: Floats) -> None:
        """Append points; the two are of one length."""
        self.steps.extend(steps)
        self.times.extend(times)
        self._newest = steps

    def apart(self, length: int) -> Axis:
        """An axis of one user's own, with the first `length` points."""
        own = Axis()
        own.users = 1
        own.extend(self.steps.view()[:length], self.times.view()[:length])
        self.users -= 1
        return own

    def keep(self, length: int) -> None:
        """Forget what stands behind the first `length` points."""
        self.steps.length = self.times.length = length
        self._newest = None
