"""Receptive fields, against published ones and against the gradients that there are."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import densenet, resnet, vgg
from torchvision.models.googlenet import Inception

from workbench.debugging.layers import recorded_layers

from .reference import measured_fields, positive

N, C = 1, 1  # samples and channels, of which a field knows nothing


def fields(net: nn.Module, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Of the last call of each module."""
    with recorded_layers(net) as layers, torch.no_grad():
        net(torch.ones(shape, dtype=next(net.parameters()).dtype))
    return {layer.name: layer.field for layer in layers}


def windows_of(net: nn.Module) -> list[str]:
    kinds = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
    return [name for name, module in net.named_modules() if isinstance(module, kinds)]


def narrow(net: nn.Module, channels: int) -> nn.Module:
    """The same network with few channels everywhere, which changes no field."""
    for name, module in list(net.named_modules()):
        if isinstance(module, nn.Conv2d):
            before = module.in_channels if module.in_channels == 3 else channels
            sizes = (module.kernel_size, module.stride, module.padding)
            net.set_submodule(name, nn.Conv2d(before, channels, *sizes, bias=False))
        elif isinstance(module, nn.BatchNorm2d):
            net.set_submodule(name, nn.BatchNorm2d(channels))
        elif isinstance(module, nn.Linear):
            net.set_submodule(name, nn.Linear(channels, 1))
    return net


def test_resnet_18_sees_435_pixels_and_each_of_its_windows_what_its_gradient_says() -> None:
    net = positive(narrow(resnet.resnet18(), 2))
    shape = (N, 3, 544, 33)  # the field is taller than 435; wide it need not be
    told = fields(net, shape)
    assert told["layer4.1.bn2"] == (435, 435)
    names = windows_of(net)
    measured = measured_fields(net, shape, names, axes=2)
    assert len(names) == 21
    assert {name: told[name][0] for name in names} == {name: measured[name][0] for name in names}


def test_vgg_16_sees_212_pixels_at_its_last_pool_and_404_behind_it() -> None:
    widths = [2 if isinstance(width, int) else width for width in vgg.cfgs["D"]]
    net = positive(nn.Sequential(vgg.make_layers(widths), nn.Flatten(), nn.Linear(2 * 7 * 7, 1)))
    told = fields(net, (N, 3, 224, 224))
    assert (told["0.30"], told["2"]) == ((212, 212), (404, 404))
    names = [name for name in windows_of(net) if name in {"0.2", "0.4", "0.9", "0.16", "0.30"}]
    measured = measured_fields(net, (N, 3, 224, 224), names, axes=2)
    assert measured == {name: told[name] for name in names}


def test_densenet_121_sees_2071_pixels() -> None:
    net = densenet.DenseNet(2, (6, 12, 24, 16), num_init_features=4, bn_size=1, num_classes=2)
    shape = (N, 3, 2304, 32)
    told = fields(positive(net), shape)
    last = "features.denseblock4.denselayer16.conv2"
    names = ["features.denseblock1.denselayer6.conv2", "features.transition3.pool", last]
    assert told[last] == (2071, 2071)
    measured = measured_fields(net, shape, names, axes=2)
    assert [told[name][0] for name in names] == [measured[name][0] for name in names]


def test_an_inception_block_sees_what_its_widest_branch_does() -> None:
    block = Inception(2, 2, 2, 2, 2, 2, 2)
    net = positive(nn.Sequential(nn.Conv2d(3, 2, 3, stride=2), block, nn.Conv2d(8, 2, 1)))
    told = fields(net, (N, 3, 41, 41))
    measured = measured_fields(net, (N, 3, 41, 41), windows_of(net), axes=2)
    assert measured == {name: told[name] for name in measured}
    assert told["2"] == (7, 7)


class Skip(nn.Module):
    """A level of a U-Net: scaled down, up again, and added to what stayed."""

    def __init__(self, inside: nn.Module, up: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.before, self.after = nn.Conv2d(C, C, 3, padding=1), nn.Conv2d(2 * C, C, 3, padding=1)
        self.pool, self.inside, self.up = nn.MaxPool2d(2), inside, up()

    def forward(self, given: Tensor) -> Tensor:
        kept = F.relu(self.before(given), inplace=True)  # (N, C, H, W)
        deep = self.up(self.inside(self.pool(kept)))  # (N, C, H, W)
        return self.after(torch.cat([kept, deep], dim=1))  # (N, C, H, W)


UPS: dict[str, Callable[[], nn.Module]] = {
    "transposed": lambda: nn.ConvTranspose2d(C, C, 2, stride=2),
    "overlapping": lambda: nn.ConvTranspose2d(C, C, 4, stride=2, padding=1),
    "nearest": lambda: nn.Upsample(scale_factor=2),
    "bilinear": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    "shuffled": lambda: nn.Sequential(nn.Conv2d(C, 4 * C, 1), nn.PixelShuffle(2)),
}


@pytest.mark.parametrize("up", UPS)
def test_a_u_net_sees_what_its_gradient_says(up: str) -> None:
    def middle() -> nn.Module:
        return nn.Sequential(nn.Conv2d(C, C, 3, padding=1), nn.Conv2d(C, C, 3, padding=1))

    net = positive(nn.Sequential(Skip(Skip(middle(), UPS[up]), UPS[up]), nn.Conv2d(C, C, 1)))
    told = fields(net, (N, C, 96, 96))
    names = ["0.inside.after", "0.up", "0.after", "1"]
    names = [name for name in names if told.get(name)]
    measured = measured_fields(net, (N, C, 96, 96), names, axes=2)
    assert len(measured) >= 3
    assert measured == {name: told[name] for name in names}


def _window(draw: random.Random) -> nn.Module:
    window, stride = draw.choice([1, 2, 3, 5]), draw.choice([1, 1, 2, 3])
    dilation = draw.choice([1, 1, 2])
    padding = draw.randrange(dilation * (window - 1) // 2 + 1)
    if draw.random() < 0.5:
        return nn.AvgPool1d(window, stride, min(padding, window // 2))
    return nn.Conv1d(C, C, window, stride, padding, dilation)


def _scaling_up(draw: random.Random) -> nn.Module:
    window, stride = draw.choice([1, 2, 3, 4, 5]), draw.choice([2, 3])
    transposed = nn.ConvTranspose1d(C, C, window, stride, draw.randrange((window - 1) // 2 + 1))
    mode = draw.choice(["nearest", "linear"])
    return draw.choice([transposed, nn.Upsample(scale_factor=stride, mode=mode)])


def test_networks_drawn_at_random_see_what_their_gradients_say_or_tell_nothing() -> None:
    compared = 0
    for seed in range(40):
        draw = random.Random(seed)
        many = [draw.randrange(1, 4), draw.randrange(3), draw.randrange(2)]
        parts = [
            make(draw)
            for make, times in zip([_window, _scaling_up, _window], many, strict=True)
            for _ in range(times)
        ]
        net = positive(nn.Sequential(*parts, nn.Conv1d(C, C, 3, padding=1)))
        last = str(len(parts))
        told = fields(net, (N, C, 200))[last]
        if told:
            compared += 1
            assert measured_fields(net, (N, C, 200), [last], axes=1)[last] == told, (seed, net)
    assert compared >= 25


class Functional(nn.Module):
    """Windows between modules, slices, views, and a part that is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(C, C, 3, padding=1)
        self.last = nn.Conv2d(C, C, 1)

    def forward(self, given: Tensor) -> dict[str, Tensor]:
        once = F.avg_pool2d(self.conv(given), 2)  # (N, C, H/2, W/2)
        twice = self.conv(once)[:, :, 1::2].transpose(2, 3)  # (N, C, W/2, H/4)
        flat = twice.contiguous().view(N, C, -1).view(twice.shape)
        return {"out": self.last(flat.transpose(2, 3).mul_(2) + 1)}


def test_what_happens_between_modules_counts() -> None:
    net = positive(Functional())
    told = fields(net, (N, C, 48, 64))
    assert told["last"] == (8, 8)
    assert measured_fields(net, (N, C, 48, 64), ["last"], axes=2)["last"] == (8, 8)


def test_axes_that_differ_are_told_one_by_one_with_their_jumps() -> None:
    net = nn.Sequential(
        nn.Conv2d(3, 4, (3, 5), stride=(2, 1), dilation=(1, 2), padding=(1, 4)),
        nn.MaxPool2d((1, 3), stride=(1, 3), ceil_mode=True),
        nn.ConvTranspose2d(4, 2, 2, stride=2),
    )
    with recorded_layers(net) as layers:
        net(torch.zeros(N, 3, 20, 31))
    assert [layer.field for layer in layers] == [(3, 9), (3, 11), (3, 11)]
    assert [layer.jump for layer in layers] == [(2, 1), (2, 3), (1, 1.5)]


class PatchAttention(nn.Module):
    """Patches that attend to each other, with a token of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, stride=4)
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 2)

    def forward(self, given: Tensor) -> Tensor:
        patches = self.patches(given).flatten(2).transpose(1, 2)  # (N, T, D)
        tokens = torch.cat([self.token.expand(len(given), -1, -1), patches], dim=1)  # (N, 1 + T, D)
        attended = tokens + self.attention(tokens, tokens, tokens, need_weights=False)[0]
        return self.head(attended[:, 0])  # (N, 2)


def test_a_patch_sees_itself_and_behind_attention_all_of_the_picture() -> None:
    told = fields(PatchAttention(), (2, 3, 16, 24))
    assert told == {"patches": (4, 4), "attention": (16, 24), "head": (16, 24), "": (16, 24)}


class Words(nn.Module):
    """Windows over words, and the greatest over all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.conv, self.head = (
            nn.Embedding(9, 4),
            nn.Conv1d(4, 6, 3, dilation=2),
            nn.Linear(6, 2),
        )

    def forward(self, indices: Tensor) -> Tensor:
        vectors = self.words(indices).transpose(1, 2)  # (N, D, T)
        return self.head(F.relu(self.conv(vectors)).amax(dim=2))  # (N, 2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_field_over_words_counts_words_in_any_precision(dtype: torch.dtype) -> None:
    with (
        recorded_layers(net := Words()) as layers,
        torch.autocast("cpu", dtype, dtype != torch.float32),
    ):
        net(torch.zeros(2, 11, dtype=torch.long))
    assert [(layer.name, layer.field) for layer in layers] == [
        ("words", ()),  # no window has come yet
        ("conv", (5,)),
        ("head", (11,)),
    ]


class _Rolled(nn.Module):
    def forward(self, given: Tensor) -> Tensor:
        return torch.roll(given, 1, dims=2)


class _Kept(nn.Module):
    """Uses what an earlier call of the network left."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.kept = nn.Conv1d(C, C, 3, padding=1), torch.zeros(N, C, 20)

    def forward(self, given: Tensor) -> Tensor:
        now = self.conv(given + self.kept)
        self.kept = now
        return now


def test_what_is_not_known_is_not_told() -> None:
    rolled = nn.Sequential(nn.Conv1d(C, C, 3), _Rolled(), nn.Conv1d(C, C, 3))
    assert fields(rolled, (N, C, 20)) == {"0": (3,), "1": (), "2": ()}
    kept = _Kept()
    with recorded_layers(kept) as layers:
        kept(torch.zeros(N, C, 20))
        kept(torch.zeros(N, C, 20))
    assert [layer.field for layer in layers] == [(3,), ()]


def test_what_slides_no_window_has_no_field() -> None:
    dense = nn.Sequential(nn.Linear(4, 8), nn.ReLU(inplace=True), nn.LayerNorm(8), nn.Linear(8, 2))
    assert set(fields(dense, (3, 4)).values()) == {()}
    assert set(fields(nn.LSTM(4, 3, batch_first=True), (2, 5, 4)).values()) == {()}
    encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    assert set(fields(encoder, (2, 5, 8)).values()) == {()}
