from __future__ import annotations

import torch
from torch import Tensor

from recipes.audio import _formants
from recipes.audio._formants import RATE_HZ, Speakers


def dice(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def plain(pitch_hz: float = 120, scale: float = 1.0) -> Speakers:
    """One speaker without peculiarities."""
    one = torch.ones(1)
    accent = torch.ones(1, len(_formants.PHONES), 3)
    return Speakers(pitch_hz * one, scale * one, one, 0 * one, accent)


def held(sound: str, who: Speakers, frames: int = 80) -> Tensor:
    """A sound that does not end (S,)."""
    number = torch.tensor([[_formants._NUMBERS[sound]]])
    tracks = _formants._tracks(number, torch.tensor([[frames]]), frames, who)
    return _formants._voiced(tracks, who, dice())[0]


def strength(wave: Tensor) -> Tensor:
    """Of each hertz from 0 to 3999, (4000,)."""
    soft = wave * torch.hann_window(len(wave))
    return torch.fft.rfft(soft, RATE_HZ).abs()[:-1]


def test_resonators_pass_what_the_recursion_passes() -> None:
    centres, widths = torch.tensor([500.0, 1500.0]), torch.tensor([300.0, 400.0])
    signal = torch.zeros(_formants.SPECTRUM, dtype=torch.float64)
    signal[0] = 1
    for centre, width in zip(centres.tolist(), widths.tolist(), strict=True):
        c = -torch.exp(torch.tensor(-2 * torch.pi * width / RATE_HZ)).item()
        b = 2 * (-c) ** 0.5 * torch.cos(torch.tensor(2 * torch.pi * centre / RATE_HZ)).item()
        out = torch.zeros_like(signal)
        for t in range(len(signal)):
            out[t] = signal[t] + (b * out[t - 1] if t else 0) + (c * out[t - 2] if t > 1 else 0)
        signal = out
    by_recursion = torch.fft.rfft(signal)
    found = _formants._resonances(centres[None, None], widths)[0, 0]
    ratio = found / by_recursion
    assert torch.allclose(ratio, ratio[0].expand_as(ratio), rtol=1e-3)
    assert found.abs().square().mean().sqrt().isclose(torch.tensor(1.0))


def test_a_vowel_is_loudest_at_its_formants() -> None:
    for vowel in ("iy", "aa", "uw"):
        loud = strength(held(vowel, plain(pitch_hz=100)))
        first, second, _ = _formants.PHONES[vowel].formants_hz
        for formant in (first, second):
            near = loud[int(formant - 100) : int(formant + 100)].max()
            # Between formants, a valley on the far side of it from the other.
            far = loud[int((first + second) / 2 - 100) : int((first + second) / 2 + 100)].max()
            assert near > far * (1.05 if second - first < 600 else 2)


def test_a_shorter_tract_has_higher_formants_at_the_same_pitch() -> None:
    def first_formant(scale: float) -> int:
        loud = strength(held("aa", plain(100, scale)))
        return int(loud[:1000].argmax())

    assert first_formant(1.3) > first_formant(0.8) + 150


def test_pitch_is_that_of_the_speaker() -> None:
    for pitch in (100, 220):
        wave = held("aa", plain(pitch))[1000:4000]
        delays = torch.arange(RATE_HZ // 300, RATE_HZ // 70)
        alike = torch.stack([(wave[:-d] * wave[d:]).mean() for d in delays.tolist()])
        first = int(delays[(alike > 0.7 * alike.max()).nonzero()[0, 0]])
        assert abs(RATE_HZ / first - pitch) < 0.2 * pitch


def test_a_hiss_is_high_and_a_pause_is_silent() -> None:
    loud = strength(held("s", plain()))
    assert loud[3000:].square().sum() > 5 * loud[:3000].square().sum()
    assert not held(_formants.PAUSE, plain()).any()


def test_the_same_dice_say_the_same_and_others_do_not() -> None:
    texts = [["one", "two"], ["seven"], ["three", "nine", "zero"]]

    def said(seed: int) -> tuple[Tensor, Tensor]:
        drawn = dice(seed)
        return _formants.say(texts, _formants.speakers(3, drawn), drawn)

    (waves, ends), (again, _), (other, _) = said(1), said(1), said(2)
    assert torch.equal(waves, again)
    length = min(waves.shape[1], other.shape[1])
    assert not torch.equal(waves[:, :length], other[:, :length])
    assert waves.shape[1] == ends.max() and ends.argsort().tolist() == [1, 0, 2]
    for wave, end in zip(waves, ends.tolist(), strict=True):
        assert wave[:end].std() > 0.001 and not wave[end:].any()
    assert waves.abs().max() <= 1


def test_each_utterance_lasts_as_its_sounds_do() -> None:
    words = [[word] for word in _formants.SAID]
    _, ends = _formants.say(words, plain().of(torch.zeros(10, dtype=torch.long)), dice())
    assert (ends > 0.25 * RATE_HZ).all() and (ends < 1.2 * RATE_HZ).all()
    (_, often), (_, once) = (_formants.say([["five"] * count], plain(), dice()) for count in (5, 1))
    assert 2.5 * once < often < 5 * once
