"""Reading several runs at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.runs.recorder import Recorder
from workbench.tui.compare_facts import CompareView
from workbench.tui.compare_reader import CompareReader
from workbench.tui.run_facts import PlotView

Record = Callable[..., RunFolder]
CURVES = CompareView(plots=PlotView(120, 40))
RESULTS = CompareView(results=True)


def test_what_did_not_change_is_not_handed_over_again(record: Record) -> None:
    folders, reader = [ended(record), ended(record)], CompareReader()
    first = reader.read(folders, CURVES)
    assert first is not None
    assert first.drawing
    assert reader.read(folders, CURVES) is None
    recorder = Recorder(folders[1].events_file)
    recorder.metrics(61, {"train/loss": 0.5})
    recorder.close()
    after = reader.read(folders, CURVES)
    assert after is not None
    assert after.drawing != first.drawing


def test_a_colour_stays_with_its_run_and_one_without_curves_has_none(
    record: Record,
) -> None:
    some, empty, other = ended(record), ended(record), ended(record)
    empty.events_file.write_bytes(b"")
    read = CompareReader().read([some, empty, other], CURVES)
    assert read is not None
    assert [(run.letter, run.colour) for run in read.runs] == [("a", 0), ("b", None), ("c", 1)]


def test_a_deleted_run_keeps_what_was_read_of_it(record: Record) -> None:
    folders, reader = [ended(record), ended(record)], CompareReader()
    before = reader.read(folders, RESULTS)
    shutil.rmtree(folders[0].path)
    after = reader.read(folders, RESULTS)
    assert before is not None
    assert after is not None
    assert [run.gone for run in after.runs] == [True, False]
    assert after.results is before.results


def test_a_run_that_cannot_be_read_is_named_and_the_others_are_shown(record: Record) -> None:
    folders = [ended(record), ended(record)]
    folders[0].manifest_file.write_bytes(b"{")
    read = CompareReader().read(folders, CURVES)
    assert read is not None
    assert read.runs[0].fault
    assert not read.runs[1].fault
    assert read.drawing


def ended(record: Record) -> RunFolder:
    return record(events.Finished(time=9.0, step=60))
