"""How much each place of a sequence looks at each other: the weights that attention gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from workbench.debugging import grey
from workbench.debugging.capture import as_written, modules_of
from workbench.debugging.maps import Page, first_of, paged
from workbench.debugging.passes import checked_layer, predicted
from workbench.debugging.protocol import MAPS_A_PAGE
from workbench.debugging.samples import One
from workbench.errors import UsageError, WorkbenchError
from workbench.figures.data import ImageGrid, Matrix
from workbench.training.recipe import Training
from workbench.training.trees import tensors_in

SUM_SLACK = 1e-3
MOST_PLACES = 256  # of a head that is shown alone, along a side: more have no cell and no pixel
_ARGUMENTS = (
    "query",
    "key",
    "value",
    "key_padding_mask",
    "need_weights",
    "attn_mask",
    "average_attn_weights",
    "is_causal",
)


@dataclass(frozen=True)
class Attending:
    """A call of a module that attends: `weights` (heads, places that look, places looked at)."""

    name: str
    call: int
    weights: Tensor


def attending(recipe: Training, sample: One) -> list[Attending]:
    """All of a pass, in order: multi-head attention, and modules that give rows which sum to 1.

    What a network computes with `scaled_dot_product_attention` leaves no weights that could be seen.
    """
    found: list[Attending] = []
    with torch.no_grad(), _weights_seen(recipe.net, found):
        predicted(recipe, sample)
    return found


def chosen(found: list[Attending], net: nn.Module, layer: str, call: int) -> Attending:
    """The call of a layer, or the first that attends where `layer` is empty.

    Raises:
        WorkbenchError: when nothing in the network attends.
        UsageError: when that layer does not.
    """
    if layer:
        checked_layer(net, layer)
    if not found:
        raise WorkbenchError(
            "nothing in this network gives attention weights",
            "nn.MultiheadAttention does, and so does a module that returns them beside its output",
        )
    same = [one for one in found if layer in {"", one.name}]
    if not same:
        names = dict.fromkeys(one.name for one in found)
        raise UsageError(f"{layer} gives no attention weights", f"these do: {', '.join(names)}")
    if not 0 <= call < len(same):
        raise UsageError(f"{layer or 'attention'} has no call {call}", f"there are {len(same)}")
    return same[call]


def drawn(one: Attending, *, page: int, head: int) -> Page:
    """A page of heads as pictures, or the weights of one as a matrix; rows look at columns.

    Raises:
        UsageError: when there is no such page or head.
    """
    count = len(one.weights)
    if not -1 <= head < count:
        raise UsageError(f"there is no head {head}", f"there are {count}: 0 to {count - 1}")
    title = f"Attention of {one.name or 'the network'}"
    if head >= 0:
        return _one_head(one.weights, f"{title}, head {head}", head)
    first = first_of(page, count)
    shown = one.weights[first : first + MAPS_A_PAGE]
    pixels, ranges = grey.stretched(grey.smaller(shown))
    captions = [f"head {first + i}" for i in range(len(shown))]
    figure = ImageGrid(title, grey.pictures(pixels), captions)
    shape = tuple(one.weights.shape)
    return Page(figure, shape, tuple(ranges), page, paged(count), first, count)


def _one_head(heads: Tensor, title: str, head: int) -> Page:
    weights, count = heads[head], len(heads)  # (T, S)
    shown = grey.smaller(weights[None], MOST_PLACES)[0]
    notes = () if shown.shape == weights.shape else (f"of {len(weights)} places, by means",)
    figure = Matrix(title, shown.tolist(), row_label="looks", column_label="at")
    span = ((float(weights.min()), float(weights.max())),)
    at = head // MAPS_A_PAGE
    return Page(figure, tuple(heads.shape), span, at, paged(count), head, count, notes)


@contextmanager
def _weights_seen(net: nn.Module, found: list[Attending]) -> Iterator[None]:
    """Hooks that make multi-head attention give its weights, and collect what is like weights."""
    calls: dict[str, int] = {}
    handles = []

    def collect(name: str, *, of_attention: bool) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            for tensor in tensors_in(output):
                weights = _as_weights(tensor, of_attention=of_attention)
                if weights is not None:
                    number = calls.get(name, 0)
                    calls[name] = number + 1
                    found.append(Attending(name, number, weights))
                    return

        return hook

    try:
        for name, module in modules_of(net):
            heads = isinstance(module, nn.MultiheadAttention)
            if heads:
                handles.append(
                    module.register_forward_pre_hook(_asked_for_weights, with_kwargs=True, prepend=True)
                )
            handles.append(module.register_forward_hook(collect(name, of_attention=heads)))
        with as_written():
            yield
    finally:
        for handle in handles:
            handle.remove()


def _asked_for_weights(
    _module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The call of multi-head attention with which it gives the weights of each head."""
    every = {**dict(zip(_ARGUMENTS, given, strict=False)), **named}
    return (), {**every, "need_weights": True, "average_attn_weights": False}


def _as_weights(tensor: Tensor, *, of_attention: bool) -> Tensor | None:
    """(heads, T, S) of a tensor whose last dimension are shares; None of any other."""
    if tensor.dim() not in {3, 4} or not tensor.is_floating_point() or tensor.shape[-1] < 2:
        return None
    numbers = tensor.detach().cpu().float()
    sums = numbers.sum(-1)
    shares = bool((numbers >= 0).all()) and bool(((sums - 1).abs() < SUM_SLACK).all())
    if not shares or (not of_attention and tensor.shape[-2] < 2):
        return None
    return numbers.flatten(0, -3)  # (heads, T, S), or (N, T, S) of one sample
