"""A folder that another program recorded a run in: its kind, its files, and what it was called with."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from workbench.params import Value
from workbench.runs.folder import Manifest, RecipeReference, RunFolder

EVENT_FILE_MARK = "tfevents"
METRICS_FILE = "metrics.csv"
PARAMETERS_FILE = "hparams.yaml"
MOST_PARAMETERS_BYTES = 64_000
LONGEST_TEXT = 200
STAMP_DIGITS = 10  # seconds since 1970, in the names of event files

_WORDS: dict[str, Value] = {"true": True, "false": False}


class Kind(StrEnum):
    """Who wrote a run that is not ours; what it is called where a recipe's name would stand."""

    TENSORBOARD = "TensorBoard"
    LIGHTNING_CSV = "Lightning CSV"


@dataclass(frozen=True)
class ForeignFolder(RunFolder):
    """A run that is only looked at; `shown_name` is its path below the folder that is watched."""

    shown_name: str
    kind: Kind

    @property
    def name(self) -> str:
        return self.shown_name

    @property
    def read_only(self) -> bool:
        return True

    def files(self) -> list[Path]:
        """The files that the run grows in, oldest first; empty where its folder is gone."""
        try:
            names = sorted(entry.name for entry in os.scandir(self.path) if entry.is_file())
        except OSError:
            return []
        return [self.path / name for name in names if kind_of(name) is self.kind]

    def written(self) -> float:
        """When a file of the run last changed (s since 1970); 0 where there is none."""
        times = []
        for file in self.files():
            with suppress(OSError):  # deleted a moment ago
                times.append(file.stat().st_mtime)
        return max(times, default=0.0)

    def manifest(self) -> Manifest:
        """What can be known of it: the kind in place of a recipe, and `hparams.yaml`."""
        return Manifest(
            name=self.name,
            recipe=RecipeReference(id=self.kind.value, file=""),
            parameters=read_parameters(self.path / PARAMETERS_FILE),
            created=self._created(),
            device="",
            host="",
        )

    def _created(self) -> float:
        """When the run began, by the names and times of its files (s since 1970)."""
        times = []
        for file in [*self.files(), self.path / PARAMETERS_FILE]:
            with suppress(OSError):
                times.append(file.stat().st_mtime)
            stamp = file.name.partition(f"{EVENT_FILE_MARK}.")[2].partition(".")[0]
            times += [float(stamp)] if stamp.isdecimal() and len(stamp) == STAMP_DIGITS else []
        return min(times, default=0.0)


def kind_of(file: str) -> Kind | None:
    """Which kind of run a file of that name belongs to; None where to none."""
    if EVENT_FILE_MARK in file.split("."):
        return Kind.TENSORBOARD
    return Kind.LIGHTNING_CSV if file == METRICS_FILE else None


def read_parameters(file: Path) -> dict[str, Value]:
    """The lines `name: value` of a YAML file, which is read as text; what is deeper stays text."""
    try:
        with file.open("rb") as stream:
            text = stream.read(MOST_PARAMETERS_BYTES).decode(errors="replace")
    except OSError:
        return {}
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line.startswith((" ", "\t", "-")) and ":" in line:
            name, _, value = line.partition(":")
            found[name] = value.strip()
        elif name:
            found[name] = ", ".join(filter(None, [found[name], line.strip().removeprefix("- ")]))
    return {name: _value(text[:LONGEST_TEXT]) for name, text in found.items()}


def _value(text: str) -> Value:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text
