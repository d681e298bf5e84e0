"""Figures are found again in the record by their places, whatever stands around them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import msgspec
import pytest

from workbench.errors import WorkbenchError
from workbench.figures.data import Text, decode, encode
from workbench.runs import events, jsonl
from workbench.runs.folder import RunFolder
from workbench.runs.history import History

Append = Callable[..., None]


def shown(step: int, text: str = "", name: str = "samples") -> events.FigureShown:
    figure = msgspec.Raw(encode(Text(f"{step}", text)))
    return events.FigureShown(time=1.0, step=step, name=name, figure=figure)


def metrics(step: int) -> events.Metrics:
    return events.Metrics(time=1.0, step=step, values={"loss": 1.0})


def test_each_is_read_where_it_stands_between_other_records(folder: RunFolder, record: Append) -> None:
    for step in range(40):
        record(metrics(step), shown(step, "like" * (step % 3)), shown(step, "like", "others"))
    with folder.events_file.open("ab") as file:
        file.write(b'{"type":"metrics","step":\n')  # its block is decoded line by line
    record(shown(40), metrics(41))
    history = History(folder).read_all()
    for name, texts in {"samples": ["", "like", "likelike"], "others": ["like"]}.items():
        for at, one in enumerate(history.figures[name][:40]):
            assert decode(one.read(folder)) == Text(f"{at}", texts[at % len(texts)])
    assert decode(history.figures["samples"][40].read(folder)) == Text("40", "")


def test_a_record_of_many_blocks_read_as_it_grows(folder: RunFolder, record: Append) -> None:
    history = History(folder)
    for step in range(150):
        record(shown(step, chr(97 + step % 26) * 15_000), metrics(step))
        if step % 10 == 0:
            history.read()
    assert folder.events_file.stat().st_size > 2 * jsonl.READ_BLOCK_BYTES
    history.read_all()
    assert [decode(one.read(folder)).title for one in history.figures["samples"]] == [
        str(step) for step in range(150)
    ]


def test_thousands_of_figures_are_not_held_in_memory(folder: RunFolder, record: Append) -> None:
    for step in range(400):
        record(shown(step, "x" * 10_000))
    tracemalloc.start()
    history = History(folder).read_all()
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(history.figures["samples"]) == 400
    assert kept_bytes < 400_000 < folder.events_file.stat().st_size


def test_a_figure_of_a_file_is_read_from_below_figures_alone(folder: RunFolder, record: Append) -> None:
    folder.figures_dir.mkdir()
    (folder.figures_dir / "big-1.json").write_bytes(encode(Text("big", "")))
    for file in ("big-1.json", "big-2.json", "../run.json"):
        record(events.FigureShown(time=1.0, step=1, name="big", file=file))
    good, gone, outside = History(folder).read_all().figures["big"]
    assert decode(good.read(folder)) == Text("big", "")
    for one in (gone, outside):
        with pytest.raises(WorkbenchError, match="the figure cannot be read"):
            one.read(folder)


def test_a_record_that_was_deleted_meanwhile_says_so(folder: RunFolder, record: Append) -> None:
    record(shown(1))
    (one,) = History(folder).read_all().figures["samples"]
    folder.events_file.unlink()
    with pytest.raises(WorkbenchError, match="the figure cannot be read"):
        one.read(folder)
