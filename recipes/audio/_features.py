"""Sounds as pictures, by hand: short-time Fourier transform, mel filter bank, log-mel, MFCC.

Source: the transform: J. Allen, Short term spectral analysis, synthesis, and modification by discrete
Fourier transform, 1977; mel: S. S. Stevens, J. Volkmann and E. Newman, 1937, by the formula of
D. O'Shaughnessy, 1987; MFCC: S. Davis and P. Mermelstein, 1980.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from workbench.errors import WorkbenchError

WINDOW_MS, HOP_MS = 32.0, 16.0
MELS = 40
AT_ONCE = 256  # sounds whose spectra are computed together
RANGE_DB = 80.0  # what is weaker than the loudest of a sound by more than this counts as silence
LEAST_POWER = 1e-10

# Shapes: N sounds, S samples, W samples of a window, B = W // 2 + 1 frequencies, T frames, M mel bands.


def samples_in(milliseconds: float, rate_hz: int) -> int:
    """Samples that last that long, at least 1."""
    return max(1, round(milliseconds * rate_hz / 1000))


def frames(waves: Tensor, window: int, hop: int) -> Tensor:
    """Pieces of (N, S), each `window` samples long and `hop` after the one before: (N, T, W).

    The middle of piece t lies at sample t · hop, so T = S // hop + 1 for an even window and
    (S - 1) // hop + 1 for an odd one; what the first and the last lack is mirrored. S has to be more
    than half a window.
    """
    mirrored = F.pad(waves, (window // 2, window // 2), mode="reflect")  # (N, S + W), or one less
    return mirrored.unfold(1, window, hop)  # (N, T, W)


def power(waves: Tensor, window: int, hop: int) -> Tensor:
    """|STFT|² of (N, S): how strong each frequency is in each frame, (N, B, T).

    Row b is the frequency b · rate / W. The Hann window lets a piece begin and end softly: cut off
    sharply, every tone would spread over all frequencies.
    """
    soft = frames(waves, window, hop) * torch.hann_window(window, device=waves.device)  # (N, T, W)
    spectrum = torch.fft.rfft(soft)  # (N, T, B), complex
    return spectrum.abs().square().mT  # (N, B, T)


def frequencies(window: int, rate_hz: int) -> Tensor:
    """The hertz (B,) of the rows of `power`; half the rate is among them where the window is even."""
    return torch.arange(window // 2 + 1) * (rate_hz / window)


def decibels(powers: Tensor, range_db: float = RANGE_DB) -> Tensor:
    """10 log₁₀ of powers (N, B, T), none more than `range_db` below the loudest of its sound."""
    level = 10 * powers.clamp(min=LEAST_POWER).log10()  # (N, B, T)
    loudest = level.amax(dim=(1, 2), keepdim=True)  # (N, 1, 1)
    return torch.maximum(level, loudest - range_db)


def to_mel(hertz: float) -> float:
    """A pitch on the scale on which equal steps sound equal; 1,000 Hz are 1,000 mel."""
    return 2595 * math.log10(1 + hertz / 700)


def to_hertz(mel: Tensor) -> Tensor:
    """The frequencies of pitches; `to_mel` backwards."""
    return 700 * (10 ** (mel / 2595) - 1)


def mel_bank(bands: int, window: int, rate_hz: int) -> Tensor:
    """Weights (M, B) of triangles that rise from one centre to the next and fall to the one after.

    Centres are at equal distances in mel from 0 to rate / 2, so in hertz they are close together below
    and far apart above, as an ear tells tones apart.

    Raises:
        WorkbenchError: when a triangle is so narrow that it holds no frequency of the window.
    """
    corners = to_hertz(torch.linspace(0, to_mel(rate_hz / 2), bands + 2))  # (M + 2,)
    hertz = frequencies(window, rate_hz)  # (B,)
    begin, centre, end = (corners[i : i + bands, None] for i in range(3))  # (M, 1) each
    rising, falling = (hertz - begin) / (centre - begin), (end - hertz) / (end - centre)  # (M, B)
    bank = torch.minimum(rising, falling).clamp(min=0)
    if empty := int((bank.sum(1) == 0).sum()):
        raise WorkbenchError(
            f"{empty} of {bands} mel bands hold no frequency of a window of {window} samples",
            "take fewer bands, or a longer window",
        )
    return bank


def log_mel(
    waves: Tensor,
    rate_hz: int,
    *,
    mels: int = MELS,
    window_ms: float = WINDOW_MS,
    hop_ms: float = HOP_MS,
) -> Tensor:
    """The mel spectrogram of (N, S) in decibels, (N, M, T), with a range of `RANGE_DB` in each sound.

    Raises:
        WorkbenchError: when there are more bands than the window has frequencies for.
    """
    window = samples_in(window_ms, rate_hz)
    powers = power(waves, window, samples_in(hop_ms, rate_hz))  # (N, B, T)
    return decibels(mel_bank(mels, window, rate_hz).to(waves.device) @ powers)  # (N, M, T)


def dct(count: int, bands: int) -> Tensor:
    """The first cosines (count, M) of the discrete cosine transform II, each of length 1."""
    place = torch.arange(bands) + 0.5  # (M,)
    waves = torch.cos(math.pi / bands * torch.arange(count)[:, None] * place)  # (count, M)
    waves *= math.sqrt(2 / bands)
    waves[0] /= math.sqrt(2)
    return waves


def mfcc(log_mels: Tensor, count: int) -> Tensor:
    """Mel-frequency cepstral coefficients (N, count, T) of (N, M, T): a shape in few numbers.

    Coefficient 0 is the level, 1 the slope from low to high, the next ones finer ripples. Neighbouring
    mel bands say nearly the same; cosines over them do not.
    """
    return dct(count, log_mels.shape[1]).to(log_mels.device) @ log_mels  # (N, count, T)


class Analysis(NamedTuple):
    """How sounds become pictures, whichever of the three; half of each window is new in the next."""

    rate_hz: int
    window_ms: float = WINDOW_MS
    mels: int = MELS
    coefficients: int = 20

    @property
    def window(self) -> int:
        """Samples of a piece."""
        return samples_in(self.window_ms, self.rate_hz)

    @property
    def hop_ms(self) -> float:
        return self.window_ms / 2

    def frequencies(self) -> Tensor:
        """The hertz (B,) of the rows of an STFT."""
        return frequencies(self.window, self.rate_hz)

    def bank(self) -> Tensor:
        """The mel bands (M, B)."""
        return mel_bank(self.mels, self.window, self.rate_hz)

    def checked_bank(self) -> Tensor:
        """The mel bands (M, B), where all forms can be made.

        Raises:
            WorkbenchError: with all faults: bands without a frequency, more coefficients than bands.
        """
        faults = []
        if self.coefficients > self.mels:
            faults.append(f"{self.coefficients} coefficients cannot be made of {self.mels} mel bands")
        try:
            bank = self.bank()
        except WorkbenchError as fault:
            faults.append(fault.title)
        if faults:
            remedy = "take fewer coefficients than bands, and fewer bands or a longer window"
            raise WorkbenchError("; ".join(faults), remedy)
        return bank

    def pictures(self, waves: Tensor, form: str) -> Tensor:
        """Sounds (N, S) as `stft`, (N, B, T), `mel`, (N, M, T), or `mfcc`, (N, coefficients, T)."""
        return torch.cat([self._pictures(some, form) for some in waves.split(AT_ONCE)])

    def _pictures(self, waves: Tensor, form: str) -> Tensor:
        if form == "stft":
            return decibels(power(waves, self.window, samples_in(self.hop_ms, self.rate_hz)))
        sizes = {"mels": self.mels, "window_ms": self.window_ms, "hop_ms": self.hop_ms}
        mel = log_mel(waves, self.rate_hz, **sizes)  # (N, M, T)
        return mel if form == "mel" else mfcc(mel, self.coefficients)

    def row_names(self, form: str) -> list[str]:
        """What each row of a picture is, from below to above."""
        if form == "mfcc":
            return [str(index) for index in range(self.coefficients)]
        hertz = self.frequencies()  # (B,)
        if form == "mel":
            hertz = hertz[self.bank().argmax(1)]  # (M,)
        return [f"{value:.0f} Hz" for value in hertz.tolist()]
