"""Layers' outputs as figures: which numbers stand where, on which page, drawn how."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from workbench.debugging import grey, kernels, maps
from workbench.errors import UsageError
from workbench.figures.data import Bars, ImageGrid, Matrix

RAMP = torch.arange(12.0).reshape(3, 4)  # (3, 4)


def _drawn(output: torch.Tensor, module: nn.Module | None = None, **asked: int | bool) -> maps.Page:
    what = maps.arranged(output, module or nn.Identity())
    return maps.drawn(what, "title", page=int(asked.pop("page", 0)), **asked)  # type: ignore[arg-type]


def test_a_map_goes_from_black_at_its_lowest_to_white_at_its_highest_number() -> None:
    page = _drawn(torch.stack([RAMP, -2 * RAMP])[None])  # (1, 2, 3, 4)
    assert isinstance(page.figure, ImageGrid)
    first, second = page.figure.images
    assert list(first.pixels) == [round(255 * i / 11) for i in range(12)]
    assert list(second.pixels) == [round(255 - 255 * i / 11) for i in range(12)]
    assert page.ranges == ((0, 11), (-22, 0))


def test_on_one_scale_maps_can_be_compared() -> None:
    page = _drawn(torch.stack([RAMP, 2 * RAMP])[None], common=True)
    assert isinstance(page.figure, ImageGrid)
    assert page.figure.images[0].pixels[-1] == round(255 / 2)
    assert page.ranges[0] == page.ranges[1] == (0, 22)


def test_maps_of_one_number_and_those_that_are_not_finite_are_drawn() -> None:
    bad = RAMP.clone()
    bad[0, 0], bad[0, 1] = math.nan, math.inf
    page = _drawn(torch.stack([torch.zeros(3, 4), torch.full((3, 4), 7.0), bad])[None])
    assert isinstance(page.figure, ImageGrid)
    off, even, odd = page.figure.images
    assert set(off.pixels) == {0}
    assert set(even.pixels) == {128}
    assert (odd.pixels[0], odd.pixels[1], odd.pixels[-1]) == (0, 0, 255)
    assert page.ranges[2] == (2, 11)
    assert page.figure.captions == ["0 off", "1", "2"]
    assert page.notes == ("2 of its numbers are NaN or infinite",)


def test_many_maps_are_paged_and_one_is_shown_alone() -> None:
    many = torch.arange(130.0)[None, :, None, None].expand(1, 130, 2, 2)
    page = _drawn(many, page=2)
    assert isinstance(page.figure, ImageGrid)
    assert (page.pages, page.first, page.figure.captions) == (3, 128, ["128", "129"])
    alone = _drawn(many, number=70)
    assert isinstance(alone.figure, ImageGrid)
    assert (alone.page, alone.first, len(alone.figure.images)) == (1, 70, 1)
    for wrong in ({"page": 3}, {"page": -1}, {"number": 130}, {"number": -2}):
        with pytest.raises(UsageError, match="there is no"):
            _drawn(many, **wrong)


def test_large_maps_are_made_smaller_on_a_page_and_kept_whole_alone() -> None:
    large = torch.rand(1, 2, 400, 300)
    page, alone = _drawn(large), _drawn(large, number=0)
    assert isinstance(page.figure, ImageGrid)
    assert isinstance(alone.figure, ImageGrid)
    assert (page.figure.images[0].height, page.figure.images[0].width) == (128, 96)
    assert (alone.figure.images[0].height, alone.figure.images[0].width) == (400, 300)


@pytest.mark.parametrize(
    ("output", "module"),
    [
        (RAMP.T[None], nn.LSTM(3, 3, batch_first=True)),  # (1, T, F)
        (RAMP.T[:, None], nn.LSTM(3, 3)),  # (T, 1, F)
        (RAMP.T[:, None], nn.ReLU()),
    ],
)
def test_of_a_sequence_rows_are_units_and_columns_are_steps(
    output: torch.Tensor, module: nn.Module
) -> None:
    page = _drawn(output, module)
    assert isinstance(page.figure, Matrix)
    assert page.figure.values == RAMP.tolist()
    assert (page.figure.row_label, page.figure.column_label) == ("unit", "step")


def test_a_long_sequence_is_shown_by_means() -> None:
    page = _drawn(torch.arange(2048.0)[None, :, None])
    assert isinstance(page.figure, Matrix)
    assert len(page.figure.values[0]) == 512
    assert page.figure.values[0][1] == (4 + 5 + 6 + 7) / 4
    assert page.notes == ("a column is the mean of 4 steps",)


def test_few_numbers_are_bars_and_many_are_folded() -> None:
    few, many = _drawn(torch.arange(3.0)[None]), _drawn(torch.arange(100.0)[None])
    assert isinstance(few.figure, Bars)
    assert few.figure.values == [0, 1, 2]
    assert isinstance(many.figure, Matrix)
    assert many.figure.values[1][:36] == [float(i) for i in range(64, 100)]
    assert many.figure.values[1][36] is None
    assert many.figure.rows == ["0", "64"]


def test_what_has_its_channels_last_and_volumes_are_told_apart() -> None:
    last = maps.arranged(torch.rand(1, 5, 6, 7), nn.LayerNorm(7))
    assert last.numbers.shape == (7, 5, 6)
    volume = maps.arranged(torch.rand(1, 2, 9, 5, 6), nn.Conv3d(2, 2, 1))
    assert volume.numbers.shape == (2, 5, 6)
    assert volume.notes == ("slice 4 of 9",)


def test_kernels_are_coloured_over_three_channels_and_grey_one_by_one_over_others() -> None:
    first, second, linear = nn.Conv2d(3, 70, 3), nn.Conv2d(4, 2, 3), nn.Linear(600, 3)
    coloured = kernels.drawn(first, "first", 1)
    assert isinstance(coloured.figure, ImageGrid)
    assert (coloured.figure.images[0].channels, len(coloured.figure.images)) == (3, 6)
    each = kernels.drawn(second, "second", 0)
    assert isinstance(each.figure, ImageGrid)
    assert each.figure.captions == [f"{o}·{i}" for o in range(2) for i in range(4)]
    kernel = second.weight[1, 2].detach()
    assert each.ranges[6] == pytest.approx((float(kernel.min()), float(kernel.max())))
    rows = kernels.drawn(linear, "linear", 0)
    assert isinstance(rows.figure, Matrix)
    assert rows.figure.values[2][3] == pytest.approx(float(linear.weight.detach()[2, 6:8].mean()))
    recurrent = kernels.drawn(nn.GRU(2, 3), "rnn", 0)
    assert isinstance(recurrent.figure, Matrix)
    assert (recurrent.figure.title, recurrent.count) == ("weight_ih_l0 of rnn (GRU)", 9)
    with pytest.raises(UsageError, match=r"relu \(ReLU\) has no kernels"):
        kernels.drawn(nn.ReLU(), "relu", 0)


def test_a_picture_keeps_its_colours_and_a_heat_map_covers_it() -> None:
    picture = grey.picture(torch.tensor([[[0.0]], [[0.5]], [[1.0]]]), 0, 1)
    assert list(picture.pixels) == [0, 128, 255]
    covered = grey.laid_over(picture, torch.ones(1, 1))
    assert covered.pixels[0] > covered.pixels[2]  # yellow
    assert grey.picture(torch.zeros(5, 2, 2), 0, 1).channels == 1
