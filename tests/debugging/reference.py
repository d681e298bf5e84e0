"""Receptive fields by another way: which numbers of the input have a gradient."""

from __future__ import annotations

import torch
from torch import Tensor, nn

AROUND = 6  # places on each side of the middle: on a grid that was scaled up they see differently


def positive(net: nn.Module) -> nn.Module:
    """Ready to be measured: nothing cancels, no maximum hides a path, nothing grows beyond a float."""
    for name, module in list(net.named_modules()):
        if isinstance(module, nn.MaxPool2d):
            pool = nn.AvgPool2d(
                module.kernel_size, module.stride, module.padding, ceil_mode=module.ceil_mode
            )
            net.set_submodule(name, pool)
    with torch.no_grad():
        for weight in net.parameters():
            weight.fill_(1 / max(weight[0].numel(), 1) if weight.dim() > 1 else 1)
    return net.double().eval()


def measured_fields(
    net: nn.Module, shape: tuple[int, ...], names: list[str], axes: int
) -> dict[str, tuple[int, ...]]:
    """For the last call of each module: from the first to the last input that a place depends on."""
    given = torch.ones(shape, dtype=torch.double, requires_grad=True)
    outputs: dict[str, Tensor] = {}
    handles = [
        net.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, output, name=name: outputs.update({name: output})
        )
        for name in names
    ]
    net(given)
    for handle in handles:
        handle.remove()
    return {name: _field(outputs[name], given, axes) for name in names}


def _field(output: Tensor, given: Tensor, axes: int) -> tuple[int, ...]:
    middle = [size // 2 for size in output.shape[-axes:]]
    widest = [0] * axes
    for axis in range(axes):
        first = max(middle[axis] - AROUND, 0)
        for place in range(first, min(middle[axis] + AROUND, output.shape[axis - axes])):
            at = [*middle[:axis], place, *middle[axis + 1 :]]
            (gradient,) = torch.autograd.grad(output[(..., *at)].sum(), given, retain_graph=True)
            others = [dim for dim in range(gradient.dim()) if dim != gradient.dim() - axes + axis]
            seen = gradient.abs().sum(others).nonzero().flatten()
            if len(seen):
                widest[axis] = max(widest[axis], int(seen[-1] - seen[0]) + 1)
    return tuple(widest)
