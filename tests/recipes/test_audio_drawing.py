"""Figures of sounds: low pitches below, silence a line, long sounds no larger than short ones."""

from __future__ import annotations

import torch

from recipes.audio import _drawing


def test_a_spectrum_has_low_rows_below_and_seconds_across() -> None:
    picture = torch.arange(12.0).reshape(3, 4)
    matrix = _drawing.spectrum("a", picture, ["low", "middle", "high"], "pitch", 0.5)
    assert matrix.rows == ["high", "middle", "low"]
    assert matrix.columns == ["0.00", "0.50", "1.00", "1.50"]
    assert matrix.values[-1] == [0, 1, 2, 3]
    assert _drawing.grey(picture)[-1, 0] == 0 and _drawing.grey(picture)[0, -1] == 255


def test_a_large_picture_is_thinned_with_its_names() -> None:
    matrix = _drawing.spectrum("a", torch.rand(600, 900), [str(i) for i in range(600)], "row", 1.0)
    assert matrix.rows[-2:] == ["3", "0"] and len(matrix.rows) == len(matrix.values) == 200
    assert matrix.columns[:2] == ["0.00", "4.00"] and len(matrix.columns) == 225
    assert _drawing.grey(torch.rand(600, 900)).shape == (200, 225)
    tone = torch.zeros(600, 900)
    tone[301] = 1  # one row of three stays, and it has to be this one
    assert sum(map(sum, _drawing.spectrum("a", tone, ["a"] * 600, "row", 1.0).values)) == 225


def test_a_long_wave_keeps_its_peaks() -> None:
    wave = torch.zeros(50_000)
    wave[12_345], wave[23_456] = 1, -1
    line = _drawing.waveform("a", wave, 8000).lines[0]
    assert len(line.x) <= _drawing.MOST_POINTS and 6.2 < line.x[-1] < 6.25
    assert max(line.y) == 1 and min(line.y) == -1
    assert abs(line.x[list(line.y).index(1)] - 12_345 / 8000) < 0.01


def test_a_trace_is_as_high_as_the_sound_is_loud() -> None:
    wave = torch.cat([torch.zeros(100), torch.tensor([1.0, -1.0]).repeat(50)])
    drawn = _drawing.trace(wave, 20) > 0  # (HEIGHT, 20)
    heights = drawn.sum(0)
    assert (heights[:10] <= 2).all() and (heights[:10] > 0).all()
    assert (heights[10:] == _drawing.HEIGHT).all()


def test_pictures_side_by_side_are_of_one_size() -> None:
    forms = {"many": torch.rand(120, 30), "few": torch.rand(20, 30)}
    grid = _drawing.side_by_side("a", [("bell", torch.rand(999), forms)])
    assert grid.captions == ["bell: samples", "bell: many", "bell: few"]
    assert {(one.height, one.width) for one in grid.images} == {(120, 60)}
