"""Style transfer: one picture painted in the manner of another, by gradient descent on its pixels.

The picture itself is the parameter, and there is no data. A trained network, which does not learn,
looks at it: its deep features should stay those of the content picture (content loss), and the
correlations of its features at several depths, the Gram matrices, should become those of the style
picture (style loss). Both losses are relative to what they compare with, so one weight between them
suits every network. A third, the total variation, keeps neighbouring pixels alike.

The network is VGG19 or VGG16 where their weights are in a file of yours or in torch.hub's cache, else
EfficientNet-Lite0, whose weights come installed. `network=vgg19` downloads 550 MB where they are not
there, and takes about five times as long a step.

Data: an astronaut, a cat, coffee, bricks and others that come with scikit-image, or two files of yours.
Result: the loss falls 14-fold; the astronaut is painted with the strokes of a stained tissue.
Time: 20 s on two CPU cores, less on a GPU.
Look at: the figure `picture`, which grows from step to step; `train/content` rising while `train/style`
falls; `gram of the picture` becoming `gram of the style`.
Then try: `content=chelsea style=brick style_weight=5`; `start=noise style_weight=2`; and as the
original does it, `optimizer=lbfgs lr=1 epochs=4 show_every=5`: the loss falls 20-fold in 20 steps, each
of which looks at the picture up to 25 times.
Source: L. Gatys, A. Ecker and M. Bethge, Image style transfer using convolutional neural networks,
2016.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from recipes.style import _features, _pictures
from workbench import at_least, choice, number, path, text
from workbench.figures.data import ImageGrid, Matrix
from workbench.runs.run import Run
from workbench.training import Data, Training

SHOWN_CHANNELS = 32

# Shapes: H x W pixels of the picture, C channels and h x w places of a layer's features.


class _Picture(nn.Module):
    """Pixels (1, 3, H, W) from 0 to 1, which are what is trained."""

    def __init__(self, pixels: Tensor) -> None:
        super().__init__()
        self.pixels = nn.Parameter(pixels)

    def forward(self) -> Tensor:
        return self.pixels.clone()  # so that hooks see an output, not the parameter itself


class TransferStyle(Training):
    class Params(Training.Params):
        content: str = choice(*_pictures.INSTALLED, default="astronaut", help="what is to be seen")
        content_file: str = path(help="a picture of your own in its place")
        style: str = choice(
            *_pictures.INSTALLED, default="ihc", help="how it is to look; ihc: a tissue"
        )
        style_file: str = path(help="a picture of your own in its place")
        size: int = number(144, low=16, high=4096, log=True, help="pixels of the longer side")
        network: str = choice("auto", *_features.LAYERS, help="auto: the best that is on this disk")
        weights: str = path(help="file of the network's weights, as torch.save wrote it")
        content_layers: str = text(help="names of layers, with commas; empty: the usual ones")
        style_layers: str = text(help="as above")
        style_weight: float = number(
            20.0, low=0.01, high=1e6, log=True, live=True, help="style against content"
        )
        smoothness: float = number(1.0, low=0, high=1000, live=True, help="weight of total variation")
        start: str = choice("content", "noise", help="what the picture is at first")
        show_every: int = number(10, low=1, high=10_000, log=True, help="steps an epoch, then a look")
        epochs = 20
        optimizer = "adam"
        lr = 0.02
        log_every = 5

    marks = (at_least("val/fall", 10),)

    def data(self) -> Data:
        params = self.params
        self.content = _pictures.load(params.content, params.content_file, params.size).to(self.device)
        self.style = _pictures.load(params.style, params.style_file, params.size).to(self.device)
        self.features = _features.load(
            params.network, params.weights, params.content_layers, params.style_layers
        ).to(self.device)
        with torch.no_grad():
            self.content_features = self.features(self.content)  # C x h x w by layer
            self.style_grams = self._grams(self.features(self.style))  # C x C by layer
        self._is_first_look = True
        # There is one picture, and nothing held back: an evaluation is a look at it.
        return Data(steps_per_epoch=params.show_every, validation=[None])

    def model(self) -> nn.Module:
        first = torch.rand_like(self.content) if self.params.start == "noise" else self.content
        with torch.no_grad():
            self.first_loss = self._losses(first)["loss"]  # what the fall is measured from
        return _Picture(first.clone())

    def training_step(self, batch: None) -> dict[str, Tensor]:
        return self._losses(self.net())

    def _losses(self, picture: Tensor) -> dict[str, Tensor]:
        """The loss of a picture (1, 3, H, W), and what it is made of."""
        found = self.features(picture)
        with torch.autocast(picture.device.type, enabled=False):  # sums of squares overflow fp16
            losses = {
                "content": _mean(
                    _difference(found[name], self.content_features[name])
                    for name in self.features.content
                ),
                "style": _mean(
                    _difference(gram, self.style_grams[name])
                    for name, gram in self._grams(found).items()
                ),
                "variation": _variation(picture),
            }
        loss = losses["content"] + self.params.style_weight * losses["style"]
        return {"loss": loss + self.params.smoothness * losses["variation"], **losses}

    def validation_step(self, batch: None) -> dict[str, Tensor]:
        loss = self.training_step(batch)["loss"]
        return {"loss": loss, "fall": self.first_loss / loss}

    def predict_step(self, batch: Any) -> Tensor:
        return self.net()

    @torch.no_grad()
    def after_step(self) -> None:
        self.net.pixels.clamp_(0, 1)

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        layer = self.features.style[0]
        if self._is_first_look:
            self._is_first_look = False
            run.message(f"content and style are told by features of {self.features.network}")
            run.figure("gram of the style", self._matrix("style", self.style_grams[layer]))
        picture = self.net()
        gram = self._grams(self.features(picture))[layer]
        run.figure("gram of the picture", self._matrix("picture", gram))
        run.figure(
            "picture",
            ImageGrid(
                title=f"After {run.step} steps, with features of {self.features.network}",
                images=[_bytes(one) for one in (self.content, self.style, picture)],
                captions=["content", "style", "picture so far"],
            ),
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """A resumed run goes on with its own network, even if a better one has come to this disk."""
        super().load_state_dict(state)
        if self.params.network == "auto":
            self.params.network = state["network"]

    def state_dict(self) -> dict[str, Any]:
        state = super().state_dict()
        return {**state, "network": self.features.network} if state else {}

    def _matrix(self, whose: str, gram: Tensor) -> Matrix:
        return Matrix(
            title=f"Gram matrix of the {whose} in {self.features.style[0]} of {self.features.network}",
            values=gram[:SHOWN_CHANNELS, :SHOWN_CHANNELS].tolist(),
            row_label="channel",
            column_label="channel",
        )

    def _grams(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: _gram(features[name]) for name in self.features.style}


def _gram(features: Tensor) -> Tensor:
    """How each channel goes with each other over all places: (1, C, h, w) to (C, C)."""
    by_channel = features[0].flatten(1).float()  # (C, h*w)
    return by_channel @ by_channel.T / by_channel.shape[1]


def _difference(value: Tensor, target: Tensor) -> Tensor:
    """Squared, and relative to the target's own square: 0 where they agree, 1 for a value of zeros."""
    value, target = value.float(), target.float()
    # Rectified features of a plain picture may all be 0.
    return (value - target).square().sum() / target.square().sum().clamp(min=1e-12)


def _variation(picture: Tensor) -> Tensor:
    """Mean square of the differences between neighbouring pixels, across and down."""
    across, down = picture.diff(dim=3), picture.diff(dim=2)
    return across.square().mean() + down.square().mean()


def _mean(values: Iterable[Tensor]) -> Tensor:
    return torch.stack([*values]).mean()


def _bytes(picture: Tensor) -> Any:
    """(1, 3, H, W) from 0 to 1 as (H, W, 3) from 0 to 255."""
    return (255 * picture[0]).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
