"""The rough course of the watched metric, from samples of a record: a long run costs no more."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

import msgspec

from workbench.runs.events import NON_FINITE
from workbench.runs.listing import RunSummary

SAMPLES = 24
SAMPLE_BYTES = 4_096

_NUMBER = rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"


class TrendReader:
    """Reads the trends of runs again and again; only those whose record grew are read anew."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[float, int], list[float]]] = {}

    def read(self, runs: Iterable[RunSummary]) -> Mapping[str, list[float]]:
        """At most SAMPLES values by name of run, oldest first; none for one that watches no metric."""
        return {run.name: self._trend(run) for run in runs}

    def _trend(self, run: RunSummary) -> list[float]:
        if run.status.best is None:
            return []
        try:
            file = os.open(run.folder.events_file, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return []  # deleted meanwhile; the list will say so
        try:
            written = run.manifest.created, os.fstat(file).st_size
            kept = self._kept.get(run.name)
            if kept is None or kept[0] != written:
                values = _course(_samples(file, written[1]), run.status.best.metric)
                kept = self._kept[run.name] = (written, values)
            return kept[1]
        finally:
            os.close(file)


def _samples(file: int, size: int) -> list[bytes]:
    if size <= SAMPLES * SAMPLE_BYTES:
        whole = os.pread(file, size, 0)
        cuts = [len(whole) * place // SAMPLES for place in range(SAMPLES + 1)]
        lines = [whole.rfind(b"\n", 0, cut) + 1 for cut in cuts]
        return [whole[start:end] for start, end in pairwise(lines)]
    last = size - SAMPLE_BYTES
    return [os.pread(file, SAMPLE_BYTES, last * place // (SAMPLES - 1)) for place in range(SAMPLES)]


def _course(samples: list[bytes], metric: str) -> list[float]:
    """The metric's own values, or its best until then where too few samples hold one."""
    name = re.escape(msgspec.json.encode(metric))
    own = re.compile(rb"[{,]" + name + rb":(" + _NUMBER + rb'|"NaN"|"-?Infinity")[,}]')
    bests = re.compile(rb'"best":\{"metric":' + name + rb',"value":(' + _NUMBER + rb")[,}]")
    values = [found[-1] for sample in samples if (found := _numbers(own, sample))]
    best = [found[-1] for sample in samples if (found := _numbers(bests, sample))]
    return values if len(values) >= len(best) // 2 else best


def _numbers(pattern: re.Pattern[bytes], sample: bytes) -> list[float]:
    texts = [text.decode().strip('"') for text in pattern.findall(sample)]
    return [NON_FINITE[text] if text in NON_FINITE else float(text) for text in texts]
