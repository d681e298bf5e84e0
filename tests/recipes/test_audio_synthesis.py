"""Sounds by formulas: what makes each kind is in it, and no two parts share one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from recipes.audio import _features, _synthesis

RATE_HZ = 8000


def bench(count: int = 40, seed: int = 0) -> _synthesis._Bench:
    return _synthesis._Bench(count, RATE_HZ, 1.0, torch.Generator().manual_seed(seed))


def made(name: str) -> tuple[Tensor, Tensor]:
    """Sounds (N, S) of a kind, and how many samples each lasts, (N, 1)."""
    one = bench()
    return _synthesis.MAKERS[name](one), one.length * RATE_HZ


def highest(waves: Tensor) -> Tensor:
    """The strongest frequency of each moment in Hz, (N, T)."""
    return _features.power(waves, 256, 128).argmax(1) * RATE_HZ / 256


@pytest.mark.parametrize("name", _synthesis.MAKERS)
def test_a_sound_is_heard_while_it_lasts_and_no_longer(name: str) -> None:
    waves, lasting = made(name)
    assert waves.shape == (40, RATE_HZ) and waves.isfinite().all()
    after = torch.arange(RATE_HZ) > lasting + 1  # (N, S)
    assert not waves[after].any()
    assert (waves.square().sum(1) > 1e-3 * lasting[:, 0] * waves.abs().amax(1).square()).all()
    assert (waves[0] - waves[1]).abs().max() > 0.1 * waves.abs().max()


def test_the_same_seed_makes_the_same_and_another_seed_others() -> None:
    first, again, other = (_synthesis.made(3, RATE_HZ, 1.0, seed, 0.0) for seed in (0, 0, 1))
    assert torch.equal(first.waves, again.waves)
    assert first.waves.shape == (3 * len(_synthesis.MAKERS), RATE_HZ)
    assert first.waves.abs().max() <= 1
    assert torch.equal(first.labels.bincount(), torch.full((len(_synthesis.MAKERS),), 3))
    apart = (first.waves[:, None] - other.waves[None]).abs().amax(2)  # (N, N)
    assert apart.min() > 0.01


@pytest.mark.parametrize(("name", "sign"), [("rising", 1), ("falling", -1)])
def test_glides_go_the_way_that_they_are_called(name: str, sign: int) -> None:
    waves, lasting = made(name)
    hertz = highest(waves)  # (N, T)
    end = (0.8 * lasting / 128).long()
    change = hertz.gather(1, end)[:, 0] - hertz[:, 2]
    assert (sign * change > 60).all()


def test_a_swell_is_a_bell_backwards() -> None:
    for name, grows in (("bell", False), ("swell", True)):
        waves, lasting = made(name)
        place = torch.arange(RATE_HZ)
        first = (waves.square() * (place < lasting / 2)).sum(1)
        assert ((waves.square().sum(1) - first > first) == grows).all()


def test_a_string_repeats_itself_after_its_period() -> None:
    # Its random numbers are those of the maker, in the maker's order.
    one, same = bench(), bench()
    period = (RATE_HZ / same.pitch(90, 400)).round().long()[:, 0]  # (N,)
    waves = _synthesis.MAKERS["pluck"](one)
    for wave, samples in zip(waves, period.tolist(), strict=True):
        early, later = wave[samples : 2 * samples], wave[2 * samples : 3 * samples]
        likeness = torch.nn.functional.cosine_similarity(early, later, dim=0)
        assert likeness > 0.8


def test_vowels_are_strong_where_their_formants_are() -> None:
    means = {}
    for name in _synthesis.FORMANTS_HZ:
        waves, _ = made(name)
        power = _features.power(waves, 256, 128).mean((0, 2))  # (B,)
        means[name] = power / power.sum()
    hertz = torch.arange(129) * RATE_HZ / 256
    shares = {name: float(mean[(hertz > 1900) & (hertz < 3400)].sum()) for name, mean in means.items()}
    assert shares["ee"] > 3 * shares["oo"]  # the second and third formants of ee
    middle = {name: float(mean[(hertz > 600) & (hertz < 1300)].sum()) for name, mean in means.items()}
    assert middle["ah"] > 3 * middle["ee"]


def test_noise_is_as_strong_as_it_is_asked_to_be() -> None:
    tone = torch.sin(2 * torch.pi * 440 * torch.arange(RATE_HZ) / RATE_HZ).expand(200, -1)
    length, dice = torch.full((200, 1), 0.5), torch.Generator().manual_seed(0)
    half = tone * (torch.arange(RATE_HZ) < 4000)
    waves = _synthesis.placed(half, length, RATE_HZ, 30.0, dice)  # noise 30 dB below, no more nor less
    power = waves.unfold(1, 400, 400).square().mean(2)  # (N, 20)
    ratio_db = 10 * (power.amax(1) / power.amin(1)).log10()
    assert ratio_db.min() > 25 and ratio_db.median() < 45
    loudest = waves.abs().amax(1)
    assert loudest.max() <= 1 and loudest.min() > 10 ** (-25 / 20)
    begins = (power > power.amax(1, keepdim=True) / 4).int().argmax(1)
    assert len(begins.unique()) > 6  # they begin at different moments


def test_noise_is_white_or_brown_by_its_slope() -> None:
    white = torch.randn(100, RATE_HZ, generator=torch.Generator().manual_seed(0))
    for slope, octave_db in ((0.0, 0.0), (1.0, 6.0)):
        noise = _synthesis.coloured(white, torch.full((100, 1), slope))
        assert noise.square().mean(1).allclose(torch.ones(100), atol=1e-4)
        power = torch.fft.rfft(noise).abs().square().mean(0)  # (S // 2 + 1,), one row a Hz
        low, high = power[450:550].mean(), power[900:1100].mean()
        assert float(10 * (low / high).log10()) == pytest.approx(octave_db, abs=0.5)
