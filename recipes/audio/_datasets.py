"""Labelled sounds in three parts: synthesised here, spoken by eSpeak, downloaded, or of a folder."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes import _files
from recipes.audio import _folder, _speech_commands, _synthesis, _voice
from recipes.audio._sounds import Parts, Sounds, read_all, resampled
from workbench.errors import Faults

DATASETS = ("synthesised", "voice", "SPEECHCOMMANDS", "folder")
WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
SHARES = (1.0, 0.25, 0.5)  # of `each` in the training, validation and test part
VOICE_SHARES = (0.15, 0.25)  # for validation and test: nobody speaks in two parts
RATES_WPM, PITCHES = (110, 220), (15, 85)


class Kind(NamedTuple):
    """How sounds are to be: their rate and length, how many of a class, and how much noise is about.

    `each` counts those of a class in the training part; `worst_db` is how far a sound that is made or
    spoken here lies above the noise, at least.
    """

    rate_hz: int
    seconds: float
    each: int
    worst_db: float

    @property
    def samples(self) -> int:
        return round(self.seconds * self.rate_hz)

    def counts(self) -> list[int]:
        """Sounds of a class in each part."""
        return [max(1, round(share * self.each)) for share in SHARES]


def load(dataset: str, folder: str, kind: Kind, seed: int) -> tuple[Parts, list[str]]:
    """Train, validation and test part, and what a user should know about them; mostly nothing.

    Raises:
        WorkbenchError: when a set cannot be had, with all its faults; or when a folder is given and
            another set chosen.
    """
    _files.refuse_unread(dataset, "folder", folder=folder)
    if dataset == "folder":
        return _folder.load(folder, kind.rate_hz, kind.samples, seed)
    if dataset == "SPEECHCOMMANDS":
        return _commands(kind, seed)
    return (_voices if dataset == "voice" else _synthesised)(kind, seed), []


def _synthesised(kind: Kind, seed: int) -> Parts:
    """Each part has a seed of its own, so no sound is in two of them."""
    train, validation, test = (
        _synthesis.made(count, kind.rate_hz, kind.seconds, len(SHARES) * seed + part, kind.worst_db)
        for part, count in enumerate(kind.counts())
    )
    return train, validation, test


def _voices(kind: Kind, seed: int) -> Parts:
    """Ten words by voices that only one part has, at any speed and pitch, in noise as all else."""
    dice = torch.Generator().manual_seed(seed)
    cast = _voice.cast(dice, *VOICE_SHARES)
    asked = [
        _voice.drawn(word, voices, RATES_WPM, PITCHES, dice)
        for voices, count in zip(cast, kind.counts(), strict=True)
        for word in WORDS
        for _ in range(count)
    ]
    waves, rate_hz = _voice.speak_all(asked)
    cut = [resampled(wave, rate_hz, kind.rate_hz)[: kind.samples] for wave in waves]
    length = torch.tensor([[len(wave) / kind.rate_hz] for wave in cut])  # (N, 1), seconds
    filled = torch.stack([F.pad(wave, (0, kind.samples - len(wave))) for wave in cut])  # (N, S)
    placed = _synthesis.placed(filled, length, kind.rate_hz, kind.worst_db, dice)
    parts = placed.split([len(WORDS) * count for count in kind.counts()])
    train, validation, test = (
        Sounds(part, torch.arange(len(WORDS)).repeat_interleave(count), [*WORDS])
        for part, count in zip(parts, kind.counts(), strict=True)
    )
    return train, validation, test


def _commands(kind: Kind, seed: int) -> tuple[Parts, list[str]]:
    """Of each word so many as `kind` says, drawn by chance."""
    dice = torch.Generator().manual_seed(seed)
    found, faults = _speech_commands.parts(), Faults(_speech_commands.NAME)
    classes = sorted({word for named in found for _, word in named})
    reads, labels = [], []
    for named, count in zip(found, kind.counts(), strict=True):
        of_all = torch.tensor([classes.index(word) for _, word in named])
        chosen = _some_of_each(of_all, count, dice)
        files = [named[i][0] for i in chosen.tolist()]
        by_name = {_speech_commands.short(file): file for file in files}
        reads.append(read_all(by_name, kind.rate_hz, kind.samples, faults))
        labels.append(of_all[chosen])
    faults.tell()
    train, validation, test = (
        Sounds(torch.stack(read.waves), label, classes)
        for read, label in zip(reads, labels, strict=True)
    )
    used = ", ".join(
        f"{len(label)} of {len(named)}" for label, named in zip(labels, found, strict=True)
    )
    return (train, validation, test), [f"sounds that are used of SPEECHCOMMANDS: {used}"]


def _some_of_each(labels: Tensor, count: int, dice: torch.Generator) -> Tensor:
    """Indices of at most so many of each label, drawn by chance."""
    order = torch.randperm(len(labels), generator=dice)
    chosen = [order[labels[order] == label][:count] for label in labels.unique()]
    return torch.cat(chosen)
