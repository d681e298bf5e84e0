"""From one forward and backward pass of a batch, what each layer gave: a `Probe`.

Measured are the outputs of modules, and those of `F.relu`, `torch.sigmoid` and `torch.tanh` where a
module is given them. Other functions, and what a module keeps to itself (the gates of `nn.LSTM` and
`nn.GRU`, the weights of an attention), are not seen by hooks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from workbench.debugging import reductions
from workbench.debugging.capture import Place, modules_of, own_weights, watching
from workbench.debugging.functions import Functions
from workbench.debugging.probes import InputProbe, LayerProbe, Probe
from workbench.debugging.reductions import Gathered, Kept

_UNITS_FIRST = (
    nn.modules.conv._ConvNd,
    nn.modules.batchnorm._NormBase,
    nn.GroupNorm,
    nn.modules.pooling._MaxPoolNd,
    nn.modules.pooling._AvgPoolNd,
    nn.modules.pooling._AdaptiveAvgPoolNd,
    nn.modules.pooling._AdaptiveMaxPoolNd,
)
_UNITS_LAST = (
    nn.Linear,
    nn.Bilinear,
    nn.LayerNorm,
    nn.RMSNorm,
    nn.Embedding,
    nn.RNNBase,
    nn.MultiheadAttention,
)
_COUNTS = {"dead", "non_finite"}


@dataclass
class _Call:
    """What was kept of one call."""

    place: Place
    shape: tuple[int, ...]
    output: int = 0  # which of its tensors is measured
    units: int = 0
    numbers: dict[str, Kept] = field(default_factory=dict)


@contextmanager
def measuring(net: nn.Module) -> Iterator[Measured]:
    """Measure what the network does within, in training as in evaluation.

    The loss's gradients are measured where they are asked for: `seen.backward(loss)`. What a layer gave
    is reduced as it comes; nothing waits for a device until `seen.probe(step)`, after the end.
    """
    seen = Measured(net)
    with watching(net, seen.see_output, seen.see_gradient):
        yield seen


class Measured:
    """The numbers of a pass, on the devices where they were measured until `probe` asks for them."""

    def __init__(self, net: nn.Module) -> None:
        self._modules = dict(modules_of(net))
        self._calls: dict[Place, _Call] = {}
        self._gathered = Gathered()
        self._unit_dims = {3: -1}  # by an output's number of dimensions, where the last layer had them
        self._functions = Functions()
        self._inputs: tuple[tuple[int, ...], dict[str, Kept]] | None = None
        self._weights: dict[nn.Parameter, Kept] = {}
        self._gradients: dict[nn.Parameter, Kept] = {}
        self._updates: dict[nn.Parameter, Kept] = {}
        self._scale: Tensor | float = 1.0

    def see_output(
        self,
        place: Place,
        module: nn.Module,
        inputs: tuple[Tensor, ...],
        outputs: tuple[Tensor, ...],
    ) -> None:
        """A hook: take the numbers of a layer, which calls no others or has weights of its own."""
        if place.is_leaf or own_weights(module):
            # What is done here is none of the network's, for a mode that looks at its functions.
            with torch._C.DisableTorchFunction():
                self._take(place, module, inputs, outputs)

    def _take(
        self,
        place: Place,
        module: nn.Module,
        inputs: tuple[Tensor, ...],
        outputs: tuple[Tensor, ...],
    ) -> None:
        index = next((i for i, one in enumerate(outputs) if reductions.is_measurable(one)), None)
        if index is not None:
            self._functions.note(place, outputs[index])
        if not self._calls and inputs:
            self._see_inputs(module, inputs[0])
        elif inputs and reductions.is_measurable(inputs[0]):
            self._see_function(inputs[0])
        if index is not None:
            self._see(place, module, outputs[index], index)
        else:
            self._calls[place] = _Call(place, tuple(outputs[0].shape) if outputs else ())

    def see_gradient(self, place: Place, number: int, gradient: Tensor) -> None:
        """A hook: of several backward passes that come by, the last one counts."""
        call = self._calls.get(place)
        if call is not None and number == call.output and reductions.is_measurable(gradient):
            size = reductions.root_mean_square(gradient) / self._scale
            call.numbers["output_gradient"] = self._gathered.keep(size)

    def backward(
        self,
        loss: Tensor,
        weights: Sequence[nn.Parameter] | None = None,
        *,
        scale: Tensor | float = 1.0,
    ) -> None:
        """Measure the gradients of a loss by these weights, all of the network's by default.

        No `.grad` is touched. The loss is multiplied by `scale` for the pass, as fp16 needs it.

        Raises:
            RuntimeError: when the loss does not depend on any of them.
        """
        wanted = self.trainable() if weights is None else list(weights)
        self._scale = scale
        found = torch.autograd.grad(loss * scale, wanted, allow_unused=True)
        pairs = [(w, _dense(g)) for w, g in zip(wanted, found, strict=True) if g is not None]
        norms = _norms([gradient for _, gradient in pairs])
        for (weight, _), norm in zip(pairs, norms, strict=True):
            self._gradients[weight] = self._gathered.keep(norm / scale)

    def trainable(self) -> list[nn.Parameter]:
        """The network's parameters that gradients are asked for, each once."""
        everything = (one for module in self._modules.values() for one in own_weights(module))
        return list(dict.fromkeys(one for one in everything if one.requires_grad))

    def updated(self, before: Mapping[nn.Parameter, Tensor]) -> None:
        """Measure how far weights are from what they were before the last step."""
        if before:
            moved = torch._foreach_sub([one.detach() for one in before], list(before.values()))
            for weight, norm in zip(before, _norms(moved), strict=True):
                self._updates[weight] = self._gathered.keep(norm)

    def probe(self, step: int, loss: Tensor | None = None) -> Probe:
        """All that was seen, brought to the host; layers in the order in which their calls ended."""
        kept_loss = None if loss is None else self._gathered.keep(loss.detach().reshape(()))
        owners = self._owners()
        owned = (one for weights in owners.values() for one in weights)
        weights = list(dict.fromkeys(one for one in owned if one.is_floating_point()))
        for weight, norm in zip(weights, _norms(weights), strict=True):
            self._weights[weight] = self._gathered.keep(norm)
        self._gathered.bring()
        self._functions = Functions()  # it holds on to the graph
        layers = [self._layer(call, owners.pop(call.place.name, [])) for call in self._calls.values()]
        # Those whose weights were used without calling them.
        layers += [self._uncalled(name, owned) for name, owned in owners.items()]
        return Probe(
            step=step,
            loss=None if kept_loss is None else self._gathered.read(kept_loss),
            layers=tuple(layers),
            inputs=self._input_probe(),
        )

    def _see(self, place: Place, module: nn.Module | None, output: Tensor, index: int = 0) -> None:
        dim = self._unit_dim(module, output)
        call = _Call(place, tuple(output.shape), index, output.shape[dim] if dim else 0)
        call.numbers = self._keep(reductions.of_output(output, dim, place.kind))
        self._calls[place] = call

    def _see_function(self, given: Tensor) -> None:
        """Take the numbers of an activation function, as the module behind it is given them."""
        found = self._functions.before(given)
        if found is not None:
            name = f"{found.behind.name}/{found.kind.lower()}"
            self._see(Place(name, found.kind, found.behind.call, is_leaf=True), None, given)

    def _see_inputs(self, module: nn.Module, given: Tensor) -> None:
        if not given.numel() or given.layout != torch.strided or given.is_complex():
            return
        dim = self._unit_dim(module, given)
        self._inputs = tuple(given.shape), self._keep(reductions.of_input(given, dim))

    def _keep(self, numbers: Mapping[str, Tensor]) -> dict[str, Kept]:
        return {name: self._gathered.keep(number) for name, number in numbers.items()}

    def _unit_dim(self, module: nn.Module | None, tensor: Tensor) -> int:
        """Which dimension of (N, …) counts the units: channels or features; 0 where there is none.

        A layer that works on single numbers (ReLU) has them where the layer before it had them.
        """
        dims = tensor.dim()
        if dims < 2:
            return 0
        if isinstance(module, _UNITS_LAST):
            self._unit_dims[dims] = -1
        elif isinstance(module, _UNITS_FIRST):
            self._unit_dims[dims] = 1
        return self._unit_dims.get(dims, 1)

    def _owners(self) -> dict[str, list[nn.Parameter]]:
        """Each layer's weights: its own, and those of modules in it that it uses without a call."""
        called = {place.name for place in self._calls}
        owners: dict[str, list[nn.Parameter]] = {}
        for path, module in self._modules.items():
            own, owner = own_weights(module), path
            while owner and owner not in called:
                owner = owner.rpartition(".")[0]
            if owner in called:
                owners.setdefault(owner, []).extend(own)
            elif any(one in self._gradients for one in own):
                owners[path] = own
        return owners

    def _layer(self, call: _Call, weights: Sequence[nn.Parameter]) -> LayerProbe:
        numbers: dict[str, Any] = {name: self._gathered.read(at) for name, at in call.numbers.items()}
        for name in _COUNTS.intersection(numbers):
            numbers[name] = round(numbers[name])
        if numbers.get("spread") == 0 and "varying" in numbers:
            numbers["varying"] = 0.0  # of a spread that is not there
        numbers |= self._of_weights(weights)
        place = call.place
        return LayerProbe(
            name=place.name,
            kind=place.kind,
            call=place.call,
            shape=call.shape,
            units=call.units,
            **numbers,
        )

    def _uncalled(self, name: str, weights: Sequence[nn.Parameter]) -> LayerProbe:
        kind = type(self._modules[name]).__name__
        return LayerProbe(name=name, kind=kind, **self._of_weights(weights))

    def _of_weights(self, weights: Sequence[nn.Parameter]) -> dict[str, Any]:
        size, gradient, moved = (
            self._norm(kept, weights) for kept in (self._weights, self._gradients, self._updates)
        )
        update = moved / size if moved is not None and size else None
        return {"weights": size, "weight_gradient": gradient, "update": update}

    def _norm(self, kept: Mapping[nn.Parameter, Kept], of: Sequence[nn.Parameter]) -> float | None:
        """The common norm of those that were measured; None where none was."""
        norms = [self._gathered.read(kept[one]) for one in of if one in kept]
        return math.sqrt(sum(norm * norm for norm in norms)) if norms else None

    def _input_probe(self) -> InputProbe | None:
        if self._inputs is None:
            return None
        shape, kept = self._inputs
        return InputProbe(
            shape=shape, **{name: self._gathered.read(number) for name, number in kept.items()}
        )


def _norms(tensors: Sequence[Tensor]) -> Sequence[Tensor]:
    """The Euclidean norm of each."""
    filled = [tensor.detach() for tensor in tensors]
    return torch._foreach_norm(filled) if filled else []


def _dense(gradient: Tensor) -> Tensor:
    """Of a sparse gradient its values, which its norm depends on."""
    return gradient.coalesce().values() if gradient.is_sparse else gradient
