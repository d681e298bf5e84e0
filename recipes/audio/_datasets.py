"""Labelled sounds in three parts: made here, spoken by synthetic voices, downloaded, or of a folder."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.audio import _synthesis, _voice
from recipes.audio._sounds import SUFFIXES, Parts, Sounds, read_all, resampled
from workbench.catalog import install_command
from workbench.errors import WorkbenchError
from workbench.paths import data_dir

DATASETS = ("synthesised", "spoken", "SPEECHCOMMANDS", "folder")
WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
SHARES = (1.0, 0.25, 0.5)  # of `each` in the training, validation and test part
VOICE_SHARES = (0.6, 0.15, 0.25)  # whoever speaks in one part is not heard in another
RATES_WPM, PITCHES = (110, 220), (15, 85)
VALIDATION_SHARE, TEST_SHARE = 0.1, 0.2  # of a folder
LEAST_FILES = 3  # of a class: one for each part


class Kind(NamedTuple):
    """How sounds are to be: their rate and length, how many of a class, and how much noise is about.

    `each` counts those of a class in the training part; `worst_db` is how far a sound that is made here
    lies above the noise, at least.
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


def load(dataset: str, folder: str, kind: Kind, seed: int) -> tuple[Parts, str]:
    """Train, validation and test part, and what a user should know about them; mostly nothing.

    Raises:
        WorkbenchError: when a set cannot be had, or a folder holds no sounds of two classes.
    """
    if dataset == "folder":
        return _folder(folder, kind, seed)
    if dataset == "SPEECHCOMMANDS":
        return _speech_commands(kind, seed)
    made = _spoken(kind, seed) if dataset == "spoken" else _synthesised(kind, seed)
    return made, ""


def _synthesised(kind: Kind, seed: int) -> Parts:
    """Each part has a seed of its own, so no sound is in two of them."""
    train, validation, test = (
        _synthesis.made(count, kind.rate_hz, kind.seconds, len(SHARES) * seed + part, kind.worst_db)
        for part, count in enumerate(kind.counts())
    )
    return train, validation, test


def _spoken(kind: Kind, seed: int) -> Parts:
    """Ten words by voices that only one part has, at any speed and pitch, in noise as all else."""
    dice = torch.Generator().manual_seed(seed)
    voices = _voice.voices()
    order = torch.randperm(len(voices), generator=dice).tolist()
    ends = [
        0,
        round(VOICE_SHARES[0] * len(order)),
        round((1 - VOICE_SHARES[2]) * len(order)),
        len(order),
    ]
    speakers = [[voices[i] for i in order[begin:end]] for begin, end in pairwise(ends)]
    asked = [
        _voice.Sentence(
            word, them[_whole(0, len(them), dice)], _whole(*RATES_WPM, dice), _whole(*PITCHES, dice)
        )
        for them, count in zip(speakers, kind.counts(), strict=True)
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


def _whole(low: int, high: int, dice: torch.Generator) -> int:
    """A whole number from `low` to `high` - 1."""
    return int(torch.randint(low, high, (), generator=dice))


def _speech_commands(kind: Kind, seed: int) -> tuple[Parts, str]:
    """Of each word so many as `kind` says; the loader's lists say which speakers are in which part."""
    dice = torch.Generator().manual_seed(seed)
    subsets = [_commands(subset) for subset in ("training", "validation", "testing")]
    classes = sorted({word for _, word in subsets[0]})
    parts, notes = [], []
    for named, count in zip(subsets, kind.counts(), strict=True):
        labels = torch.tensor([classes.index(word) for _, word in named])
        chosen = _some_of_each(labels, count, dice)
        read = read_all([named[i][0] for i in chosen.tolist()], kind.rate_hz, kind.samples)
        parts.append(Sounds(torch.stack(read.waves), labels[chosen], classes))
        notes.append(f"{len(chosen)} of {len(named)}")
    train, validation, test = parts
    return (train, validation, test), f"sounds that are used of SPEECHCOMMANDS: {', '.join(notes)}"


def _commands(subset: str) -> list[tuple[Path, str]]:
    """The files of a part and their words, by torchaudio's loader, which downloads where it can."""
    try:
        from torchaudio.datasets import SPEECHCOMMANDS  # noqa: PLC0415 - only who asks for it needs it
    except ImportError:
        raise WorkbenchError(
            "SPEECHCOMMANDS is loaded by torchaudio, which is not installed",
            install_command(["torchaudio"]),
        ) from None
    root = data_dir()
    try:
        root.mkdir(parents=True, exist_ok=True)
        found = SPEECHCOMMANDS(root, download=True, subset=subset)
    except (OSError, RuntimeError) as fault:
        raise WorkbenchError(
            f"SPEECHCOMMANDS is not in {root} and cannot be downloaded: {fault}",
            "train once where there is a network, or use dataset=synthesised, which needs none",
        ) from None
    # The loader's own reading needs torchcodec; it tells where the files are without it.
    told = (found.get_metadata(index) for index in range(len(found)))
    return [(root / "SpeechCommands" / file, word) for file, _, word, *_ in told]


def _folder(folder: str, kind: Kind, seed: int) -> tuple[Parts, str]:
    """One subfolder a class; each class is in the three parts in the same shares."""
    root = Path(folder).expanduser()
    if not folder or not root.is_dir():
        raise WorkbenchError(
            f"{folder!r} is no folder" if folder else "dataset=folder needs a folder",
            "give one with folder=PATH; it holds a subfolder of sounds for each class",
        )
    files = {
        place.name: sorted(file for file in place.rglob("*") if file.suffix.lower() in SUFFIXES)
        for place in sorted(root.iterdir())
        if place.is_dir()
    }
    _refuse_too_few(root, files)
    named = [(file, index) for index, of_class in enumerate(files.values()) for file in of_class]
    read = read_all([file for file, _ in named], kind.rate_hz, kind.samples)
    labels = torch.tensor([index for _, index in named])
    whole = Sounds(torch.stack(read.waves), labels, [*files])
    return _divided(whole, seed), read.notes()


def _refuse_too_few(root: Path, files: dict[str, list[Path]]) -> None:
    if not any(files.values()):
        raise WorkbenchError(
            f"there are no sounds in subfolders of {root}",
            f"one subfolder a class; of these kinds: {', '.join(sorted(SUFFIXES))}",
        )
    faults = [f"there is only one class: {next(iter(files))!r}"] if len(files) < 2 else []
    faults += [
        f"class {name!r} has {len(one)} sounds" for name, one in files.items() if len(one) < LEAST_FILES
    ]
    if faults:
        remedy = (
            f"give at least two classes with {LEAST_FILES} sounds each, more for a result that counts"
        )
        raise WorkbenchError("; ".join(faults), remedy)


def _divided(whole: Sounds, seed: int) -> Parts:
    """Of each class a share for testing and one for validation, at least one sound; the rest trains."""
    dice = torch.Generator().manual_seed(seed)
    parts: list[list[Tensor]] = [[], [], []]
    for label in range(len(whole.classes)):
        places = (whole.labels == label).nonzero()[:, 0]  # (n,)
        order = places[torch.randperm(len(places), generator=dice)]
        test, validation = (
            max(1, round(share * len(order))) for share in (TEST_SHARE, VALIDATION_SHARE)
        )
        cut = order.split([len(order) - test - validation, validation, test])
        for part, indices in zip(parts, cut, strict=True):
            part.append(indices)
    train, validation_part, test_part = (whole.part(torch.cat(part)) for part in parts)
    return train, validation_part, test_part


def _some_of_each(labels: Tensor, count: int, dice: torch.Generator) -> Tensor:
    """Indices of at most so many of each label, drawn by chance."""
    order = torch.randperm(len(labels), generator=dice)
    chosen = [order[labels[order] == label][:count] for label in labels.unique()]
    return torch.cat(chosen)
