"""Answers of an inspecting worker in a terminal's cells."""

from __future__ import annotations

import numpy as np
import pytest
from textual.strip import Strip

from workbench.debugging.protocol import SampleView, View
from workbench.figures.data import Bars, ImageGrid
from workbench.tui import look
from workbench.tui.inspect.drawing import draw
from workbench.tui.inspect.facts import Place, Shot
from workbench.tui.inspect.words import answered

SIZES = [(80, 24), (40, 8), (200, 60), (120, 40), (20, 3)]


def grid(title: str, count: int, side: int) -> ImageGrid:
    images = np.arange(count * side * side, dtype=np.uint64).reshape(count, side, side) % 256
    return ImageGrid(title, list(images.astype(np.uint8)), [f"n{number}" for number in range(count)])


def text(shot: Shot) -> str:
    return "\n".join(strip.text for strip in shot.strips)


def place(width: int, height: int, **more: object) -> Place:
    return Place(tab="maps", width=width, height=height, **more)  # type: ignore[arg-type]


POOLED = View(
    request="maps", figure=grid("after", 4, 4), beside=grid("before", 4, 8), layer="pool", count=4
)
WRONG = SampleView(
    index=7,
    count=40,
    figure=grid("Sample", 1, 16),
    true="a [b]cat",
    predicted="dog",
    sure=0.93,
    probabilities=Bars("Probabilities", ["dog", "a [b]cat"], [0.93, 0.05]),
)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("answer", [POOLED, WRONG])
def test_nothing_is_larger_than_its_room(answer: View | SampleView, width: int, height: int) -> None:
    shot = draw(answer, place(width, height))
    assert 0 < len(shot.strips) <= max(height, 6)
    assert all(strip.cell_length <= width for strip in shot.strips)


def test_before_and_after_stand_beside_each_other() -> None:
    first = text(draw(POOLED, place(100, 20))).splitlines()[0]
    assert first.index("before") < first.index("after")
    narrow = text(draw(POOLED, place(40, 20)))
    assert narrow.index("before") < narrow.index("\n") < narrow.index("after")


def test_a_wrong_prediction_is_told_by_a_sign_and_with_probabilities() -> None:
    shown = text(draw(WRONG, place(100, 20)))
    assert "true       a [b]cat" in shown
    assert "predicted  dog   93.0% sure  ✗ wrong" in shown
    assert "Probabilities" in shown


def test_a_mistake_is_enlarged_alone() -> None:
    gallery = View(request="mistakes", figure=grid("3 wrong", 3, 8), count=3, samples=(5, 9, 2))
    assert "n0" in text(draw(gallery, place(80, 20)))
    alone = text(draw(gallery, place(80, 20, number=1)))
    assert "n1" in alone
    assert "n0" not in alone


def test_pictures_in_the_terminals_own_graphics_move_with_their_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(look, "_now", [look.Look(pictures="kitty")])
    shot = draw(POOLED, place(100, 20))
    assert len(shot.pictures) == 8
    before, after = shot.pictures[:4], shot.pictures[4:]
    assert max(one.column for one in before) < min(one.column for one in after)
    assert all(one.column + one.columns <= 100 for one in shot.pictures)


def test_without_pictures_and_colours_there_are_words_and_shades(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(look, "_now", [look.Look(colour=False, unicode=False)])
    strips: tuple[Strip, ...] = draw(POOLED, place(100, 20)).strips
    assert all(strip.text.isascii() for strip in strips)
    assert any(set(strip.text) & set(".:-=+*#%@") for strip in strips)


def test_what_is_seen_is_told_above_it() -> None:
    view = View(
        request="maps",
        figure=grid("Maps", 2, 4),
        ranges=((0.0, 1.0), (-2.0, 0.5)),
        page=1,
        pages=3,
        sample=4,
        notes=("slice 1 of 2",),
    )
    told = answered(view, place(80, 20)).plain
    assert told == (
        "each from its own lowest to highest, -2 to 1 · slice 1 of 2 · page 2 of 3 · sample 4"
    )
