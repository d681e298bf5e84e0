"""What `_features` computes by hand is what torchaudio computes."""

from __future__ import annotations

import pytest
import torch
from torchaudio import transforms

from recipes.audio import _features
from workbench.errors import WorkbenchError

RATE_HZ = 8000
WINDOW, HOP = 256, 128


@pytest.fixture(scope="module")
def waves() -> torch.Tensor:
    """A chirp and a soft tone, in noise: without it most bands would hold rounding alone. (2, S)."""
    time = torch.arange(5000) / RATE_HZ
    chirp = torch.sin(2 * torch.pi * (200 * time + 2000 * time**2))
    tone = 0.01 * torch.sin(2 * torch.pi * 440 * time)
    noise = torch.randn(2, 5000, generator=torch.Generator().manual_seed(0))
    return torch.stack([chirp + 0.05 * noise[0], tone + 0.001 * noise[1]])


def close(ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    return ours.shape == theirs.shape and torch.allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_the_power_is_torchaudios(waves: torch.Tensor) -> None:
    theirs = transforms.Spectrogram(n_fft=WINDOW, hop_length=HOP)
    assert close(_features.power(waves, WINDOW, HOP), theirs(waves))
    assert _features.power(waves, WINDOW, HOP).shape == (2, WINDOW // 2 + 1, 5000 // HOP + 1)


@pytest.mark.parametrize("bands", [20, 40])
def test_the_mel_spectrogram_is_torchaudios(waves: torch.Tensor, bands: int) -> None:
    theirs = transforms.MelSpectrogram(RATE_HZ, n_fft=WINDOW, hop_length=HOP, n_mels=bands)
    bank = _features.mel_bank(bands, WINDOW, RATE_HZ)
    assert close(bank, theirs.mel_scale.fb.mT)
    assert close(bank @ _features.power(waves, WINDOW, HOP), theirs(waves))


def test_log_mel_and_mfcc_are_torchaudios(waves: torch.Tensor) -> None:
    options = {"n_fft": WINDOW, "hop_length": HOP, "n_mels": 40}
    mel, to_db = transforms.MelSpectrogram(RATE_HZ, **options), transforms.AmplitudeToDB(top_db=80)
    mfcc = transforms.MFCC(RATE_HZ, n_mfcc=13, melkwargs=options)
    ours = _features.log_mel(waves, RATE_HZ)
    for index, one in enumerate(waves.split(1)):  # theirs takes the loudest of a whole batch
        assert close(ours[index : index + 1], to_db(mel(one)))
        assert close(_features.mfcc(ours, 13)[index : index + 1], mfcc(one))


def test_a_tone_is_in_its_row_and_its_band() -> None:
    time = torch.arange(RATE_HZ) / RATE_HZ
    tone = torch.sin(2 * torch.pi * 1000 * time)[None]
    assert _features.power(tone, WINDOW, HOP)[0, :, 30].argmax() == 1000 * WINDOW // RATE_HZ
    band = _features.log_mel(tone, RATE_HZ)[0, :, 30].argmax()
    distance = _features.to_mel(RATE_HZ / 2) / 41
    assert abs((int(band) + 1) * distance - 1000) <= distance / 2


def test_bands_without_a_frequency_are_refused() -> None:
    with pytest.raises(WorkbenchError, match="mel bands hold no frequency") as fault:
        _features.mel_bank(128, 64, RATE_HZ)
    assert "fewer bands" in fault.value.remedy
