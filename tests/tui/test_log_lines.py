"""The lines of a log that are held, and the search among them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from workbench.tui import log_lines
from workbench.tui.log_lines import LogLines, LogSearch


@pytest.fixture
def lines() -> LogLines:
    held = LogLines()
    held.append(["… 9 MB before this are not shown", "Epoch 1", "loss 0.5", "epoch 2", "[b]loss[/b]"])
    return held


def found(search: LogSearch) -> Iterator[int]:
    """The numbers of all lines that were found, from the one that it is at."""
    first = search.current
    while search.current is not None:
        yield search.current
        search.step(1)
        if search.current == first:
            return


def looked_for(lines: LogLines, text: str, origin: int = 0) -> LogSearch:
    search = LogSearch(lines)
    search.look_for(text, origin)
    return search


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("epoch", [1, 3]),
        ("Epoch", [1]),
        ("[b]", [4]),
        ("(", []),
        (".*", []),
        ("0.5", [2]),
        ("", []),
        ("s", [0, 2, 4]),
    ],
)
def test_any_text_is_only_text_and_a_capital_makes_capitals_count(
    lines: LogLines, text: str, numbers: list[int]
) -> None:
    assert list(found(looked_for(lines, text))) == numbers


def test_the_first_from_where_one_looked_is_taken_else_the_last_before(lines: LogLines) -> None:
    assert [looked_for(lines, "epoch", origin).current for origin in (0, 2, 4)] == [1, 3, 3]


def test_going_round_in_both_directions(lines: LogLines) -> None:
    search = looked_for(lines, "s", 1)
    told = [search.told]
    for by in (1, 1, -1, -1):
        search.step(by)
        told.append(search.told)
    assert told == ["2 of 3", "3 of 3", "1 of 3", "3 of 3", "2 of 3"]
    nothing = looked_for(lines, "nobody")
    nothing.step(1)
    assert nothing.told == "not found"
    assert looked_for(lines, "").told == ""


def test_typing_on_stays_where_one_began_and_taking_back_finds_more(lines: LogLines) -> None:
    search = LogSearch(lines)
    told = []
    for text in ("e", "epoch", "epoch 2", "epoch 23", "epoch 2", "e"):
        search.look_for(text, 1)
        told.append((search.current, search.told))
    assert told[1:5] == [(1, "1 of 2"), (3, "1 of 1"), (None, "not found"), (3, "1 of 1")]
    assert told[0] == told[5]


@pytest.mark.parametrize(
    ("line", "text", "places"),
    [
        ("loss Loss loss", "loss", [(0, 4), (5, 9), (10, 14)]),
        ("loss Loss", "Loss", [(5, 9)]),
        ("aaa", "aa", [(0, 2)]),
        ("İİ loss", "LOSS".lower(), [(3, 7)]),
        ("none", "", []),
    ],
)
def test_every_place_in_a_line_is_told(line: str, text: str, places: list[tuple[int, int]]) -> None:
    assert looked_for(LogLines(), text).places(line) == places


def test_an_escape_is_looked_for_as_it_is_shown() -> None:
    lines = LogLines()
    lines.append(["␛[31mred"])
    assert looked_for(lines, "\x1b[31m").current == 0


def test_lines_that_come_are_searched_and_one_stays_where_one_is(lines: LogLines) -> None:
    search = looked_for(lines, "epoch", 3)
    assert search.told == "2 of 2"
    lines.append(["epoch 3", "more"])
    search.catch_up()
    assert (search.current, search.told) == (3, "2 of 3")
    lines.put_before(["… 8 MB before this are not shown", "epoch 0", "old"])
    search.catch_up()
    assert (search.current, search.told) == (3, "3 of 4")
    assert [lines[number] for number in found(search)] == ["epoch 2", "epoch 3", "epoch 0", "Epoch 1"]


def test_the_line_that_lines_were_missing_is_found_no_more_once_they_are_there(lines: LogLines) -> None:
    search = looked_for(lines, "not shown")
    assert search.told == "1 of 1"
    assert lines.put_before(["really the first", "second"]) == 1
    search.catch_up()
    assert search.told == "not found"
    assert lines[lines.first] == "really the first"
    assert looked_for(lines, "second").current == 0
    search = looked_for(lines, "last before")
    lines.put_before(["one", "two", "the last before"])
    search.catch_up()
    assert search.current == lines.first + 2
    assert lines[1] == "Epoch 1"


def test_what_is_found_first_later_is_where_one_is_then(lines: LogLines) -> None:
    search = looked_for(lines, "at last", 4)
    lines.append(["at last"])
    search.catch_up()
    assert search.current == 5


def test_only_so_many_lines_are_held_and_what_went_is_not_found(
    lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_lines, "MOST_LINES", 5)
    search = looked_for(lines, "epoch")
    assert search.current == 1
    assert lines.append(["a", "b"]) == 2
    assert (lines.first, lines.end, lines.cut, lines.full) == (2, 7, True, True)
    search.catch_up()
    assert (search.current, search.told) == (3, "1 of 1")


def test_only_so_many_characters_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_lines, "MOST_CHARACTERS", 10)
    lines = LogLines()
    assert lines.append(["x" * 6]) == 0
    assert lines.append(["y" * 6, "z"]) == 1
    assert list(lines.between(lines.first, lines.end)) == ["y" * 6, "z"]


def test_a_hundred_thousand_lines_are_searched_in_a_blink() -> None:
    lines = LogLines()
    lines.append(
        f"step {step} loss 0.12345 accuracy 0.98765 and some more words" for step in range(100_000)
    )
    search = LogSearch(lines)
    began = time.process_time()
    for text in ("l", "lo", "loss", "loss 0.12346", "step 99999"):
        search.look_for(text, 0)
    assert search.told == "1 of 1"
    assert time.process_time() - began < 1.0  # 0.1 s where nothing else runs
