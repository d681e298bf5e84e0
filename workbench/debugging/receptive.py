"""Receptive fields, followed operator by operator from the network's input on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef

from workbench.debugging.operators import Operator, is_plain
from workbench.debugging.seen import Seen
from workbench.debugging.sight import Axis, Sight, of_input, unknown
from workbench.debugging.sight_rules import rule_of
from workbench.training.trees import tensors_in

_Place = tuple[int, tuple[int, ...], tuple[int, ...]]
_ELSEWHERE = Axis((), -1)  # seen in an unknown way, and not even of which input


class Sights:
    """What the tensors of one pass see of the input of the outermost module that was called.

    Tensors are known by where they lie in which storage: autograd gives a view to the program as
    another object than the one that the operator made. Storages are held weakly, so their memory is
    freed as ever, but their numbers are not given away again meanwhile. What was never seen (weights,
    constants) sees nothing of the input.
    """

    def __init__(self) -> None:
        self._known: dict[int, dict[_Place, Sight]] = {}
        self._storages: list[StorageWeakRef] = []
        self._slid: dict[Axis, None] = {}  # axes along which windows slide, in the order found

    def begin(self, inputs: Iterable[Tensor]) -> None:
        """The outermost module is called with these."""
        for views in self._known.values():
            views.clear()
        for tensor in inputs:
            if is_plain(tensor):
                self._keep(tensor, of_input(tensor.shape))

    def follow(self, operator: Operator) -> None:
        """What the outputs of an operator see."""
        inputs = [(tensor, self.of(tensor)) for tensor in operator.inputs]
        known = {id(tensor): sight for tensor, sight in inputs if sight is not None}
        if not known:
            return
        seen = rule_of(operator)(Seen(operator, known, self._slid))
        axes = {axis for sight in known.values() for axis in sight.extents}
        for number, output in enumerate(operator.outputs):
            sight = seen[number] if number < len(seen) else unknown(output.shape, axes)
            if sight is not None:
                fits = sight.shape == tuple(output.shape)
                self._keep(output, sight if fits else unknown(output.shape, axes))

    def lose(self, outputs: Any, inputs: Any) -> None:
        """Of something that is no operator: what it gives sees its inputs, nobody knows where."""
        sights = [self.of(tensor) for tensor in tensors_in(inputs)]
        axes = {axis for sight in sights if sight is not None for axis in sight.extents}
        for output in tensors_in(outputs) if axes else ():
            self._keep(output, unknown(output.shape, axes))

    def field(self, tensor: Tensor) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Size and jump along each axis over which windows slid; empty where one is not known."""
        sight = self.of(tensor)
        if sight is None or _ELSEWHERE in sight.extents:
            return (), ()
        shape = next((axis.shape for axis in self._slid if axis in sight.extents), None)
        axes = [axis for axis in sorted(self._slid) if axis.shape == shape and axis in sight.extents]
        extents = [sight.extents[axis] for axis in axes]
        known = [extent for extent in extents if extent is not None]
        if not known or len(known) < len(extents):
            return (), ()
        sizes = tuple(extent.size for extent in known)
        return sizes, tuple(float(extent.jump or 0) for extent in known)

    def of(self, tensor: Tensor) -> Sight | None:
        """None for what sees nothing of the input."""
        if not is_plain(tensor):
            return None
        views = self._known.get(tensor.untyped_storage()._cdata)
        if views is None:
            return None
        sight = views.get(_place(tensor))
        if sight is None:  # a view of it was made in no way that was seen, or in an earlier call
            axes = {axis for view in views.values() for axis in view.extents}
            return unknown(tensor.shape, {*axes, _ELSEWHERE})
        return sight

    def _keep(self, tensor: Tensor, sight: Sight) -> None:
        if not is_plain(tensor):
            return
        storage = tensor.untyped_storage()
        views = self._known.get(storage._cdata)
        if views is None:
            held = StorageWeakRef(storage)  # type: ignore[no-untyped-call]
            self._storages.append(held)
            views = self._known[storage._cdata] = {}
        place = _place(tensor)
        before = views.get(place)
        if before is not None and before.extents != sight.extents:
            views.clear()  # written over: what else looks at this memory is not known any more
        views[place] = sight


def _place(tensor: Tensor) -> _Place:
    """Along a dimension of one place the stride says nothing, and is changed at times."""
    shape = tuple(tensor.shape)
    strides = zip(tensor.stride(), shape, strict=True)
    steps = tuple(step if many > 1 else 0 for step, many in strides)
    return int(tensor.storage_offset()), shape, steps
