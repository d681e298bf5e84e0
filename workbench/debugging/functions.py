"""Activations that are functions, such as `F.relu`: hooks do not see them, autograd's graph does."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor

from workbench.debugging.capture import Place

# Nodes of autograd's graph, and the module that does the same.
KINDS = {"ReluBackward0": "ReLU", "SigmoidBackward0": "Sigmoid", "TanhBackward0": "Tanh"}
MOST_HOPS = 8  # pooling, dropout, flattening, an addition: more stands seldom between two modules


class Function(NamedTuple):
    """An activation between two modules: its class were it a module, and whose output it was given."""

    kind: str
    behind: Place


class Functions:
    """Finds, for what a module is given, the activation function that it went through, each once."""

    def __init__(self) -> None:
        self._outputs: dict[Any, Place] = {}  # nodes of the graph that made outputs of modules
        self._found: set[Any] = set()

    def note(self, place: Place, output: Tensor) -> None:
        """A module gave this output."""
        if output.grad_fn is not None:
            self._outputs.setdefault(output.grad_fn, place)

    def before(self, given: Tensor) -> Function | None:
        """The last activation function between the module that made it and now; None for none."""
        node: Any = given.grad_fn
        activation: Any = None
        for _ in range(MOST_HOPS):
            if node is None:
                return None
            if node in self._outputs:
                return self._new(activation, self._outputs[node])
            if activation is None and node.name() in KINDS:
                activation = node
            node = node.next_functions[0][0] if node.next_functions else None
        return None

    def _new(self, activation: Any, behind: Place) -> Function | None:
        if activation is None or activation in self._found:
            return None
        self._found.add(activation)
        return Function(KINDS[activation.name()], behind)
