"""Spoken strings of digits in three parts, or sounds of one's own with their texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from recipes import _files
from recipes.audio import _formants, _speech_commands, _transcripts, _voice
from recipes.audio._formants import RATE_HZ
from recipes.audio._sounds import MEND, UnreadableError, read_sound, resampled
from workbench.errors import Faults, WorkbenchError

DATASETS = ("synthesised", "voice", "SPEECHCOMMANDS", "folder")
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
    cast = _voice.cast(dice, VALIDATION_SHARE, TEST_SHARE)
    sentences = [
        _voice.drawn(" ".join(one), voices, RATES_WPM, PITCHES, dice)
        for part, voices in zip(words, cast, strict=True)
        for one in part
    ]
    spoken, rate_hz = _voice.speak_all(sentences)
    waves = [resampled(wave, rate_hz, RATE_HZ) for wave in spoken]
    ends = torch.tensor([len(wave) for wave in waves])
    clean = pad_sequence(waves, batch_first=True)  # (N, S)
    return _parts(*_formants.recorded(clean, ends, dice), words)


def _commands(counts: list[int], most_words: int, dice: torch.Generator) -> tuple[Parts, str]:
    """Digits of many people strung together, so that a voice may change from word to word."""
    texts: list[list[str]] = []
    files: list[list[list[Path]]] = []
    for named, count in zip(_speech_commands.parts(DIGITS), counts, strict=True):
        of_word: dict[str, list[Path]] = {digit: [] for digit in DIGITS}
        for file, word in named:
            of_word.get(word, []).append(file)
        words = _drawn(count, most_words, dice)
        texts.append([" ".join(one) for one in words])
        files.append([[_one_of(of_word[word], dice) for word in one] for one in words])
    heard = _heard(file for part in files for one in part for file in one)
    train, validation, test = (
        _part([torch.cat([heard[file] for file in one]) for one in of_part], said)
        for of_part, said in zip(files, texts, strict=True)
    )
    return (train, validation, test), "single words of SPEECHCOMMANDS, strung together"


def _heard(files: Iterable[Path]) -> dict[Path, Tensor]:
    """The sound (S,) of each.

    Raises:
        WorkbenchError: naming all that cannot be read.
    """
    found, faults = {}, Faults(_speech_commands.NAME)
    for file in dict.fromkeys(files):
        try:
            found[file] = read_sound(file, RATE_HZ)
        except UnreadableError as fault:
            faults.add(f"{_speech_commands.short(file)} {fault}", MEND)
    faults.tell()
    return found


def _one_of(files: Sequence[Path], dice: torch.Generator) -> Path:
    return files[int(torch.randint(len(files), (), generator=dice))]


def _part(waves: Sequence[Tensor], texts: list[str]) -> Part:
    """Filled up with zeros to one length."""
    ends = torch.tensor([len(wave) for wave in waves])
    return Part(pad_sequence(waves, batch_first=True), ends, texts)


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
