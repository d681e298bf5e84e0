"""Spoken digits from a voice made of formulas: a source, shaped by the resonances of a mouth.

A vowel is a buzz of glottal pulses through a cascade of resonators, the formants; a hiss is noise
through one. A word is a row of such sounds. Formants move smoothly from one to the next and do not
quite arrive, as a tongue does. Speakers differ in pitch, length of the vocal tract, tempo, breath and
in how they say each sound; utterances in tempo, pauses, level and the noise around.

Source: D. Klatt, Software for a cascade/parallel formant synthesizer, 1980; pulses: A. Rosenberg,
Effect of glottal pulse shape on the quality of natural vowels, 1971; formants of vowels: G. Peterson
and H. Barney, Control methods used in a study of the vowels, 1952.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

RATE_HZ = 8000  # as a telephone's: nothing above 4 kHz
FRAME, HOP = 128, 64  # samples: 16 ms in which a mouth stands still, every 8 ms
SPECTRUM = 256  # samples: a frame, and what rings after it
BLEND_MS, TOUCH_MS = 70, 24  # in which formants, and loudness, go over from sound to sound
WIDTHS_HZ = (60, 90, 130, 200)  # of the formants
FOURTH_HZ = 3500  # a fourth formant, the same in all sounds
LOUDEST = 0.1  # of a voice, as the root of its mean square
AT_ONCE = 64  # utterances, since each takes many spectra

# Shapes: N utterances, L sounds of the longest, T frames, S samples, B frequencies, K speakers.


class Phone(NamedTuple):
    """A sound: how long it lasts, its formants, its buzz, and its hiss around a frequency."""

    ms: float
    formants_hz: tuple[float, float, float]
    buzz: float = 0.0
    hiss: float = 0.0
    centre_hz: float = 3000
    width_hz: float = 2000


PAUSE = ""
PHONES = {
    PAUSE: Phone(0, (500, 1500, 2500)),
    "-": Phone(50, (500, 1500, 2500)),  # the closure before a plosive's burst
    "iy": Phone(140, (270, 2290, 3010), 0.8),
    "ih": Phone(90, (390, 1990, 2550), 0.9),
    "eh": Phone(110, (530, 1840, 2480), 1.0),
    "ah": Phone(120, (640, 1190, 2390), 1.0),
    "ax": Phone(60, (500, 1400, 2400), 0.7),
    "aa": Phone(100, (730, 1090, 2440), 1.0),
    "ao": Phone(170, (570, 840, 2410), 1.0),
    "oh": Phone(90, (500, 900, 2300), 0.9),
    "uw": Phone(150, (300, 870, 2240), 0.8),
    "uh": Phone(70, (400, 950, 2240), 0.7),
    "ey": Phone(90, (480, 1950, 2600), 0.9),
    "w": Phone(70, (290, 610, 2150), 0.6),
    "r": Phone(70, (310, 1060, 1380), 0.6),
    "n": Phone(80, (250, 1450, 2500), 0.4),
    "v": Phone(60, (220, 1100, 2080), 0.4, 0.05, 3000, 3000),
    "z": Phone(90, (240, 1390, 2530), 0.35, 0.25, 3700, 600),
    "s": Phone(110, (320, 1390, 2530), 0.0, 0.4, 3700, 600),
    "f": Phone(100, (340, 1100, 2080), 0.0, 0.12, 3000, 3500),
    "th": Phone(100, (320, 1290, 2540), 0.0, 0.08, 3400, 2500),
    "t": Phone(30, (400, 1600, 2600), 0.0, 0.4, 3500, 1200),
    "k": Phone(30, (300, 1990, 2850), 0.0, 0.35, 1900, 500),
}
_NUMBERS = {name: number for number, name in enumerate(PHONES)}

SAID = {
    "zero": ["z", "ih", "r", "oh", "uh"],
    "one": ["w", "ah", "n"],
    "two": ["-", "t", "uw"],
    "three": ["th", "r", "iy"],
    "four": ["f", "ao", "r"],
    "five": ["f", "aa", "ih", "v"],
    "six": ["s", "ih", "-", "k", "s"],
    "seven": ["s", "eh", "v", "ax", "n"],
    "eight": ["ey", "ih", "-", "t"],
    "nine": ["n", "aa", "ih", "n"],
}


@dataclass
class Speakers:
    """What stays the same of K speakers: pitch (K,), scale of formants (K,), tempo (K,), breath (K,).

    `accent` (K, phones, 3) is what each speaker multiplies the formants of each sound by.
    """

    pitch_hz: Tensor
    scale: Tensor
    tempo: Tensor
    breath: Tensor
    accent: Tensor

    def of(self, who: Tensor) -> Speakers:
        parts = (self.pitch_hz, self.scale, self.tempo, self.breath, self.accent)
        return Speakers(*(part[who] for part in parts))


def speakers(count: int, dice: torch.Generator) -> Speakers:
    """Speakers drawn at random; who has a short tract mostly has a high voice, but not always."""
    size = torch.rand(count, generator=dice)  # from a large to a small body
    drift = 0.08 * torch.randn(3, count, generator=dice)
    return Speakers(
        pitch_hz=90 * 2.5**size * (2 * drift[0]).exp(),  # about 90 to 225, of men to children
        scale=(0.9 + 0.28 * size) * (drift[1] / 2).exp(),  # 1 is the throat of `PHONES`, a man's
        tempo=0.9 * (2 * drift[2]).exp(),
        breath=0.06 * torch.rand(count, generator=dice),
        accent=(0.05 * torch.randn(count, len(PHONES), 3, generator=dice)).exp(),
    )


def say(texts: Sequence[Sequence[str]], who: Speakers, dice: torch.Generator) -> tuple[Tensor, Tensor]:
    """Each text, words of `SAID` one after another, by its speaker: waves (N, S), and their ends (N,).

    The same dice say the same texts in the same way.
    """
    phones, lengths = _durations(texts, who, dice)  # (N, L), (N, L) in frames
    ends = lengths.sum(1)  # (N,) frames
    waves = torch.zeros(len(texts), int(ends.max()) * HOP)
    for at in ends.argsort(stable=True).split(AT_ONCE):  # those of one length together
        tracks = _tracks(phones[at], lengths[at], int(ends[at].max()), who.of(at))
        voiced = _voiced(tracks, who.of(at), dice)
        waves[at, : voiced.shape[1]] = voiced
    return recorded(waves, ends * HOP, dice)


@dataclass
class _Tracks:
    """What moves: formants (N, T, 3), hiss frequency and width (N, T, 2), buzz and hiss (N, T, 2)."""

    formants_hz: Tensor
    hiss_hz: Tensor
    levels: Tensor


def _durations(
    texts: Sequence[Sequence[str]], who: Speakers, dice: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Numbers of sounds, filled up with silence, and how many frames each lasts: (N, L) both."""
    rows = [[*(s for word in words for s in (PAUSE, *SAID[word])), PAUSE] for words in texts]
    counts = torch.tensor([len(row) for row in rows])[:, None]  # (N, 1)
    phones = pad_sequence(
        [torch.tensor([_NUMBERS[sound] for sound in row]) for row in rows], batch_first=True
    )  # (N, L)
    place = torch.arange(phones.shape[1])
    is_pause, is_edge = phones == _NUMBERS[PAUSE], (place == 0) | (place == counts - 1)
    # Utterances differ in tempo by up to 15 %, and the sounds of one by about as much.
    tempo = who.tempo * (0.3 * torch.rand(len(rows), generator=dice) - 0.15).exp()  # (N,)
    spread = (0.15 * torch.randn(phones.shape, generator=dice)).exp()
    spoken_ms = _aims("ms")[phones] * spread / tempo[:, None]
    chance = torch.rand(phones.shape, generator=dice)
    # Most pauses between words are hardly there, so that words run into each other.
    pause_ms = torch.where(is_edge, 60 + 150 * chance, 150 * chance**2)
    frames = (torch.where(is_pause, pause_ms, spoken_ms) / 1000 * RATE_HZ / HOP).round().long()
    least = torch.where(is_pause, 0, 2)
    return phones, torch.maximum(frames, least) * (place < counts)


def _aims(field: str) -> Tensor:
    """That field of each sound, (phones,) or (phones, 3)."""
    return torch.tensor([getattr(phone, field) for phone in PHONES.values()], dtype=torch.float32)


def _tracks(phones: Tensor, lengths: Tensor, frames: int, who: Speakers) -> _Tracks:
    """What each sound aims at, held as long as it lasts, and smoothed."""
    ends = lengths.cumsum(1)  # (N, L): the frame at which each ends
    place = torch.arange(frames).expand(len(phones), -1).contiguous()  # (N, T)
    at = torch.searchsorted(ends, place, right=True).clamp(max=phones.shape[1] - 1)  # (N, T)
    spoken = phones.gather(1, at)  # (N, T)
    own = _aims("formants_hz") * who.accent * who.scale[:, None, None]  # (N, phones, 3)
    formants = own[torch.arange(len(phones))[:, None], spoken]  # (N, T, 3)
    hiss = torch.stack([_aims("centre_hz"), _aims("width_hz")], dim=1)[spoken]  # (N, T, 2)
    levels = torch.stack([_aims("buzz"), _aims("hiss")], dim=1)[spoken]  # (N, T, 2)
    hiss[..., 0] *= who.scale[:, None].sqrt()
    levels[..., 1] += who.breath[:, None] * levels[..., 0]
    return _Tracks(_smooth(formants, BLEND_MS), hiss, _smooth(levels, TOUCH_MS))


def _smooth(tracks: Tensor, ms: float) -> Tensor:
    """The mean (N, T, P) of what lies within so many milliseconds, the middle counting most."""
    reach = max(1, round(ms / 2000 * RATE_HZ / HOP))
    window = torch.hann_window(2 * reach + 3, periodic=False)[1:-1]
    padded = F.pad(tracks.mT, (reach, reach), mode="replicate")  # (N, P, T + 2 reach)
    windows = padded.unfold(2, 2 * reach + 1, 1)  # (N, P, T, 2 reach + 1)
    return (windows @ (window / window.sum())).mT


def _voiced(tracks: _Tracks, who: Speakers, dice: torch.Generator) -> Tensor:
    """The sound (N, S): pulses and noise, frame by frame through the resonances of that frame."""
    n, frames, _ = tracks.formants_hz.shape
    flow = _pulses(_pitch(frames, who, dice))  # (N, S)
    noise = torch.randn(flow.shape, generator=dice)
    fourth = FOURTH_HZ * who.scale.sqrt()[:, None, None].expand(n, frames, 1)
    poles = torch.cat([tracks.formants_hz, fourth], dim=2)  # (N, T, 4)
    mouth = _resonances(poles, torch.tensor(WIDTHS_HZ, dtype=torch.float32))  # (N, T, B)
    gap = _resonances(tracks.hiss_hz[..., :1], tracks.hiss_hz[..., 1:])
    buzz, hiss = tracks.levels[..., :1], tracks.levels[..., 1:]
    spectrum = _spectra(flow) * mouth * buzz + _spectra(noise) * gap * hiss
    ringing = torch.fft.irfft(spectrum, SPECTRUM)  # (N, T, SPECTRUM)
    length = (frames - 1) * HOP + SPECTRUM
    added = F.fold(ringing.mT, (1, length), (1, SPECTRUM), stride=(1, HOP))  # (N, 1, 1, length)
    return added[:, 0, 0, : frames * HOP]


def _spectra(source: Tensor) -> Tensor:
    """Of each frame of (N, S), begun and ended softly so that all frames add up to the source."""
    pieces = F.pad(source, (0, FRAME - HOP)).unfold(1, FRAME, HOP)  # (N, T, FRAME)
    return torch.fft.rfft(pieces * torch.hann_window(FRAME), SPECTRUM)  # (N, T, B)


def _resonances(centres_hz: Tensor, widths_hz: Tensor) -> Tensor:
    """How a cascade of resonators at (N, T, R) passes each frequency: (N, T, B), complex.

    A resonator is y[t] = x[t] + b y[t-1] + c y[t-2] with c = -exp(-2π width / rate) and
    b = 2 exp(-π width / rate) cos(2π centre / rate). A cascade multiplies the polynomials
    1 - b z⁻¹ - c z⁻², and the spectrum of the product is that of its coefficients.
    """
    shrink = torch.exp(-math.pi * widths_hz / RATE_HZ)
    b = 2 * shrink * torch.cos(2 * math.pi * centres_hz / RATE_HZ)  # (N, T, R)
    c = -(shrink**2).expand_as(b)
    whole = torch.ones(*b.shape[:2], 1)
    for one in range(b.shape[2]):
        b1, c1 = b[..., one, None], c[..., one, None]
        padded = F.pad(whole, (0, 2))
        whole = padded - b1 * F.pad(whole, (1, 1)) - c1 * F.pad(whole, (2, 0))  # two longer
    passed = 1 / torch.fft.rfft(whole, SPECTRUM)  # (N, T, B)
    # Klatt lets 0 Hz pass as it is. Here white noise keeps its power, so that levels are loudness.
    total = torch.linalg.vector_norm(torch.view_as_real(passed), dim=(2, 3))[..., None]  # (N, T, 1)
    return passed * (math.sqrt(passed.shape[2]) / total)


def _pitch(frames: int, who: Speakers, dice: torch.Generator) -> Tensor:
    """Hertz at each sample (N, S): falling a little to the end, and never quite steady."""
    n = len(who.pitch_hz)
    falls = torch.linspace(0.12, -0.12, frames) * torch.rand(n, 1, generator=dice)  # (N, T)
    wander = _smooth(torch.randn(n, frames, 1, generator=dice), 300)[..., 0]
    hertz = who.pitch_hz[:, None] * (falls + 0.25 * wander).exp()  # (N, T)
    return F.interpolate(hertz[:, None], scale_factor=HOP, mode="linear")[:, 0]  # (N, S)


def _pulses(hertz: Tensor) -> Tensor:
    """The change of the flow through the glottis (N, S): it opens slowly, closes fast, rests."""
    # Doubles, for a sum over a long text would lose what is behind the point.
    turn = (hertz.double().cumsum(1) / RATE_HZ).frac().float()  # (N, S), 0 to 1 in each period
    opening, closing = 0.45, 0.08  # shares of a period
    rising = (1 - torch.cos(math.pi * turn / opening)) / 2
    falling = torch.cos(math.pi / 2 * (turn - opening) / closing)
    flow = torch.where(turn < opening, rising, torch.where(turn < opening + closing, falling, 0))
    change = flow.diff(dim=1, prepend=flow[:, :1])
    return change / change.square().mean(1, keepdim=True).sqrt()


def recorded(waves: Tensor, ends: Tensor, dice: torch.Generator) -> tuple[Tensor, Tensor]:
    """Voices (N, S) at levels of their own, in noise of their own, silent behind their ends (N,).

    Levels differ by 20 dB; the noise lies 8 to 30 dB below the voice. Values are from -1 to 1.
    """
    n, samples = waves.shape
    lasts = torch.arange(samples) < ends[:, None]  # (N, S)
    voices = waves * lasts
    effective = torch.linalg.vector_norm(voices, dim=1) / ends.sqrt()  # (N,), of the samples that last
    voices /= effective.clamp(min=1e-9)[:, None]
    below_db = 8 + 22 * torch.rand(n, 1, generator=dice)
    noise = torch.randn(n, samples, generator=dice)
    voices += noise.mul_(10 ** (-below_db / 20))
    level = LOUDEST * 10 ** (-20 * torch.rand(n, 1, generator=dice) / 20)
    return voices.mul_(lasts).mul_(level).clamp_(-1, 1), ends
