"""What a frozen network sees in a picture: the outputs of its layers by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

from recipes.style import _weights
from recipes.style._weights import Found
from workbench.errors import WorkbenchError, unknown

# Of the pictures of ImageNet, which all three networks were trained on.
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Layers:
    """Which layers tell content and style where nothing else is asked for.

    `enlarge` is how many times larger the network gets to see the picture.
    """

    content: tuple[str, ...]
    style: tuple[str, ...]
    enlarge: int = 1


_OF_VGG = Layers(("relu4_2",), ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"))
LAYERS = {
    "vgg19": _OF_VGG,
    "vgg16": _OF_VGG,
    # Its first convolution skips every other pixel: at its own size, noise between them goes unseen.
    "efficientnet_lite0": Layers(
        ("block4",), ("stem", "block0", "block2", "block4", "block7"), enlarge=2
    ),
}


class Features(nn.Module):
    """The layers of a trained network up to the last that is wanted; none of its weights learns.

    Attributes:
        network: its name.
        content, style: names of the layers.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, network: str, stages: dict[str, nn.Module], content: str, style: str) -> None:
        super().__init__()
        default = LAYERS[network]
        self.network = network
        self.content = _chosen(content, default.content, stages)
        self.style = _chosen(style, default.style, stages)
        self._enlarge = default.enlarge
        last = max([*stages].index(name) for name in (*self.content, *self.style))
        self.stages = nn.ModuleDict(dict([*stages.items()][: last + 1]))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("spread", torch.tensor(SPREAD).view(1, 3, 1, 1))
        self.eval().requires_grad_(False)

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """Features (1, C, h, w) of each wanted layer of a picture (1, 3, H, W) from 0 to 1."""
        x = (picture - self.mean) / self.spread
        if self._enlarge > 1:
            x = F.interpolate(x, scale_factor=self._enlarge, mode="bilinear", align_corners=False)
        found = {}
        for name, stage in self.stages.items():
            x = stage(x)
            if name in self.content or name in self.style:
                found[name] = x
        return found


def load(network: str, file: str, content: str, style: str) -> Features:
    """A network by name or `auto`, with weights from `file` or where they are found.

    `content` and `style` are names of layers separated by commas, empty for the usual ones.

    Raises:
        WorkbenchError: when weights cannot be had or do not fit, or a layer is unknown.
    """
    found = _weights.choose(network, file)
    make = _efficientnet if found.network == _weights.INSTALLED else _vgg
    return Features(found.network, make(found), content, style)


def _chosen(listed: str, default: tuple[str, ...], stages: Iterable[str]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in listed.split(",") if name.strip())
    known = list(stages)
    for name in names:
        if name not in known:
            raise WorkbenchError(unknown("layer", name, known), f"there are: {', '.join(known)}")
    return names or default


def _vgg(found: Found) -> dict[str, nn.Module]:
    """The convolutional part, its layers named as in the paper; the classifier is not needed."""
    layers = make_layers(cfgs["E" if found.network == "vgg19" else "D"])
    convolutions = {k: v for k, v in found.weights.items() if k.startswith("features.")}
    _weights.fit(nn.ModuleDict({"features": layers}), found._replace(weights=convolutions))
    return dict(_named(layers))


def _named(layers: Iterable[nn.Module]) -> Iterator[tuple[str, nn.Module]]:
    block, convolution = 1, 0
    for layer in layers:
        if isinstance(layer, nn.MaxPool2d):
            yield f"pool{block}", layer
            block, convolution = block + 1, 0
        elif isinstance(layer, nn.Conv2d):
            convolution += 1
            yield f"conv{block}_{convolution}", layer
        else:
            yield f"relu{block}_{convolution}", nn.ReLU()  # theirs writes over the features before it


def _efficientnet(found: Found) -> dict[str, nn.Module]:
    net = EfficientNet.from_name(found.network.replace("_", "-"))
    _weights.fit(net, found)
    stem = nn.Sequential(net._conv_stem, net._bn0, net._swish)
    return {"stem": stem, **{f"block{i}": block for i, block in enumerate(net._blocks)}}
