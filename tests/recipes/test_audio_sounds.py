"""Files of any rate, channels and length are read as one kind of sound, or refused with all faults."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import soundfile
import torch

from recipes.audio import _sounds
from workbench.errors import Faults, WorkbenchError

RATE_HZ = 8000


def tone(hertz: float, seconds: float, rate_hz: int) -> torch.Tensor:
    return 0.5 * torch.sin(2 * torch.pi * hertz * torch.arange(round(seconds * rate_hz)) / rate_hz)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("rate_hz", [RATE_HZ, 22050, 44100])
def test_a_file_is_read_at_the_rate_that_is_asked_for(
    tmp_path: Path, suffix: str, rate_hz: int
) -> None:
    file, loud = tmp_path / f"a.{suffix}", tone(440, 1, rate_hz)
    soundfile.write(file, torch.stack([loud, 0.5 * loud], dim=1).numpy(), rate_hz)  # (S, 2)
    wave, expected = _sounds.read_sound(file, RATE_HZ), 0.75 * tone(440, 1, RATE_HZ)
    assert wave.shape == (RATE_HZ,) and wave.dtype == torch.float32
    inside = slice(400, -400)  # a sound that is cut off sharply rings at its ends
    assert (wave - expected)[inside].abs().max() < (0.05 if suffix == "ogg" else 2e-3)


def test_resampling_leaves_what_both_rates_can_hold() -> None:
    both = tone(440, 1, 44100) + tone(6000, 1, 44100)
    down = _sounds.resampled(both, 44100, RATE_HZ)[400:-400]
    assert (down - tone(440, 1, RATE_HZ)[400:-400]).abs().max() < 2e-3  # 6 kHz would be heard as 2 kHz
    up = _sounds.resampled(tone(440, 1, RATE_HZ), RATE_HZ, 44100)[2000:-2000]
    assert (up - tone(440, 1, 44100)[2000:-2000]).abs().max() < 2e-3
    odd = _sounds.resampled(torch.ones(1), 44100, RATE_HZ)
    assert odd.shape == (1,)


def test_what_is_too_long_keeps_its_loudest_stretch() -> None:
    wave = torch.zeros(100)
    wave[60:70] = torch.arange(10) + 1.0
    assert torch.equal(_sounds.fitted(wave, 10), wave[60:70])
    assert torch.equal(_sounds.fitted(wave, 100), wave)
    assert torch.equal(_sounds.fitted(torch.ones(3), 6), torch.tensor([0.0, 1, 1, 1, 0, 0]))


def test_what_was_done_to_sounds_is_told(tmp_path: Path) -> None:
    files = [tmp_path / f"{index}.wav" for index in range(3)]
    soundfile.write(files[0], tone(440, 1, RATE_HZ).numpy(), RATE_HZ)
    soundfile.write(files[1], tone(440, 2, 16000)[:, None].expand(-1, 2).numpy(), 16000)
    soundfile.write(files[2], tone(440, 0.5, RATE_HZ).numpy(), RATE_HZ)
    read = _sounds.read_all({one.name: one for one in files}, RATE_HZ, RATE_HZ, Faults("sounds"))
    assert [len(wave) for wave in read.waves] == [RATE_HZ] * 3
    assert read.notes() == [
        "of 3 sounds: 1 mixed to one channel, 1 resampled, "
        "1 cut to their loudest stretch, 1 filled up with silence"
    ]
    alike = _sounds.read_all({"a": files[0]}, RATE_HZ, RATE_HZ, Faults("sounds"))
    assert alike.notes() == []


def test_all_sounds_that_cannot_be_used_are_named_together(tmp_path: Path) -> None:
    good, broken, empty, endless = (tmp_path / f"{name}.wav" for name in ("a", "b", "c", "d"))
    soundfile.write(good, tone(440, 1, RATE_HZ).numpy(), RATE_HZ)
    broken.write_bytes(b"no sound")
    soundfile.write(empty, [], RATE_HZ)
    soundfile.write(endless, [0.0, float("inf")], RATE_HZ, subtype="FLOAT")
    files, faults = {one.name: one for one in (good, broken, empty, endless)}, Faults("sounds")
    assert len(_sounds.read_all(files, RATE_HZ, RATE_HZ, faults).waves) == 1
    with pytest.raises(WorkbenchError, match="sounds has 3 faults") as fault:
        faults.tell()
    assert fault.value.remedy.splitlines() == [
        "b.wav cannot be read as a sound: Format not recognised",
        "c.wav is empty",
        "d.wav holds values that are no numbers",
        "mend or remove what cannot be read",
    ]
    damaged = tmp_path / "e.mp3"
    damaged.write_bytes(b"zz")
    with pytest.raises(_sounds.UnreadableError, match=r"^cannot be read as a sound: damaged$"):
        _sounds.read_sound(damaged, RATE_HZ)
    with pytest.raises(_sounds.UnreadableError, match="cannot be read as a sound"):
        _sounds.read_sound(tmp_path / "gone.wav", RATE_HZ)


def test_without_soundfile_the_command_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(WorkbenchError, match="soundfile, which is not installed") as fault:
        _sounds.read_all({"a.wav": tmp_path / "a.wav"}, RATE_HZ, RATE_HZ, Faults("sounds"))
    assert "[audio]" in fault.value.remedy
