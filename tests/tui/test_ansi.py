"""Coloured lines as strips."""

from __future__ import annotations

from workbench.tui.ansi import strip


def test_colours_are_kept_and_the_text_is_bare() -> None:
    drawn = strip("a\x1b[1;38;2;1;2;3;48;2;4;5;6mb\x1b[0mc\x1b[38;5;9md\x1b[m")
    assert drawn.text == "abcd"
    styles = [segment.style for segment in drawn]
    assert styles[0] is None
    assert styles[1] is not None
    assert styles[1].bold
    assert styles[1].color is not None
    assert styles[1].color.triplet == (1, 2, 3)
    assert styles[1].bgcolor is not None
    assert styles[1].bgcolor.triplet == (4, 5, 6)
    assert not styles[2]
    assert styles[3] is not None
    assert styles[3].color is not None
    assert styles[3].color.number == 9


def test_a_line_without_colours_is_one_segment() -> None:
    assert [segment.text for segment in strip("plain")] == ["plain"]
    assert strip("").cell_length == 0
