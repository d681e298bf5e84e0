"""Labelled sounds for the recipes of this topic, and files of any rate and channels read as they need.

Files are read by soundfile, which the extra `audio` brings: WAV, FLAC, OGG, MP3, AIFF and others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import gcd
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from workbench.catalog import install_command
from workbench.errors import Faults, WorkbenchError

SUFFIXES = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".aifc", ".au", ".caf"}
EDGE_S = 0.05  # of silence behind a sound that is resampled, so that its end does not touch its begin
MEND = "mend or remove what cannot be read"


class UnreadableError(ValueError):
    """A file is no sound that can be used, for a reason that follows its name."""


@dataclass
class Sounds:
    """Sounds (N, S) from -1 to 1 and their labels (N,), of one part; `classes` names the labels."""

    waves: Tensor
    labels: Tensor
    classes: list[str]

    def part(self, indices: Tensor) -> Sounds:
        return Sounds(self.waves[indices], self.labels[indices], self.classes)


Parts = tuple[Sounds, Sounds, Sounds]


class _File(NamedTuple):
    """What a file holds: samples (C, S) of its channels, and its rate."""

    samples: Tensor
    rate_hz: int


def read_sound(file: Path, rate_hz: int) -> Tensor:
    """A file's sound (S,) from -1 to 1 at that rate; channels are mixed to one.

    Raises:
        UnreadableError: when it cannot be read, is empty or holds what is no number.
        WorkbenchError: when soundfile is missing.
    """
    found = _read(file)
    return resampled(found.samples.mean(0), found.rate_hz, rate_hz)


def _read(file: Path) -> _File:
    try:
        import soundfile  # noqa: PLC0415 - only who reads files needs it
    except (ImportError, OSError):  # its library of the system may be what is missing
        raise WorkbenchError(
            "sounds are read by soundfile, which is not installed", install_command(["soundfile"])
        ) from None
    try:
        samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)  # (S, C)
    except (OSError, RuntimeError) as fault:
        # The library's own words go without the path, which the one who asked tells in short.
        reason = getattr(fault, "error_string", str(fault)).rstrip(".")
        if "not exist" in reason and file.is_file():  # so it says of an MP3 that is damaged
            reason = "damaged"
        raise UnreadableError(f"cannot be read as a sound: {reason}") from None
    found = torch.from_numpy(samples).T  # (C, S)
    if not found.numel():
        raise UnreadableError("is empty")
    if not found.isfinite().all():
        raise UnreadableError("holds values that are no numbers")
    return _File(found, int(rate_hz))


def resampled(wave: Tensor, from_hz: int, to_hz: int) -> Tensor:
    """A sound (S,) at another rate, (about S · to / from,): frequencies that both can hold stay.

    The spectrum is cut off, or filled up with zeros, at the lower of the two highest frequencies.
    """
    if from_hz == to_hz:
        return wave
    unit = gcd(from_hz, to_hz)
    # Only a whole number of these has a whole number of samples at both rates.
    blocks = -(-(len(wave) + round(EDGE_S * from_hz)) // (from_hz // unit))
    before, after = blocks * (from_hz // unit), blocks * (to_hz // unit)
    spectrum = torch.fft.rfft(wave, before)  # (before // 2 + 1,)
    changed = torch.fft.irfft(spectrum, after) * (after / before)  # (after,)
    return changed[: max(1, round(len(wave) * to_hz / from_hz))]


def fitted(wave: Tensor, length: int) -> Tensor:
    """(S,) to (length,): a short sound gets silence on both sides, of a long one stays the loudest."""
    spare = length - len(wave)
    if spare >= 0:
        return F.pad(wave, (spare // 2, spare - spare // 2))
    energy = F.pad(wave.double().square().cumsum(0), (1, 0))  # (S + 1,)
    begin = int((energy[length:] - energy[:-length]).argmax())
    return wave[begin : begin + length]


@dataclass
class Read:
    """Sounds (S,) of one length, and how many were not so to begin with."""

    waves: list[Tensor] = field(default_factory=list)
    mixed: int = 0
    resampled: int = 0
    cut: int = 0
    filled: int = 0

    def notes(self) -> list[str]:
        """What was done to make them alike, as a sentence; none where nothing was."""
        counts = {
            "mixed to one channel": self.mixed,
            "resampled": self.resampled,
            "cut to their loudest stretch": self.cut,
            "filled up with silence": self.filled,
        }
        done = [f"{count} {what}" for what, count in counts.items() if count]
        return [f"of {len(self.waves)} sounds: {', '.join(done)}"] if done else []


def read_all(named: Mapping[str, Path], rate_hz: int, length: int, faults: Faults) -> Read:
    """All files at one rate and length; those that cannot be read are left out and added to `faults`.

    `named` has them by what they are called there.

    Raises:
        WorkbenchError: when soundfile is missing.
    """
    done = Read()
    for name, file in named.items():
        try:
            found = _read(file)
        except UnreadableError as fault:
            faults.add(f"{name} {fault}", MEND)
            continue
        wave = resampled(found.samples.mean(0), found.rate_hz, rate_hz)
        done.mixed += len(found.samples) > 1
        done.resampled += found.rate_hz != rate_hz
        done.cut += len(wave) > length
        done.filled += len(wave) < length
        done.waves.append(fitted(wave, length))
    return done
