from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from workbench.figures.cells import Pen, clean, cut, end_of, fit, strip, to_ascii, width

from .drawn import safe


@given(st.text())
def test_cleaned_text_is_never_wider_than_counted(text: str) -> None:
    shown = clean(text)
    assert safe(shown)
    assert cell_len(shown) <= width(shown)


@given(st.text(), st.integers(0, 12))
def test_cut_and_fit_keep_to_the_room(text: str, room: int) -> None:
    text = clean(text)
    assert width(cut(text, room)) <= room
    assert width(fit(text, room)) == room
    assert width(fit(text, room, right=True)) == room


def test_cut_says_that_something_is_missing() -> None:
    assert cut("learning rate", 9) == "learning…"
    assert cut("日本語", 5) == "日本…"
    assert cut("日本語", 2) == "…"
    assert cut("short", 5) == "short"


def test_escapes_become_visible() -> None:
    assert clean("\x1b[31mred\x07\u202e") == "␛[31mred␇�"


def test_a_line_holds_at_least_one_character() -> None:
    assert end_of("日本語", 1) == 1
    assert end_of("日本語", 4, start=1) == 3
    assert end_of("abc", 9) == 3


def test_ascii_keeps_the_width() -> None:
    assert to_ascii("│┤ 日 e\u0301 é ━") == "|+ ?? e ? -"
    assert to_ascii("└─┬") == "+-+"


@pytest.mark.parametrize("colour", [True, False])
def test_the_pen_colours_only_where_it_may(colour: bool) -> None:
    painted = Pen(colour).paint("loss", (1, 2, 3), on=(4, 5, 6), bold=True)
    assert painted == ("\x1b[1;38;2;1;2;3;48;2;4;5;6mloss\x1b[0m" if colour else "loss")
    assert strip(painted) == "loss"
