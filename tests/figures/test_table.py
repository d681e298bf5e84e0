from __future__ import annotations

from workbench.figures import Table, Text
from workbench.figures.terminal import draw

from .drawn import check


def test_columns_are_aligned() -> None:
    figure = Table("worst", ["name", "loss"], [["日本語", 0.5], ["cat", 12345], ["dog", None]])
    drawn = draw(figure, 40, 10, colour=False)
    assert drawn == [
        "worst",
        "name      loss",
        "──────  ──────",
        "日本語     0.5",
        "cat     12,345",
        "dog          –",
    ]


def test_wide_columns_yield_first() -> None:
    figure = Table("", ["sentence", "loss"], [["word " * 30, 0.5]])
    row = check(draw(figure, 40, 10), 40, 10)[2]
    assert "…" in row
    assert row.endswith(" 0.5")
    assert len(row) == 40


def test_rows_without_room_are_counted() -> None:
    figure = Table("t", ["n"], [[index] for index in range(100)])
    drawn = check(draw(figure, 40, 10), 40, 10)
    assert drawn[-1] == "… 94 rows more"
    assert [row.strip() for row in drawn[3:-1]] == ["0", "1", "2", "3", "4", "5"]


def test_text_breaks_at_spaces() -> None:
    drawn = draw(Text("sample", "to be or not\nto be, thatisthequestion"), 10, 10, colour=False)
    assert drawn == ["sample", "to be or", "not", "to be,", "thatistheq", "uestion"]


def test_text_without_room_is_counted() -> None:
    drawn = draw(Text("", "\n".join("abcdef")), 20, 4)
    assert drawn == ["a", "b", "c", "… 3 lines more"]
