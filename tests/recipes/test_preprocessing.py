from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.functional import to_tensor

from recipes.images import preprocessing
from tests.recipes.shown import rows, shown
from workbench.figures import data
from workbench.runs.events import Finished
from workbench.runs.history import History

Train = Callable[..., History]
SEVEN = [
    "Resize",
    "CenterCrop",
    "Grayscale",
    "RandomRotation",
    "RandomVerticalFlip",
    "ToTensor",
    "Normalize",
]


def test_a_short_training_tells_what_each_augmentation_gains(train: Train) -> None:
    history = train("images/preprocessing", epochs=3, each=5, dataset="digits")
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    told = {str(row[0]): row[1:] for row in rows(history, "gain")}
    plain = results["test/accuracy/none"]
    assert told["none"] == [pytest.approx(plain), 0]
    assert results["test/accuracy"] == results["test/accuracy/RandomAffine"]
    assert results["gain"] == pytest.approx(results["test/accuracy"] - plain)
    assert told["RandomVerticalFlip"][1] == pytest.approx(
        results["test/accuracy/RandomVerticalFlip"] - plain
    )
    assert results["to tensor/difference"] < 1e-7  # a division here, a multiplication there
    assert [*shown(history, "before and after", data.ImageGrid).captions] == ["before", *SEVEN]
    assert len(shown(history, "learned from", data.ImageGrid).images) == 5 * len(told)


def test_steps_lead_from_bytes_to_mean_0_and_spread_1() -> None:
    picture = torch.randint(256, (3, 150, 200), dtype=torch.uint8)
    found = {str(row[0]): row[1:] for row in preprocessing.steps(picture).rows}
    assert [*found] == ["as loaded", *SEVEN]
    assert found["as loaded"][:2] == ["3 x 150 x 200", "uint8"]
    assert found["Resize"][0] == "3 x 120 x 160" and found["CenterCrop"][0] == "3 x 96 x 96"
    assert found["ToTensor"][1] == "float32" and float(str(found["ToTensor"][3])) <= 1


def test_before_and_after_shows_what_each_does() -> None:
    picture = torch.randint(256, (3, 120, 120), dtype=torch.uint8)
    grid = preprocessing.before_and_after(picture)
    pixels = {
        caption: np.frombuffer(image.pixels, np.uint8).reshape(
            image.height, image.width, image.channels
        )
        for caption, image in zip(grid.captions, grid.images, strict=True)
    }
    assert np.array_equal(pixels["RandomVerticalFlip"], pixels["before"][::-1])
    assert np.array_equal(pixels["CenterCrop"], pixels["before"][12:108, 12:108])
    assert np.ptp(pixels["Grayscale"], axis=2).max() == 0
    assert np.abs(pixels["ToTensor"].astype(int) - pixels["before"]).max() <= 1


def test_as_tensor_is_to_tensor() -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8))
    assert torch.allclose(preprocessing.as_tensor(picture), to_tensor(picture), rtol=0, atol=1e-7)


def test_what_is_learned_from_has_that_many_of_each_class_and_mean_0() -> None:
    recipe = preprocessing.Preprocessing(
        preprocessing.Preprocessing.Params(each=7, dataset="digits"), seed=0
    )
    recipe.data()
    assert torch.bincount(recipe.small.labels).tolist() == [7] * 10
    normalised = recipe.normalise(recipe.small.images)
    assert float(normalised.mean()) == pytest.approx(0, abs=1e-4)
    assert float(normalised.std()) == pytest.approx(1, abs=1e-4)


def test_each_picture_of_a_batch_has_its_own_draw() -> None:
    image = torch.arange(144, dtype=torch.uint8).reshape(1, 12, 12)
    for way, transform in preprocessing.augmentations(12).items():
        draws = torch.stack([transform(image) for _ in range(20)])
        assert (len(draws.unique(dim=0)) > 1) == (way != "none"), way
