"""Sentences spoken by eSpeak NG, an option: who speaks, how fast and how high is given."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from workbench.catalog import install_command
from workbench.errors import UsageError, WorkbenchError, unknown

LANGUAGE = "en"
SLOWEST_WPM, FASTEST_WPM = 80, 450  # the library's own bounds
HIGHEST_PITCH = 99
NO_PERSONS = ("whisper", "robo", "demon", "croak")  # in names: without a voice, or with echoes
TIMEOUT_S = 120  # for one list of sentences; ten thousand words take ten


class Sentence(NamedTuple):
    """What to say: a voice of `voices()`, words a minute from 80 to 450, pitch from 0 to 99."""

    text: str
    voice: str
    rate_wpm: int = 175
    pitch: int = 50


def drawn(
    text: str,
    among: Sequence[str],
    rates_wpm: tuple[int, int],
    pitches: tuple[int, int],
    dice: torch.Generator,
) -> Sentence:
    """The text in a voice of those, at a rate and pitch from the first to the one before the second."""
    voice, rate, pitch = (
        int(torch.randint(*between, (), generator=dice))
        for between in ((0, len(among)), rates_wpm, pitches)
    )
    return Sentence(text, among[voice], rate, pitch)


def speak_all(sentences: Sequence[Sentence]) -> tuple[list[Tensor], int]:
    """The samples (S,) of each sentence, float32 from -1 to 1, and their rate in Hz.

    The same list gives the same samples, here and in any other process, about 1 ms a word. A sentence
    of another list may sound a little different (pitch and noise go on from one to the next), so draw
    all sentences of a data set first and have them spoken at once. The last 50 lists are kept.

    Raises:
        WorkbenchError: when the package with eSpeak NG is missing, or its library fails.
        UsageError: naming every voice, rate and pitch that there is not.
    """
    kept, rate_hz = _spoken(tuple(sentences))
    return [torch.from_numpy(one.astype(np.float32) / 2**15) for one in kept], rate_hz


def speak(text: str, voice: str, rate_wpm: int, pitch: int) -> tuple[Tensor, int]:
    """The samples (S,) of one sentence and their rate in Hz, as `speak_all` has them.

    Each new sentence takes a new process, about 50 ms: for many ask `speak_all`.
    """
    (samples,), rate_hz = speak_all([Sentence(text, voice, rate_wpm, pitch)])
    return samples, rate_hz


@lru_cache(maxsize=1)
def voices() -> tuple[str, ...]:
    """The names of the English voices, sorted: `en+f1`, `en+m1`, `en+Denis`.

    Raises:
        WorkbenchError: when the package with eSpeak NG is missing.
    """
    _, data = _library()
    variants = (data / "voices" / "!v").iterdir()
    return tuple(sorted(f"{LANGUAGE}+{file.name}" for file in variants if file.is_file()))


def cast(dice: torch.Generator, validation_share: float, test_share: float) -> list[list[str]]:
    """The voices of three parts: variants of one person, such as steph2 and steph3, stay together.

    What is meant to be no person is left out.

    Raises:
        WorkbenchError: when the package with eSpeak NG is missing.
    """
    families: dict[str, list[str]] = {}
    for voice in voices():
        name = voice.partition("+")[2]
        if not any(word in name.lower() for word in NO_PERSONS):
            families.setdefault(name.rstrip("0123456789"), []).append(voice)
    order = torch.randperm(len(families), generator=dice).tolist()
    shuffled = [[*families.values()][i] for i in order]
    validation, test = (round(share * len(order)) for share in (validation_share, test_share))
    cuts = pairwise([0, len(order) - validation - test, len(order) - test, len(order)])
    return [[voice for family in shuffled[begin:end] for voice in family] for begin, end in cuts]


def _library() -> tuple[Path, Path]:
    """The shared library, and the folder of its voices."""
    try:
        import espeakng_loader  # noqa: PLC0415 - an option under GPL-3, which has one user
    except ModuleNotFoundError as fault:
        raise WorkbenchError(
            f"voices come with espeakng-loader, and the module {fault.name} is not installed",
            f"{install_command(['espeakng_loader'])}\nor choose another dataset",
        ) from None
    return Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path())


def _faults(sentences: Sequence[Sentence]) -> list[str]:
    known = set(voices())
    strangers = dict.fromkeys(one.voice for one in sentences if one.voice not in known)
    found = [unknown("voice", voice, known) for voice in strangers]
    for one in dict.fromkeys(sentences):
        if not SLOWEST_WPM <= one.rate_wpm <= FASTEST_WPM:
            found.append(f"{one.rate_wpm} words a minute: from {SLOWEST_WPM} to {FASTEST_WPM} is said")
        if not 0 <= one.pitch <= HIGHEST_PITCH:
            found.append(f"a pitch of {one.pitch}: it goes from 0 to {HIGHEST_PITCH}")
    return list(dict.fromkeys(found))


@lru_cache(maxsize=50)
def _spoken(sentences: tuple[Sentence, ...]) -> tuple[list[np.ndarray], int]:
    library, data = _library()
    if faults := _faults(sentences):
        raise UsageError("this cannot be said", "\n".join(faults))
    asked = {"library": str(library), "data": str(data), "sentences": sentences}
    program = [sys.executable, "-I", "-S", str(Path(__file__).with_name("_mouth.py"))]
    given = json.dumps(asked).encode()
    try:
        done = subprocess.run(program, input=given, capture_output=True, timeout=TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError) as fault:
        told = (getattr(fault, "stderr", None) or str(fault).encode()).decode(errors="replace")
        raise WorkbenchError(
            f"eSpeak NG fails: {told.strip().splitlines()[-1]}",
            f"install it again: {install_command(['espeakng_loader'])}\nor choose another dataset",
        ) from None
    return _read(done.stdout, len(sentences))


def _read(said: bytes, count: int) -> tuple[list[np.ndarray], int]:
    (rate_hz,) = struct.unpack_from("=i", said)
    place, found = 4, []
    for _ in range(count):
        (length,) = struct.unpack_from("=i", said, place)
        found.append(np.frombuffer(said, np.int16, length, place + 4))
        place += 4 + 2 * length
    return found, rate_hz
