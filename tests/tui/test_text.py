"""Texts with style."""

from __future__ import annotations

import pytest

from workbench.runs.states import State
from workbench.tui.text import bar, content, cut_middle, state_sign, state_style


def test_foreign_text_is_neither_markup_nor_escape() -> None:
    shown = content("[b]x[/b] \x1b[31m\ny")
    assert shown.plain == "[b]x[/b] ␛[31m␊y"


@pytest.mark.parametrize("width", range(3, 40))
def test_a_name_that_is_cut_keeps_its_number(width: int) -> None:
    cut = cut_middle("from_scratch-linear_regression-0007", width)
    assert len(cut) <= width
    if width >= 8:
        assert cut.endswith("-0007")


def test_a_name_that_fits_is_left_alone() -> None:
    assert cut_middle("images-cnn-0001", 15) == "images-cnn-0001"


@pytest.mark.parametrize("fraction", [-1.0, 0.0, 0.3, 1.0, 2.0])
def test_a_bar_has_its_width(fraction: float) -> None:
    assert bar(fraction, 20, "").cell_length == 20


def test_every_state_has_sign_and_colour() -> None:
    assert len({state_sign(state) for state in State}) >= len(State) - 1
    assert all(state_style(state) for state in State)
