"""Filters: equal to SciPy's and scikit-image's, beside what a first layer learned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from scipy import ndimage

from recipes.images import filters
from recipes.images.filters import KERNELS, Filters, filtered, gaussian
from tests.recipes.shown import rows, shown
from tests.recipes.waiting import wait_until_ended
from workbench.catalog import discover
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.runs.events import Finished
from workbench.runs.history import History
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

Train = Callable[..., History]

COLUMNS = 24


@pytest.fixture(scope="module")
def quick(standby: Standby, tmp_path_factory: pytest.TempPathFactory) -> History:
    """A small network after two epochs, shared by the tests that only read it."""
    order = Order(
        discover().find("images/filters"), {"epochs": 2, "width": 6, "size": 48}, device="cpu"
    )
    return wait_until_ended(launch.launch(order, tmp_path_factory.mktemp("quick"), standby))


def ramp() -> torch.Tensor:
    """A picture (1, 1, 24, 24) that grows lighter to the right, by 0.01 a pixel."""
    return (torch.arange(COLUMNS) / 100).expand(1, 1, COLUMNS, COLUMNS).contiguous()


def inside(response: torch.Tensor) -> torch.Tensor:
    return response[..., 2:-2, 2:-2]


@pytest.mark.parametrize("name", KERNELS)
def test_each_kernel_is_scipys_correlation(name: str) -> None:
    picture = torch.rand(2, 3, 17, 23, dtype=torch.float64)
    ours = filtered(picture, KERNELS[name])
    for image, response in zip(picture.reshape(-1, 17, 23), ours.reshape(-1, 17, 23), strict=True):
        theirs = ndimage.correlate(image.numpy(), KERNELS[name].double().numpy(), mode="mirror")
        assert np.abs(response.numpy() - theirs).max() < 1e-12


def test_kernels_do_what_their_names_say_on_a_ramp() -> None:
    responses = {name: inside(filtered(ramp(), kernel)) for name, kernel in KERNELS.items()}
    even = {name: response.mean().item() for name, response in responses.items()}
    assert even["edges across (Sobel)"] == pytest.approx(8 * 0.01, abs=1e-5)
    assert even["edges down (Sobel)"] == pytest.approx(0, abs=1e-5)
    assert even["edges all round (Laplace)"] == pytest.approx(0, abs=1e-5)
    for name in ("blur (mean)", "blur (Gauss)", "sharpen"):
        assert torch.allclose(responses[name], inside(ramp()), atol=1e-5), name
    assert even["emboss"] > inside(ramp()).mean()  # lit from the one side


def test_a_gaussian_keeps_the_light_and_falls_off_with_the_distance() -> None:
    kernel = gaussian(5, 1.0)
    assert kernel.sum().item() == pytest.approx(1)
    assert kernel[2, 2] > kernel[2, 1] > kernel[1, 1] > kernel[0, 0]


@pytest.mark.parametrize(
    ("family", "kernel"),
    [
        ("blur", gaussian(5, filters.WIDE)),
        ("edge", F.pad(KERNELS["edges across (Sobel)"], [1] * 4)),
        ("edge", F.pad(KERNELS["edges down (Sobel)"], [1] * 4)),
        ("line or spot", F.pad(KERNELS["edges all round (Laplace)"], [1] * 4)),
    ],
)
def test_kernels_by_hand_are_of_their_families(family: str, kernel: torch.Tensor) -> None:
    shares = filters._shares(kernel)
    assert max(shares, key=lambda name: shares[name]) == family
    assert sum(shares.values()) <= 1 + 1e-9


def test_shares_do_not_depend_on_the_direction_of_an_edge() -> None:
    places = torch.arange(7) - 3.0
    blob = gaussian(7, filters.WIDE)
    for angle in torch.linspace(0, 3, 5):
        slope = places[None] * angle.cos() + places[:, None] * angle.sin()
        assert filters._shares(slope * blob)["edge"] == pytest.approx(1, abs=1e-6)


def test_it_learns_and_records_that_nothing_differs(quick: History) -> None:
    assert isinstance(quick.ended, Finished)
    assert quick.series["test/accuracy"].last >= 0.85
    assert quick.series["difference"].last < 1e-6
    assert 0 < quick.series["by hand/untrained"].last < 1
    assert 0 < quick.series["by hand/learned"].last < 1


def test_the_table_of_differences_has_every_kernel(quick: History) -> None:
    found = rows(quick, "equal")
    assert [row[0] for row in found] == [*KERNELS]
    assert all(isinstance(row[1], float) and row[1] < 1e-6 for row in found)
    assert sum(row[2] is not None for row in found) == 4


def test_pictures_of_kernels_and_of_what_they_give(quick: History) -> None:
    assert [*shown(quick, "by hand", data.ImageGrid).captions] == ["as it is", *KERNELS]
    learned = [f"kernel {index}" for index in range(6)]
    assert [*shown(quick, "learned", data.ImageGrid).captions] == ["as it is", *learned]
    assert [*shown(quick, "kernels by hand", data.ImageGrid).captions] == [*KERNELS]
    drawn = shown(quick, "kernels", data.ImageGrid)
    assert [*drawn.captions] == learned
    assert {(one.height, one.width) for one in drawn.images} == {(40, 40)}
    assert len(quick.figures["kernels"]) == 3  # after each epoch, and of the best weights
    assert [row[0] for row in rows(quick, "made of")] == learned


def test_a_picture_of_your_own_takes_the_place(train: Train, tmp_path: Path) -> None:
    file = tmp_path / "mine.png"
    Image.new("RGB", (60, 30), (200, 10, 10)).save(file)
    history = train("images/filters", file=str(file), size=40, epochs=1, width=2)
    assert isinstance(history.ended, Finished)
    picture = shown(history, "by hand", data.ImageGrid).images[0]
    assert (picture.height, picture.width) == (20, 40)


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({"file": "no_picture.png"}, "no file"),
        ({"file": __file__}, "cannot be read as a picture"),
        ({"side": 4}, "side=4 has no pixel in its middle"),
        ({"dataset": "folder", "folder": "nowhere"}, "there is no folder"),
    ],
)
def test_what_cannot_be_used_is_refused(values: dict[str, object], title: str) -> None:
    with pytest.raises(WorkbenchError, match=title):
        Filters(Filters.Params(**values)).data()
