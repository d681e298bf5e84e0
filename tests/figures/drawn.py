"""Reading what a renderer drew."""

from __future__ import annotations

from unicodedata import category

from rich.cells import cell_len

from workbench.figures.cells import strip

SIZES = [(1, 1), (2, 2), (10, 3), (16, 5), (20, 8), (40, 10), (80, 24), (200, 60)]


def safe(text: str) -> bool:
    """Whether the terminal shows all of `text` and obeys none of it."""
    return not any(category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in text)


def check(lines: list[str], width: int, height: int) -> list[str]:
    """The lines without their colours, after a look that they fit and obey no foreign escape."""
    plain = [strip(line) for line in lines]
    assert len(lines) <= height
    for line in plain:
        assert cell_len(line) <= width, f"{cell_len(line)} cells in {width}: {line!r}"
        assert safe(line), repr(line)
    return plain


def dots(lines: list[str]) -> list[tuple[int, int]]:
    """(column, row from the top) of every cell that holds a part of a curve."""
    return [
        (column, row)
        for row, line in enumerate(lines)
        for column, char in enumerate(line)
        if 0x2800 < ord(char) < 0x2900 or char in "•x+o#*"
    ]
