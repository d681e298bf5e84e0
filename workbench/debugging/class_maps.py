"""What of a picture speaks for a class: Grad-CAM on our hooks, the other two by captum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbench.catalog import install_command
from workbench.debugging.capture import Captured, capturing
from workbench.debugging.passes import Pass, checked_layer, predicted
from workbench.debugging.protocol import Method
from workbench.debugging.samples import One, kind_of
from workbench.errors import UsageError, WorkbenchError
from workbench.training.recipe import Training
from workbench.training.trees import mapped, tensors_in

STEPS = 32  # of the path from black to the picture
AT_ONCE = 16  # pictures a pass
WINDOWS = 8  # along a side, each half covered by the next


@dataclass(frozen=True)
class Attributed:
    """How much each place speaks for the class.

    Attributes:
        shares: (h, w), of the layer's size or the picture's; negative where it speaks against it.
        layer: whose maps were weighed; empty where it was the picture itself.
    """

    shares: Tensor
    layer: str = ""
    notes: tuple[str, ...] = ()


def attributed(
    recipe: Training,
    sample: One,
    method: Method,
    *,
    layer: str,
    target: int,
    still_wanted: Callable[[], None] = lambda: None,
) -> Attributed:
    """What of a sample's picture speaks for the class `target`; `layer` is whose maps Grad-CAM weighs.

    `still_wanted` is called between passes, and ends the work by raising.

    Raises:
        WorkbenchError: when the input is no picture, the answer has no classes, or captum is missing.
        UsageError: when there is no such layer or class.
    """
    refuse_what_is_no_picture(sample)
    match method:
        case "grad_cam":
            return _grad_cam(recipe, sample, layer, target)
        case "integrated_gradients":
            return _integrated_gradients(recipe, sample, target, still_wanted)
        case "occlusion":
            return _occlusion(recipe, sample, target, still_wanted)


def refuse_what_is_no_picture(sample: One) -> None:
    """Raise WorkbenchError for a sample that no map can be laid over."""
    kind = kind_of(sample)
    if kind != "picture":
        raise WorkbenchError(
            f"class maps are laid over pictures, and the inputs of this recipe are none: {kind}",
            "look at the layers' activations instead",
        )


def grad_cam(maps: Tensor, gradient: Tensor) -> Tensor:
    """Grad-CAM (R. R. Selvaraju et al., 2017): maps (C, h, w) weighed by their gradients' means.

    What speaks against the class is cut off at 0.
    """
    weights = gradient.mean((1, 2), keepdim=True)  # (C, 1, 1)
    return (weights * maps).sum(0).relu()  # (h, w)


def fitted(shares: Tensor, height: int, width: int) -> Tensor:
    """What of a map (h, w) speaks for the class, in the picture's size, from 0 to 1."""
    large = F.interpolate(shares[None, None].float(), (height, width), mode="bilinear")[0, 0].relu()
    largest = float(large.max())
    return large / largest if largest else large


def last_with_maps(made: Pass) -> str:
    """The last layer of a pass that gives maps of more than one place: the usual one for Grad-CAM.

    Raises:
        WorkbenchError: when there is none.
    """
    found = [
        call.place
        for call in made.calls
        if call.shapes and len(call.shapes[0]) == 4 and max(call.shapes[0][2:]) > 1
    ]
    if not found:
        raise WorkbenchError(
            "no layer of this network gives maps of the picture",
            "occlusion needs none: --method occlusion",
        )
    return next((place.name for place in reversed(found) if place.is_leaf), found[-1].name)


def _grad_cam(recipe: Training, sample: One, layer: str, target: int) -> Attributed:
    checked_layer(recipe.net, layer)
    with _differentiable(recipe.net), capturing(recipe.net, [layer], gradients=True) as calls:
        _score(_answer(predicted(recipe, sample)), target).backward()  # type: ignore[no-untyped-call]
    call = _with_maps(calls, layer)
    return Attributed(grad_cam(call.outputs[0][0], call.gradients[0][0]), layer)


@contextmanager
def _differentiable(net: nn.Module) -> Iterator[None]:
    """Within it gradients reach every layer, frozen ones too; nothing of them is left behind."""
    weights = [weight for weight in net.parameters() if weight.is_floating_point()]
    before = [(weight.requires_grad, weight.grad) for weight in weights]
    try:
        for weight in weights:
            weight.requires_grad_(True)
        with torch.enable_grad():
            yield
    finally:
        for weight, (needed, gradient) in zip(weights, before, strict=True):
            weight.grad = gradient
            weight.requires_grad_(needed)


def _with_maps(calls: list[Captured], layer: str) -> Captured:
    """The last call that gave maps (1, C, h, w) which the class depends on."""
    found = [
        call for call in calls if call.outputs and call.outputs[0].dim() == 4 and 0 in call.gradients
    ]
    if not found:
        raise UsageError(
            f"{layer} gives no maps (channels, height, width) that the class depends on",
            "choose a convolution, or leave out the layer: the last one that gives maps is taken",
        )
    return found[-1]


def _integrated_gradients(
    recipe: Training, sample: One, target: int, still_wanted: Callable[[], None]
) -> Attributed:
    """M. Sundararajan et al., 2017, from an input of zeros; magnitudes, summed over the channels."""
    captum = _captum()
    picture = _input(sample).float()
    answer = _answering(recipe, sample, still_wanted)
    with _differentiable(recipe.net):
        given = captum.IntegratedGradients(answer).attribute(
            picture,
            target=_checked(answer, picture, target),
            n_steps=STEPS,
            internal_batch_size=AT_ONCE,
        )
    return Attributed(given[0].detach().abs().sum(0), notes=(f"from zeros in {STEPS} steps",))


def _occlusion(
    recipe: Training, sample: One, target: int, still_wanted: Callable[[], None]
) -> Attributed:
    """M. D. Zeiler and R. Fergus, 2014: what the answer loses where a window of zeros is."""
    captum = _captum()
    picture = _input(sample).float()  # (1, C, H, W)
    answer = _answering(recipe, sample, still_wanted)
    channels, *sides = picture.shape[1:]
    window = tuple(max(side // WINDOWS, 1) for side in sides)
    strides = tuple(max(side // 2, 1) for side in window)
    with torch.no_grad():
        given = captum.Occlusion(answer).attribute(
            picture,
            sliding_window_shapes=(channels, *window),
            strides=(channels, *strides),
            target=_checked(answer, picture, target),
            perturbations_per_eval=AT_ONCE,
        )
    size = " x ".join(map(str, window))
    return Attributed(given[0].sum(0), notes=(f"windows of {size} pixels set to 0",))


def _answering(
    recipe: Training, sample: One, still_wanted: Callable[[], None]
) -> Callable[[Tensor], Tensor]:
    """The network's answer as a function of pictures (N, C, H, W)."""
    old = _input(sample)

    def answer(pictures: Tensor) -> Tensor:
        still_wanted()
        count = len(pictures)

        def changed(leaf: Any) -> Any:
            if leaf is old:
                return pictures
            repeats = isinstance(leaf, Tensor) and leaf.dim() and len(leaf) == 1
            return leaf.expand(count, *leaf.shape[1:]) if repeats else leaf

        many = One(sample.index, mapped(sample.batch, changed))
        return _answer(predicted(recipe, many))

    return answer


def _answer(answer: Any) -> Tensor:
    """(N, K) of an answer.

    Raises:
        WorkbenchError: when it is none of classes.
    """
    output = next(tensors_in(answer), None)
    if output is None or output.dim() not in {1, 2}:
        shape = "no tensor" if output is None else f"the shape {tuple(output.shape)}"
        raise WorkbenchError(
            f"the network's answer has {shape}: it tells no classes apart",
            "class maps are for networks that give a number for each class",
        )
    return output if output.dim() == 2 else output[:, None]


def _score(output: Tensor, target: int) -> Tensor:
    _refuse_class(output, target)
    score = output[0, target]
    if not score.requires_grad:
        raise WorkbenchError(
            "the answer of predict_step has no gradients",
            "leave torch.no_grad() out of predict_step: who calls it decides",
        )
    return score


def _checked(answer: Callable[[Tensor], Tensor], picture: Tensor, target: int) -> int:
    with torch.no_grad():
        _refuse_class(answer(picture), target)
    return target


def _refuse_class(output: Tensor, target: int) -> None:
    count = output.shape[1]
    if not 0 <= target < count:
        raise UsageError(f"there is no class {target}", f"there are {count}: 0 to {count - 1}")


def _input(sample: One) -> Tensor:
    picture = sample.input
    assert picture is not None  # a picture has one
    return picture


def _captum() -> Any:
    if find_spec("captum") is None:
        raise WorkbenchError(
            "integrated gradients and occlusion need captum, which is not installed",
            install_command(["captum"]),
        )
    import captum.attr  # noqa: PLC0415 - an optional part, which takes a second

    return captum.attr
