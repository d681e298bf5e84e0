"""Thirteen kinds of sounds, made by formulas: no two alike in pitch, length, onset, level and noise.

Source: plucked strings: K. Karplus and A. Strong, Digital synthesis of plucked-string and drum timbres,
1983; bells: J. Chowning, The synthesis of complex audio spectra by means of frequency modulation, 1973;
vowels: formants of G. Peterson and H. Barney, Control methods used in a study of the vowels, 1952.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from recipes.audio._sounds import Sounds

TURN = 2 * math.pi
LENGTHS = 0.25, 0.7  # shares of the whole time
LEVELS_DB = -24.0, 0.0  # of the loudest sample
BEST_DB = 30.0  # how far the noise lies below the sound, at most
SLOPES = 0.0, 1.0  # amplitude of noise by 1 / frequency to that power: from white to brown
FORMANTS_HZ = {"ah": (730, 1090, 2440), "ee": (270, 2290, 3010), "oo": (300, 870, 2240)}
WIDTHS_HZ = (80, 100, 140)  # of the formants

# Shapes: N sounds, S samples.


@dataclass
class _Bench:
    """What the makers share: the moments of a sound, its length, and the dice of its part."""

    count: int
    rate_hz: int
    seconds: float
    dice: torch.Generator

    def __post_init__(self) -> None:
        samples = round(self.seconds * self.rate_hz)
        self.time = torch.arange(samples) / self.rate_hz  # (S,), seconds
        self.length = self.seconds * self.between(*LENGTHS)  # (N, 1), seconds

    def between(self, low: float, high: float) -> Tensor:
        """A number for each sound, (N, 1)."""
        return low + (high - low) * torch.rand(self.count, 1, generator=self.dice)

    def pitch(self, low_hz: float, high_hz: float) -> Tensor:
        """A frequency for each, all octaves alike, (N, 1)."""
        return low_hz * (high_hz / low_hz) ** self.between(0, 1)

    def noise(self) -> Tensor:
        return torch.randn(self.count, len(self.time), generator=self.dice)  # (N, S)

    def turns(self, hertz: Tensor) -> Tensor:
        """The angle of an oscillator whose frequency changes as (N, S) says."""
        return TURN * hertz.cumsum(1) / self.rate_hz

    def lasting(self, rise_s: float = 0.02) -> Tensor:
        """An envelope (N, S) that rises and falls softly, and is 0 after each sound's length."""
        rising, falling = self.time / rise_s, (self.length - self.time) / rise_s
        return torch.minimum(rising, falling).clamp(0, 1)

    def fading(self, low_s: float, high_s: float) -> Tensor:
        """An envelope (N, S) struck at once, which loses two thirds in a time between these."""
        return torch.exp(-self.time / self.between(low_s, high_s)) * self.lasting(0.002)


def _tone(bench: _Bench) -> Tensor:
    """A steady pitch with the timbre of its first overtones, as of an organ."""
    angle = TURN * bench.pitch(200, 900) * bench.time  # (N, S)
    overtones = sum(bench.between(0, 0.6) * torch.sin(order * angle) for order in (2, 3, 4))
    return (torch.sin(angle) + overtones) * bench.lasting()


def _glide(bench: _Bench, *, up: bool) -> Tensor:
    """A pitch that moves by one to two octaves; falling ones are rising ones backwards."""
    low, octaves = bench.pitch(200, 500), bench.between(1, 2)  # (N, 1)
    passed = (bench.time / bench.length).clamp(max=1)  # (N, S), from 0 to 1
    angle = bench.turns(low * 2 ** (octaves * (passed if up else 1 - passed)))  # (N, S)
    return (torch.sin(angle) + bench.between(0, 0.4) * torch.sin(2 * angle)) * bench.lasting()


def _siren(bench: _Bench) -> Tensor:
    """A pitch that goes up and down, several times a second."""
    swing = torch.sin(TURN * (bench.between(4, 9) * bench.time + bench.between(0, 1)))  # (N, S)
    hertz = bench.pitch(400, 1200) * 2 ** (bench.between(0.2, 0.5) * swing)
    return torch.sin(bench.turns(hertz)) * bench.lasting()


def _bell(bench: _Bench) -> Tensor:
    """Frequency modulation at no whole ratio; how bright it is fades with it."""
    fading, pitch = bench.fading(0.08, 0.25), bench.pitch(200, 500)
    modulator = torch.sin(TURN * bench.between(1.3, 1.5) * pitch * bench.time)  # (N, S)
    brightness = bench.between(2, 6) * fading
    return torch.sin(TURN * pitch * bench.time + brightness * modulator) * fading


def _swell(bench: _Bench) -> Tensor:
    """A bell backwards: it grows, and stops at once."""
    samples = len(bench.time)
    ends = (bench.length * bench.rate_hz).long()  # (N, 1)
    mirrored = (ends - torch.arange(samples)).clamp(0, samples - 1)  # (N, S)
    return _bell(bench).gather(1, mirrored) * bench.lasting(0.002)


def _pluck(bench: _Bench) -> Tensor:
    """A string as a loop: noise goes round in it, and each round is the mean of neighbours."""
    period = (bench.rate_hz / bench.pitch(90, 400)).round().long()  # (N, 1), samples
    stays = bench.between(0.97, 0.998)
    most, step, samples = int(period.max()) + 1, int(period.min()), len(bench.time)
    string = torch.zeros(bench.count, most + samples)
    string[:, :most] = torch.rand(bench.count, most, generator=bench.dice) * 2 - 1
    for begin in range(most, most + samples, step):
        # A round takes at least `step` samples, so what these need is all there.
        now = torch.arange(begin, min(begin + step, most + samples))  # (step,)
        string[:, now] = (
            stays * (string.gather(1, now - period) + string.gather(1, now - period - 1)) / 2
        )
    return string[:, most:] * bench.lasting(0.002)


def _drum(bench: _Bench) -> Tensor:
    """A skin whose pitch falls as it comes to rest, and the noise of the stroke."""
    hertz = bench.pitch(70, 180) * (1 + 2 * torch.exp(-bench.time / 0.03))  # (N, S)
    stroke = bench.between(0.1, 0.5) * bench.noise() * torch.exp(-bench.time / 0.02)
    return (torch.sin(bench.turns(hertz)) + stroke) * bench.fading(0.04, 0.12)


def _hiss(bench: _Bench) -> Tensor:
    """Noise of a band of an octave or so, as of steam or an s."""
    middle = bench.pitch(600, 2400)
    hertz = torch.fft.rfftfreq(len(bench.time), 1 / bench.rate_hz)  # (S // 2 + 1,)
    octaves = torch.log2(hertz.clamp(min=1) / middle)  # (N, S // 2 + 1)
    band = torch.exp(-(octaves / bench.between(0.3, 0.6)).square())
    return torch.fft.irfft(torch.fft.rfft(bench.noise()) * band, len(bench.time)) * bench.lasting()


def _clicks(bench: _Bench) -> Tensor:
    """Short knocks at an even pace, as of a ratchet."""
    pace = bench.between(12, 30)  # (N, 1), a second
    since = (bench.time * pace).frac() / pace  # (N, S), seconds since the last knock
    knock = torch.sin(TURN * bench.pitch(500, 1800) * since) + 0.5 * bench.noise()
    return knock * torch.exp(-since / 0.004) * bench.lasting(0.002)


def _vowel(bench: _Bench, name: str) -> Tensor:
    """Pulses of a voice, and resonances of a throat; both differ from speaker to speaker."""
    swing = torch.sin(TURN * bench.between(3, 6) * bench.time)  # (N, S)
    rounds = bench.turns(bench.pitch(90, 280) * (1 + 0.03 * swing)) / TURN  # (N, S)
    pulses = rounds.floor().diff(dim=1, prepend=torch.zeros(bench.count, 1))  # 1 where one begins
    hertz = torch.fft.rfftfreq(len(bench.time), 1 / bench.rate_hz)  # (S // 2 + 1,)
    size = bench.between(0.88, 1.18)  # (N, 1); a short throat sounds higher
    response = 1 / (1 + hertz / 300)  # of glottis and lips: each octave 6 dB weaker
    for formant, width in zip(FORMANTS_HZ[name], WIDTHS_HZ, strict=True):
        centre = formant * size
        pole = torch.complex(torch.full_like(centre, -width / 2), centre)  # (N, 1)
        at = 1j * hertz
        response = response * (pole.abs().square() / ((at - pole) * (at - pole.conj())))
    spoken = torch.fft.irfft(torch.fft.rfft(pulses) * response, len(bench.time))  # (N, S)
    return spoken * bench.lasting(0.03)


MAKERS: dict[str, Callable[[_Bench], Tensor]] = {
    "tone": _tone,
    "rising": lambda bench: _glide(bench, up=True),
    "falling": lambda bench: _glide(bench, up=False),
    "siren": _siren,
    "bell": _bell,
    "swell": _swell,
    "pluck": _pluck,
    "drum": _drum,
    "hiss": _hiss,
    "clicks": _clicks,
    **{name: lambda bench, name=name: _vowel(bench, name) for name in FORMANTS_HZ},
}


def made(each: int, rate_hz: int, seconds: float, seed: int, worst_db: float) -> Sounds:
    """So many sounds of each kind, (N, S); another seed makes others. They fit into -1 to 1.

    `worst_db` is how far the strength of a sound lies above that of the noise around it, at least.
    """
    dice = torch.Generator().manual_seed(seed)
    waves = torch.cat(
        [
            placed(maker(bench), bench.length, rate_hz, worst_db, dice)
            for maker in MAKERS.values()
            for bench in [_Bench(each, rate_hz, seconds, dice)]
        ]
    )  # (N, S)
    return Sounds(waves, torch.arange(len(MAKERS)).repeat_interleave(each), [*MAKERS])


def placed(
    sounds: Tensor, length: Tensor, rate_hz: int, worst_db: float, dice: torch.Generator
) -> Tensor:
    """Sounds (N, S) of those seconds (N, 1), begun at any moment, in noise of any colour and level."""
    count, samples = sounds.shape

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, generator=dice)

    lasting = (length * rate_hz).clamp(max=samples)  # (N, 1), samples
    onset = (between(0, 1) * (samples - lasting)).long()  # (N, 1)
    places = torch.arange(samples) - onset  # (N, S)
    moved = sounds.gather(1, places.clamp(min=0)) * (places >= 0)
    power = moved.square().sum(1, keepdim=True) / lasting  # (N, 1), while it lasts
    noise = coloured(torch.randn(count, samples, generator=dice), between(*SLOPES))  # (N, S), power 1
    noisy = moved + noise * power.sqrt() * 10 ** (-between(worst_db, max(worst_db, BEST_DB)) / 20)
    peak = noisy.abs().amax(1, keepdim=True).clamp(min=1e-9)
    return noisy / peak * 10 ** (between(*LEVELS_DB) / 20)


def coloured(white: Tensor, slope: Tensor) -> Tensor:
    """White noise (N, S) made weaker by frequency to the power of `slope` (N, 1); its power is 1."""
    spectrum = torch.fft.rfft(white)  # (N, S // 2 + 1)
    rank = torch.arange(spectrum.shape[1]).clamp(min=8)  # what is lower would be a drift, not a sound
    shaped = torch.fft.irfft(spectrum / rank**slope, white.shape[1])  # (N, S)
    return shaped / shaped.square().mean(1, keepdim=True).sqrt().clamp(min=1e-9)
