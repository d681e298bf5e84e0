"""Samples of every kind of data, pictures of one's own, and what a network makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import TensorDataset

from workbench.debugging import inputs, judging, mistakes
from workbench.debugging.own_pictures import PictureData, as_input, opened
from workbench.debugging.samples import Samples, kind_of
from workbench.debugging.subject import Subject
from workbench.errors import UsageError, WorkbenchError
from workbench.figures.data import Bars, Curves, ImageGrid, Matrix, Text
from workbench.training import Data, Tensors
from workbench.training.data import Source

CPU = torch.device("cpu")
X, Y = torch.arange(20.0).reshape(10, 2), torch.arange(10)


class _Graph(NamedTuple):
    features: Tensor
    edges: Tensor


def _samples(source: Source, **more: Any) -> Samples:
    return Samples(Data(None, source, **more), CPU, 0)


@pytest.mark.parametrize(
    "source",
    [
        Tensors(X, Y),
        TensorDataset(X, Y),
        [(X[:4], Y[:4]), (X[4:8], Y[4:8]), (X[8:], Y[8:])],
        iter([(X[:4], Y[:4]), (X[4:], Y[4:])]),
    ],
    ids=["tensors", "data set", "batches", "iterator"],
)
def test_a_sample_is_a_batch_of_one_by_its_number(source: Source) -> None:
    samples = _samples(source)
    assert (len(samples), samples.split) == (10, "validation")
    for index in (0, 5, 9):
        x, y = samples.at(index).batch
        assert torch.equal(x, X[index : index + 1])
        assert y.tolist() == [index]
    with pytest.raises(UsageError, match="there is no sample 10"):
        samples.at(10)
    whole = list(samples.batches(4))
    assert torch.equal(torch.cat([batch[0] for _, batch in whole]), X)
    assert [first for first, _ in whole][1] == 4


def test_transform_is_applied_and_the_split_is_the_first_that_there_is() -> None:
    samples = _samples(Tensors(X), transform=lambda batch: (batch[0] * 2,))
    assert torch.equal(samples.at(3).batch[0], 2 * X[3:4])
    assert Samples(Data(Tensors(X)), CPU, 0).split == "train"
    assert Samples(Data(Tensors(X), test=Tensors(X)), CPU, 0).split == "test"
    nothing = Samples(Data(steps_per_epoch=3), CPU, 0)
    with pytest.raises(WorkbenchError, match="no samples"):
        nothing.at(0)


def test_a_graph_is_one_sample_that_is_not_cut() -> None:
    graph = _Graph(X, torch.zeros(2, 5, dtype=torch.long))
    samples = _samples([(graph, "train")])
    assert len(samples) == 1
    assert kind_of(samples.at(0)) == "graph"
    assert torch.equal(samples.at(0).batch[0].features, X)
    figure = inputs.drawn(samples.at(0), (0, 1))
    assert isinstance(figure, Text)
    assert "0.features: 10 x 2 (float32)" in figure.text


@pytest.mark.parametrize(
    ("x", "kind", "figure"),
    [
        (torch.rand(1, 3, 4, 5), "picture", ImageGrid),
        (torch.rand(1, 30, 3), "series", Curves),
        (torch.rand(1, 30, 9), "series", Matrix),
        (torch.tensor([[5, 6, 7]]), "tokens", Text),
        (torch.rand(1, 6), "numbers", Bars),
        (torch.rand(1, 100), "numbers", Matrix),
    ],
)
def test_inputs_are_drawn_as_what_they_are(x: Tensor, kind: str, figure: type) -> None:
    one = _samples(Tensors(x)).at(0)
    assert kind_of(one) == kind
    assert isinstance(inputs.drawn(one, (0, 1)), figure)


@pytest.mark.parametrize(
    ("pictures", "white"),
    [
        (torch.tensor([0, 255], dtype=torch.uint8), 255),
        (torch.tensor([0.0, 1.0]), 1),
        (torch.tensor([-1.0, 1.0]), 1),
        (torch.tensor([0.0, 255.0]), 255),
    ],
    ids=["bytes", "0 to 1", "-1 to 1", "0 to 255"],
)
def test_an_own_picture_gets_the_range_of_the_recipes(pictures: Tensor, white: float) -> None:
    like = PictureData.of(pictures[None, None, None].expand(4, 1, 3, 2))
    made, _ = as_input(Image.new("RGB", (8, 6), (255, 255, 255)), like)
    assert made.shape == (1, 1, 3, 2)
    assert made.dtype == pictures.dtype
    assert made.unique().tolist() == [white]


def test_an_own_picture_for_normalised_data_gets_their_mean_and_spread() -> None:
    like = PictureData.of(3 * torch.randn(50, 3, 8, 8) + 5)
    noise = torch.randint(0, 256, (8, 8, 3), dtype=torch.uint8).numpy()
    made, notes = as_input(Image.fromarray(noise), like)
    assert torch.allclose(made.mean((0, 2, 3)), like.mean.flatten().float(), atol=1e-4)
    assert torch.allclose(made.std((0, 2, 3)), like.spread.flatten().float(), atol=1e-4)
    assert "mean and spread" in notes[-1]


def test_an_own_picture_is_turned_upright_keeps_its_16_bits_and_lies_on_white(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # by a quarter
    Image.new("RGB", (30, 10)).save(tmp_path / "turned.jpg", exif=turned)
    assert opened(tmp_path / "turned.jpg").size == (10, 30)
    levels = np.array([[0, 32_768], [49_152, 65_535]], dtype=np.uint16)
    Image.fromarray(levels).save(tmp_path / "deep.png")
    like = PictureData.of(
        torch.tensor([0, 255], dtype=torch.uint8)[None, None, None].expand(4, 1, 2, 2)
    )
    made, _ = as_input(opened(tmp_path / "deep.png"), like)
    assert made.flatten().tolist() == [0, 127, 191, 255]
    made, _ = as_input(Image.new("RGBA", (2, 2), (0, 0, 0, 0)), like)
    assert made.unique().tolist() == [255]


def test_files_that_are_no_pictures_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "a.png"
    text.write_text("no picture")
    with pytest.raises(UsageError, match="cannot be read as a picture"):
        opened(text)
    whole = tmp_path / "b.png"
    Image.effect_noise((64, 64), 50).save(whole)
    whole.write_bytes(whole.read_bytes()[:900])
    with pytest.raises(UsageError, match="cannot be read as a picture"):
        opened(whole)
    Image.new("1", (10_000, 10_000)).save(tmp_path / "c.png")
    with pytest.raises(UsageError, match="is too large: more than"):
        opened(tmp_path / "c.png")


def test_answers_are_judged_as_logits_probabilities_one_logit_or_numbers() -> None:
    x, batch = torch.rand(1, 3), (torch.rand(1, 3), torch.tensor([1]))
    logits = judging.judged(torch.tensor([[0.0, 2.0, 1.0]]), batch, ["a", "b", "c"])
    assert (logits.true, logits.predicted) == (1, 1)
    assert logits.sure == pytest.approx(0.665, abs=1e-3)
    shares = judging.judged(torch.tensor([[0.7, 0.2, 0.1]]), batch, ())
    assert shares.sure == pytest.approx(0.7)
    single = judging.judged(torch.tensor([2.0]), batch, ())
    assert (single.predicted, single.sure) == (1, pytest.approx(0.881, abs=1e-3))
    assert judging.judged(torch.tensor([[0.3, 4.0]]), (x, torch.tensor([0.5])), ()).predicted == -1
    assert judging.in_words(torch.arange(9.0)) == "0, 1, 2, 3, 4, 5, … (9)"
    assert judging.class_name(7, ["a"]) == "7"


def test_mistakes_are_those_by_hand_and_the_surest_come_first(pictures: Subject) -> None:
    found = mistakes.most_confident(pictures.recipe, pictures.samples, 2, lambda: None)
    images, labels = pictures.samples._source.batch(0, 40)
    with torch.no_grad():
        shares = pictures.recipe.net(images).softmax(1)
    sure, guesses = shares.max(1)
    wrong = (guesses != labels).nonzero()[:, 0].tolist()
    assert (found.wrong, found.looked_at) == (len(wrong), 40)
    assert 0 < len(wrong) < 40
    by_hand = sorted(wrong, key=lambda index: -float(sure[index]))
    assert [one.index for one in found.mistakes] == by_hand
    first = found.mistakes[0]
    assert (first.true, first.predicted) == (int(labels[first.index]), int(guesses[first.index]))
