"""What is sent to the terminal is little, and leaves it as if all had been sent."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from workbench.tui.frame import Frame

WIDTH = 12
CONSOLE = Console(color_system="truecolor", legacy_windows=False)
STYLES = [
    Style.parse(text)
    for text in (
        *("red on black", "bold blue on black", "red on white", "underline reverse red on black"),
        *("rgb(38,38,38) on rgb(255,255,255)", "rgb(39,39,39) on rgb(238,238,238)", "bold"),
    )
]

texts = st.text("ab│é日本⠁", max_size=WIDTH)
rows = st.lists(st.tuples(texts, st.sampled_from(STYLES)), min_size=1, max_size=4)


def line(parts: list[tuple[str, Style]]) -> Strip:
    strip = Strip([Segment(text, style) for text, style in parts])
    return strip.crop_extend(0, WIDTH, STYLES[0])


def whole(strips: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDTH, len(strips)))


def partly(strips: list[Strip], spans: list[tuple[int, int, int]]) -> ChopsUpdate:
    """Two widgets side by side, of 5 and 7 cells."""
    chops = [{0: strip.crop(0, 5), 5: strip.crop(5, WIDTH)} for strip in strips]
    return ChopsUpdate(chops, spans, [[5, WIDTH]] * len(strips))


def sent(frame: Frame, update: LayoutUpdate | ChopsUpdate) -> str:
    text: str = frame.through(update).render_segments(CONSOLE)
    return text


def shown(*writings: str) -> list[list[tuple[object, ...]]]:
    screen = pyte.Screen(WIDTH, 2)
    stream = pyte.Stream(screen)
    for text in writings:
        stream.feed(text.replace("\n", "\r\n"))
    return [[_seen(screen.buffer[y][x]) for x in range(WIDTH)] for y in range(2)]


def _seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    """What a person sees of a cell: of a blank no ink, unless that is its ground."""
    blank = cell.data == " " and not (cell.reverse or cell.underscore)
    return tuple(cell._replace(fg="", bold=False) if blank else cell)


@given(before=st.tuples(rows, rows), after=st.tuples(rows, rows))
def test_the_terminal_is_as_if_all_had_been_sent(
    before: tuple[list[tuple[str, Style]], ...], after: tuple[list[tuple[str, Style]], ...]
) -> None:
    old, new = [line(parts) for parts in before], [line(parts) for parts in after]
    everything = [(y, 0, WIDTH) for y in range(2)]
    frame = Frame()
    first = sent(frame, whole(old))
    changes = sent(frame, partly(new, everything))
    pieces = partly(new, everything)
    assert shown(first, changes) == shown(first, pieces.render_segments(CONSOLE))
    assert sent(frame, partly(new, everything)) == ""


def test_of_a_line_only_what_changed_is_sent() -> None:
    frame = Frame()
    sent(frame, whole([line([("step 1   end", STYLES[0])])]))
    changes = sent(frame, partly([line([("step 2   end", STYLES[0])])], [(0, 0, WIDTH)]))
    assert "2" in changes
    assert "step" not in changes
    assert "end" not in changes


def test_a_piece_is_sent_by_itself_and_what_is_beside_it_is_not_taken_for_sent() -> None:
    frame = Frame()
    sent(frame, whole([line([("aaaaaaaaaaaa", STYLES[0])])]))
    new = [line([("bbbbbbbbbbbb", STYLES[0])])]
    assert sent(frame, partly(new, [(0, 7, 9)])).count("b") == 2
    assert sent(frame, partly(new, [(0, 0, WIDTH)])).count("b") >= 10


def test_what_is_not_sent_is_not_taken_for_sent() -> None:
    frame = Frame()
    sent(frame, whole([line([("a", STYLES[0])])]))
    new = partly([line([("b", STYLES[0])])], [(0, 0, WIDTH)])
    frame.through(new)
    assert "b" in sent(frame, new)


def test_where_all_is_sent_nothing_of_before_is_believed() -> None:
    frame = Frame()
    lines = [line([("a", STYLES[0])])]
    sent(frame, whole(lines))
    assert sent(frame, whole(lines)) == whole(lines).render_segments(CONSOLE)
