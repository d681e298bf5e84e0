"""Spoken strings of digits in three parts, or sounds of one's own with their texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from recipes import _files
from recipes.audio import _formants, _speech_commands, _transcripts, _voice
from recipes.audio._formants import RATE_HZ
from recipes.audio._sounds import read_sound, resampled
from workbench.errors import WorkbenchError
from workbench.paths import data_dir

DATASETS = ("formants", "voice", "SPEECHCOMMANDS", "folder")
DIGITS = tuple(_formants.SAID)
SHARES = (1.0, 0.125, 0.25)  # of `count` in the training, validation and test part
SPEAKERS = (64, 16, 24)  # who speaks in one part is not heard in another
RATES_WPM, PITCHES = (120, 200), (25, 75)
VALIDATION_SHARE, TEST_SHARE = 0.15, 0.2  # of the voices, and of a folder

# Shapes: N utterances, S samples of the longest.


@dataclass
class Part:
    """Waves (N, S) from -1 to 1 at `RATE_HZ`, silent from their ends (N,) on, and their texts."""

    waves: Tensor
    ends: Tensor
    texts: list[str]


Parts = tuple[Part, Part, Part]


def load(dataset: str, folder: str, count: int, most_words: int, seed: int) -> tuple[Parts, str]:
    """Train, validation and test part, and what a user should know about them; mostly nothing.

    Args:
        dataset: one of `DATASETS`.
        folder: for the last of them: sounds of one's own.
        count: of strings in the training part; a folder is used as a whole.
        most_words: digits in a string, from 1 to so many.
        seed: of all that is drawn.

    Raises:
        WorkbenchError: when a set cannot be had, with all its faults.
    """
    _files.refuse_unread(dataset, "folder", folder=folder)
    if dataset == "folder":
        return _of_folder(folder, seed)
    dice = torch.Generator().manual_seed(seed)
    counts = [max(1, round(share * count)) for share in SHARES]
    if dataset == "SPEECHCOMMANDS":
        return _commands(counts, most_words, dice)
    words = [_drawn(each, most_words, dice) for each in counts]
    return (_voices if dataset == "voice" else _synthesised)(words, dice), ""


def _drawn(count: int, most_words: int, dice: torch.Generator) -> list[list[str]]:
    """Strings of digits, all lengths and digits equally often but for chance."""
    lengths = torch.randint(1, most_words + 1, (count,), generator=dice).tolist()
    return [
        [DIGITS[i] for i in torch.randint(len(DIGITS), (length,), generator=dice).tolist()]
        for length in lengths
    ]


def _parts(waves: Tensor, ends: Tensor, words: Sequence[Sequence[Sequence[str]]]) -> Parts:
    """Cut into the three lists of texts that they were spoken from."""
    counts = [len(part) for part in words]
    train, validation, test = (
        Part(wave[:, : int(end.max())], end, [" ".join(one) for one in part])
        for wave, end, part in zip(waves.split(counts), ends.split(counts), words, strict=True)
    )
    return train, validation, test


def _synthesised(words: list[list[list[str]]], dice: torch.Generator) -> Parts:
    speakers = _formants.speakers(sum(SPEAKERS), dice)
    begins = [0, SPEAKERS[0], SPEAKERS[0] + SPEAKERS[1], sum(SPEAKERS)]
    who = torch.cat(
        [
            torch.randint(begin, end, (len(part),), generator=dice)
            for part, (begin, end) in zip(words, pairwise(begins), strict=True)
        ]
    )
    everything = [one for part in words for one in part]
    return _parts(*_formants.say(everything, speakers.of(who), dice), words)


def _voices(words: list[list[list[str]]], dice: torch.Generator) -> Parts:
    sentences = []
    cast = _voice.cast(dice, VALIDATION_SHARE, TEST_SHARE)
    for part, voices in zip(words, cast, strict=True):
        for one in part:
            voice = voices[_whole((0, len(voices)), dice)]
            rate, pitch = _whole(RATES_WPM, dice), _whole(PITCHES, dice)
            sentences.append(_voice.Sentence(" ".join(one), voice, rate, pitch))
    spoken, rate_hz = _voice.speak_all(sentences)
    waves = [resampled(wave, rate_hz, RATE_HZ) for wave in spoken]
    ends = torch.tensor([len(wave) for wave in waves])
    clean = pad_sequence(waves, batch_first=True)  # (N, S)
    return _parts(*_formants.recorded(clean, ends, dice), words)


def _commands(counts: list[int], most_words: int, dice: torch.Generator) -> tuple[Parts, str]:
    """Digits of many people strung together, so that a voice may change from word to word."""
    parts = []
    for subset, count in zip(("training", "validation", "testing"), counts, strict=True):
        of_word: dict[str, list[Path]] = {digit: [] for digit in DIGITS}
        for file, word in _speech_commands.files(subset, instead=DATASETS[0]):
            of_word.get(word, []).append(file)
        if missing := [word for word, files in of_word.items() if not files]:
            raise WorkbenchError(
                f"the {subset} part of SPEECHCOMMANDS lacks {', '.join(missing)}",
                f"remove its folder from {data_dir()}, so that it is downloaded again",
            )
        words = _drawn(count, most_words, dice)
        waves = [
            torch.cat([read_sound(_one_of(of_word[word], dice), RATE_HZ) for word in one])
            for one in words
        ]
        parts.append(_part(waves, [" ".join(one) for one in words]))
    train, validation, test = parts
    return (train, validation, test), "single words of SPEECHCOMMANDS, strung together"


def _one_of(files: Sequence[Path], dice: torch.Generator) -> Path:
    return files[_whole((0, len(files)), dice)]


def _part(waves: Sequence[Tensor], texts: list[str]) -> Part:
    """Filled up with zeros to one length."""
    ends = torch.tensor([len(wave) for wave in waves])
    return Part(pad_sequence(waves, batch_first=True), ends, texts)


def _whole(between: tuple[int, int], dice: torch.Generator) -> int:
    """A whole number from the first to the one before the second."""
    return int(torch.randint(*between, (), generator=dice))


def _of_folder(folder: str, seed: int) -> tuple[Parts, str]:
    """Sounds of one subfolder, as of one speaker, stay in one part where there are enough of them."""
    found = _transcripts.read(folder, RATE_HZ)
    groups = sorted({one.group for one in found})
    # Fewer speakers than parts: then each file goes its own way.
    by_speaker = len(groups) >= len(SHARES)
    keys = [one.group if by_speaker else str(place) for place, one in enumerate(found)]
    units = list(dict.fromkeys(keys))
    if len(units) < len(SHARES):
        raise WorkbenchError(
            f"{folder} holds {len(units)} sounds with texts",
            "give at least one each to learn from, to validate and to test; better hundreds",
        )
    order = torch.randperm(len(units), generator=torch.Generator().manual_seed(seed)).tolist()
    validation, test = (max(1, round(share * len(units))) for share in (VALIDATION_SHARE, TEST_SHARE))
    place = {units[i]: rank for rank, i in enumerate(order)}
    bounds = pairwise([0, len(units) - validation - test, len(units) - test, len(units)])
    parts = []
    for begin, end in bounds:
        chosen = [one for one, key in zip(found, keys, strict=True) if begin <= place[key] < end]
        parts.append(_part([one.wave for one in chosen], [one.text for one in chosen]))
    train, validation_part, test_part = parts
    held = "whole subfolders are held out" if by_speaker else "single files are held out"
    return (train, validation_part, test_part), f"{len(found)} sounds with texts; {held}"
