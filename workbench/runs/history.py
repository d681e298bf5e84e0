"""All that a run recorded, read once and incrementally, with a budget for each read."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
import numpy as np

from workbench.garbage import uncollected
from workbench.runs import events, state
from workbench.runs.axis import Axis
from workbench.runs.columns import ColumnDecoder, Columns, decoder_of
from workbench.runs.folder import RunFolder
from workbench.runs.jsonl import DAMAGED, LineReader
from workbench.runs.samples import Samples
from workbench.runs.series import Series
from workbench.runs.shown import RecordedProbe, ShownFigure

READ_BUDGET_S = 0.02

_decoder: msgspec.json.Decoder[events.Event] = msgspec.json.Decoder(events.Event)
_step: Callable[[Any], int] = attrgetter("step")
_time: Callable[[Any], float] = attrgetter("time")
_values: Callable[[Any], dict[str, float | str]] = attrgetter("values")


@dataclass
class History:
    """What is known of a run so far; `read` brings it up to date.

    Attributes:
        series: every metric by name, in order of appearance, without abandoned points.
        system: what worker and machine were using, by name; all of it, of abandoned steps too.
        figures: where each figure is, by name, oldest first.
        probes: where each probe is, oldest first.
        epochs: steps, and how many epochs were done then, wherever the epoch changed.
        answers: what became of each request, by the request's id.
        faults: lines that could not be read, each with file and number.
    """

    folder: RunFolder
    series: dict[str, Series] = field(default_factory=dict)
    system: Samples = field(default_factory=Samples)
    started: list[events.Started] = field(default_factory=list)
    checkpoints: list[events.Checkpoint] = field(default_factory=list)
    parameters_set: list[events.ParameterSet] = field(default_factory=list)
    epochs: list[tuple[int, float]] = field(default_factory=list)
    figures: dict[str, list[ShownFigure]] = field(default_factory=dict)
    probes: list[RecordedProbe] = field(default_factory=list)
    messages: list[events.Message] = field(default_factory=list)
    answers: dict[str, events.Answered | events.ParameterSet] = field(default_factory=dict)
    ended: events.Ended | None = None
    recorded: state.Status = field(default_factory=state.Status)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines = LineReader(self.folder.events_file)
        self._columns: ColumnDecoder | None = None
        self._names = 0
        self._block = b""
        self._searched = 0

    def read(self, budget_s: float = READ_BUDGET_S) -> bool:
        """Take in what is new until the budget is spent; true when more is waiting to be read.

        A block that has been begun is finished: about 10 ms beyond the budget at most.
        """
        deadline = time.perf_counter() + budget_s
        # Millions of small records make the collector run for nothing: a third of the time.
        with uncollected():
            before = self._lines.offset
            while block := self._lines.read_block():
                if self._lines.offset < before:
                    self._forget()
                before = self._lines.offset
                self._take_block(block)
                if time.perf_counter() > deadline:
                    return True
        return False

    def read_all(self) -> History:
        """Take in everything that is there now."""
        while self.read(budget_s=60.0):
            pass
        return self

    def status(self) -> state.Status:
        """The state now: what was recorded, corrected by whether the worker lives."""
        return state.with_life(self.folder, self.recorded)

    def _forget(self) -> None:
        """The file shrank and is read from its start again, so nothing of it may count twice."""
        vars(self).update(vars(History(self.folder)), _lines=self._lines)

    def _take_block(self, block: bytes) -> None:
        self._block, self._searched = block, 0
        if not self._take_columns(block):
            self._take_records(block)
            self._learn_names()
        self._block = b""

    def _take_columns(self, block: bytes) -> bool:
        """Take a block whose metrics have known names and finite values; false for any other."""
        decoder = self._columns
        if decoder is None:
            return False
        try:
            records = groupby(decoder.decode(block), key=decoder.is_metrics)
            groups = [decoder.columns(list(g)) if is_metrics else list(g) for is_metrics, g in records]
        except (ValueError, RecursionError):
            return False
        for group in groups:
            if isinstance(group, Columns):
                self._extend_known(group)
            else:
                for record in group:
                    self._take(record)
        return True

    def _extend_known(self, columns: Columns) -> None:
        for name, values in columns.values.items():
            there = ~np.isnan(values)
            if there.all():
                self.series[name].extend(columns.steps, columns.times, values)
            else:
                self.series[name].extend(columns.steps[there], columns.times[there], values[there])

    def _learn_names(self) -> None:
        if len(self.series) != self._names:
            self._names = len(self.series)
            self._columns = None
            with suppress(ValueError):
                self._columns = decoder_of(tuple(self.series))

    def _take_records(self, block: bytes) -> None:
        try:
            records = _decoder.decode_lines(block)
        except DAMAGED:
            records = self._decode_one_by_one(block)
        for is_metrics, group in groupby(records, key=_is_metrics):
            if is_metrics:
                self._take_metrics(list(group))  # type: ignore[arg-type]  # the key tells the type
            else:
                for record in group:
                    self._take(record)

    def _decode_one_by_one(self, block: bytes) -> list[events.Event]:
        records = []
        lines = block.split(b"\n")[:-1]
        for number, line in enumerate(lines, self._lines.line_number - len(lines) + 1):
            try:
                records.append(_decoder.decode(line))
            except DAMAGED as fault:
                if line.strip():
                    self.faults.append(f"{self.folder.events_file.name}, line {number}: {fault}")
        return records

    def _take_metrics(self, records: list[events.Metrics]) -> None:
        """Group runs of records that share their names, so that each becomes one array."""
        values = list(map(_values, records))
        names = tuple(values[0])
        if set(map(len, values)) == {len(names)}:
            try:
                self._extend(records, values, names)
                return
            except KeyError:
                pass  # as many names, but others
        for keys, group in groupby(records, key=lambda record: tuple(record.values)):
            some = list(group)
            self._extend(some, list(map(_values, some)), keys)

    def _extend(
        self,
        records: list[events.Metrics],
        values: list[dict[str, float | str]],
        names: tuple[str, ...],
    ) -> None:
        steps = np.array(list(map(_step, records)), np.int64)
        times = np.array(list(map(_time, records)), np.float64)
        columns = [list(map(itemgetter(name), values)) for name in names]
        axis = Axis()  # shared by those that begin here: most of a long run's memory
        for name, column in zip(names, columns, strict=True):
            try:
                numbers = np.array(column, np.float64)
            except ValueError:
                numbers = np.array([_number(value) for value in column], np.float64)
            if name not in self.series:
                self.series[name] = Series(name, axis)
            self.series[name].extend(steps, times, numbers)

    def _take(self, record: events.Event) -> None:
        match record:
            case events.Started():
                self._begin_attempt(record)
            case events.Checkpoint():
                self.checkpoints.append(record)
            case events.ParameterSet():
                self.parameters_set.append(record)
                self.answers[record.request] = record
            case events.FigureShown():
                self._show(record.name, self._placed(record))
            case events.ProbeTaken():
                self._keep_probe(record)
            case events.Progress():
                self._note_epoch(record)
            case events.Message():
                self.messages.append(record)
            case events.System():
                self.system.add(record, self.recorded.step, self.recorded.updated)
            case events.Answered():
                self.answers[record.request] = record
            case events.Finished() | events.Stopped() | events.Failed():
                self.ended = record
        if isinstance(record, events.Lifecycle):
            self.recorded = self.recorded.after(record)

    def _note_epoch(self, record: events.Progress) -> None:
        """Keep where an epoch began, exactly where all are known to be of one length."""
        before = self.recorded
        known = (before.epoch, before.epochs, before.total)
        if record.epoch and (not self.epochs or known != (record.epoch, record.epochs, record.total)):
            even = record.step * record.epochs / record.total if record.total else 0.0
            agrees = record.epoch - 1 <= even <= record.epoch
            self.epochs.append((record.step, even if agrees else record.epoch - 1.0))

    def _begin_attempt(self, record: events.Started) -> None:
        self.ended = None
        self.started.append(record)
        self.system.begin_attempt()
        if len(self.started) > 1:
            self._abandon_after(record.step)

    def _placed(self, record: events.FigureShown) -> ShownFigure:
        """Where the figure is, without the figure: there may be thousands of them."""
        file, length = self.folder.events_file, len(memoryview(record.figure))
        if record.file or not length:
            return ShownFigure(record.step, record.time, record.file, file)
        offset = self._offset_of(record.figure)
        return ShownFigure(record.step, record.time, "", file, offset, length)

    def _offset_of(self, part: msgspec.Raw) -> int:
        """Where in the file a part of a record of the block at hand begins."""
        # The decoder tells no offsets. Records come in order, so a block is searched once in all.
        place = self._block.index(memoryview(part), self._searched)
        self._searched = place + len(memoryview(part))
        return self._lines.offset - len(self._block) + place

    def _keep_probe(self, record: events.ProbeTaken) -> None:
        """Note where the probe is, in place of what an earlier attempt measured at that step."""
        began = self.started[-1].time if self.started else 0.0
        while self.probes and self.probes[-1].step == record.step and self.probes[-1].time < began:
            self.probes.pop()
        place = self._offset_of(record.probe), len(memoryview(record.probe))
        self.probes.append(
            RecordedProbe(record.step, record.time, record.request, self.folder.events_file, *place)
        )
        if record.request:
            self.answers[record.request] = events.Answered(time=record.time, request=record.request)

    def _show(self, name: str, figure: ShownFigure) -> None:
        """Add to the figures of its name, in place of what an earlier attempt showed at that step."""
        shown = self.figures.setdefault(name, [])
        began = self.started[-1].time if self.started else 0.0
        while shown and shown[-1].step == figure.step and shown[-1].time < began:
            shown.pop()
        shown.append(figure)

    def _abandon_after(self, step: int) -> None:
        for series in self.series.values():
            series.truncate(step)
        for figures in self.figures.values():
            figures[:] = [figure for figure in figures if figure.step <= step]
        self.probes = [probe for probe in self.probes if probe.step <= step]
        self.parameters_set = [change for change in self.parameters_set if change.step <= step]
        self.epochs = [(at, done) for at, done in self.epochs if at <= step]
        self.checkpoints = [saved for saved in self.checkpoints if saved.step <= step]


def _is_metrics(record: events.Event) -> bool:
    return type(record) is events.Metrics


def _number(value: float | str) -> float:
    return events.NON_FINITE.get(value, float("nan")) if isinstance(value, str) else value
