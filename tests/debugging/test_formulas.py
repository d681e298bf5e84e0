"""Each formula's left side, worked out, gives its right side, which is the output's size."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from workbench.debugging.formulas import formula

WINDOWS: dict[str, nn.Module] = {
    "conv": nn.Conv2d(3, 4, 3, stride=2, padding=1),
    "dilated": nn.Conv2d(3, 4, (3, 5), stride=(1, 3), dilation=(2, 1), padding=(0, 2)),
    "same": nn.Conv2d(3, 4, (5, 3), padding="same", dilation=(1, 2)),
    "valid": nn.Conv2d(3, 4, 3, padding="valid"),
    "pool": nn.MaxPool2d(3, stride=2, padding=1, dilation=2),
    "ceiling": nn.MaxPool2d(2, ceil_mode=True),
    "ceiling in vain": nn.AvgPool2d(1, stride=3, padding=0, ceil_mode=True),
    "average": nn.AvgPool2d((2, 3)),
    "norm of": nn.LPPool2d(2, 2),
    "transposed": nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, dilation=(1, 2)),
    "more": nn.ConvTranspose2d(3, 4, 3, stride=(2, 3), output_padding=1),
    "padded": nn.ZeroPad2d((1, 2, 0, 3)),
    "upsampled": nn.Upsample(scale_factor=2),
}


def worked_out(text: str) -> float:
    """What a formula's left side is."""
    plain = text.replace("−", "-").replace("·", "*")
    plain = re.sub(r"⌊(.*)⌋", r"floor(\1)", plain)
    plain = re.sub(r"⌈(.*)⌉", r"ceil(\1)", plain)
    return float(eval(plain, {"floor": math.floor, "ceil": math.ceil}))


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_s_formula_gives_the_size_that_there_is(name: str) -> None:
    given = torch.zeros(2, 3, 33, 20)
    output = WINDOWS[name](given)
    parts = formula(WINDOWS[name], [given], [output]).split("; ")
    sizes = list(output.shape[2:])
    for part, size in zip(parts if len(parts) > 1 else parts * 2, sizes, strict=True):
        left, right = part.partition(",")[0].split(" = ")
        assert worked_out(left) == int(right) == size


def test_the_formula_reads_as_in_a_book() -> None:
    given = torch.zeros(1, 1, 32, 32)
    net = nn.Conv2d(1, 1, 3, stride=2, padding=1)
    assert formula(net, [given], [net(given)]) == "⌊(32 + 2·1 − 1·(3−1) − 1)/2⌋ + 1 = 16"
    net = nn.ConvTranspose2d(1, 1, 4, stride=2, padding=1)
    assert formula(net, [given], [net(given)]) == "(32−1)·2 − 2·1 + 1·(4−1) + 1 + 0 = 64"


WORDS: dict[str, tuple[nn.Module, Callable[[], Tensor], str]] = {
    "linear": (nn.Linear(6, 4), lambda: torch.zeros(2, 6), "6 → 4 in the last of 2 dimensions"),
    "embedding": (
        nn.Embedding(1000, 8),
        lambda: torch.zeros(2, 5, dtype=torch.long),
        "2x5 indices below 1,000, a vector of 8 each",
    ),
    "lstm": (
        nn.LSTM(6, 3, num_layers=2, bidirectional=True),
        lambda: torch.zeros(5, 2, 6),
        "6 → 2·3 = 6 for each step, 4 gates of 3, 2 layers",
    ),
    "adaptive": (
        nn.AdaptiveAvgPool1d(3),
        lambda: torch.zeros(1, 2, 10),
        "10 in 3 windows of 4 or fewer",
    ),
    "global": (nn.AdaptiveMaxPool2d(1), lambda: torch.zeros(1, 2, 7, 7), "7 in 1 windows of 7"),
    "flatten": (nn.Flatten(), lambda: torch.zeros(2, 4, 3, 5), "4·3·5 = 60"),
    "shuffle": (
        nn.PixelShuffle(2),
        lambda: torch.zeros(1, 8, 3, 5),
        "8/2² = 2 channels; 3·2 = 6; 5·2 = 10",
    ),
    "batch norm": (
        nn.BatchNorm2d(4),
        lambda: torch.zeros(2, 4, 3, 3),
        "4 channels, each over 2·3·3 = 18",
    ),
    "group norm": (nn.GroupNorm(2, 6), lambda: torch.zeros(2, 6, 3), "2 groups of 6/2 = 3"),
    "layer norm": (nn.LayerNorm((2, 3)), lambda: torch.zeros(4, 2, 3), "over the last 2: 2x3"),
    "activation": (nn.ReLU(), lambda: torch.zeros(2, 3), ""),
}


@pytest.mark.parametrize("name", WORDS)
def test_other_layers_say_it_in_words(name: str) -> None:
    module, make, words = WORDS[name]
    given = make()
    output = module(given)
    assert formula(module, [given], [output[0] if isinstance(output, tuple) else output]) == words
