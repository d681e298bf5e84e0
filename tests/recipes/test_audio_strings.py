from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest
import soundfile
import torch

from recipes.audio import _strings, _transcripts, _voice
from recipes.audio._strings import DIGITS, RATE_HZ, Part
from workbench.errors import WorkbenchError
from workbench.paths import data_dir

SOUND = 0.1 * torch.randn(4000, generator=torch.Generator().manual_seed(0))


def sound(file: Path, samples: int = 4000, rate_hz: int = RATE_HZ) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, SOUND.repeat(-(-samples // 4000))[:samples].numpy(), rate_hz)
    return file


def check(part: Part, count: int) -> None:
    assert len(part.texts) == len(part.waves) == len(part.ends) == count
    assert part.ends.max() == part.waves.shape[1]
    for wave, end, text in zip(part.waves, part.ends.tolist(), part.texts, strict=True):
        assert not wave[end:].any() and wave[:end].any()
        assert set(text.split(" ")) <= set(DIGITS) and 1 <= len(text.split(" ")) <= 3


@pytest.mark.parametrize("dataset", ["synthesised", "voice"])
def test_strings_are_drawn_and_spoken(dataset: str) -> None:
    parts, _ = _strings.load(dataset, "", 16, 3, seed=1)
    for part, count in zip(parts, (16, 2, 4), strict=True):
        check(part, count)
    again, _ = _strings.load(dataset, "", 16, 3, seed=1)
    assert all(torch.equal(a.waves, b.waves) for a, b in zip(parts, again, strict=True))
    other, _ = _strings.load(dataset, "", 16, 3, seed=2)
    assert other[0].texts != parts[0].texts


def test_no_voice_is_in_two_parts_nor_its_variants() -> None:
    cast = _voice.cast(torch.Generator().manual_seed(0), 0.15, 0.2)
    families = [{voice.rstrip("0123456789") for voice in voices} for voices in cast]
    assert all(len(one) > 5 for one in families)
    assert not families[0] & families[1] | families[0] & families[2] | families[1] & families[2]
    assert sum(map(len, cast)) > 80
    assert not {"en+robosoft2", "en+UniRobot", "en+whisper"} & {one for part in cast for one in part}


def test_speech_commands_are_strung_together() -> None:
    root = data_dir() / "SpeechCommands" / "speech_commands_v0.02"
    lists = {"validation_list.txt": "b", "testing_list.txt": "c"}
    for speaker in "abc":
        for place, word in enumerate((*DIGITS, "cat")):
            sound(root / word / f"{speaker}_nohash_0.wav", 8000 + 100 * place, 16000)
    for name, speaker in lists.items():
        (root / name).write_text("".join(f"{w}/{speaker}_nohash_0.wav\n" for w in (*DIGITS, "cat")))
    parts, note = _strings.load("SPEECHCOMMANDS", "", 8, 3, seed=0)
    assert "strung" in note
    for part, count in zip(parts, (8, 1, 2), strict=True):
        check(part, count)
        for end, text in zip(part.ends.tolist(), part.texts, strict=True):
            words = text.split(" ")
            wanted = sum(8000 + 100 * DIGITS.index(word) for word in words) / 2  # at half the rate
            assert abs(end - wanted) <= len(words)


def test_speech_commands_that_lack_a_digit_are_refused() -> None:
    root = data_dir() / "SpeechCommands" / "speech_commands_v0.02"
    sound(root / "one" / "a_nohash_0.wav", 8000, 16000)
    for name in ("validation_list.txt", "testing_list.txt"):
        (root / name).write_text("")
    with pytest.raises(WorkbenchError, match="SPEECHCOMMANDS has 3 faults") as raised:
        _strings.load("SPEECHCOMMANDS", "", 8, 3, seed=0)
    assert "the training part lacks zero, two" in raised.value.remedy
    assert "the test part lacks zero, one" in raised.value.remedy


def test_speech_commands_that_are_damaged_are_named_together() -> None:
    root = data_dir() / "SpeechCommands" / "speech_commands_v0.02"
    for speaker in "abc":
        for word in DIGITS:
            sound(root / word / f"{speaker}_nohash_0.wav", 8000, 16000)
    for name, speaker in (("validation_list.txt", "b"), ("testing_list.txt", "c")):
        (root / name).write_text("".join(f"{word}/{speaker}_nohash_0.wav\n" for word in DIGITS))
    for name in ("two/a_nohash_0.wav", "nine/a_nohash_0.wav"):
        (root / name).write_bytes(b"no sound")
    with pytest.raises(WorkbenchError, match="SPEECHCOMMANDS has 2 faults") as raised:
        _strings.load("SPEECHCOMMANDS", "", 40, 5, seed=0)
    for name in ("two/a_nohash_0.wav", "nine/a_nohash_0.wav"):
        assert f"{name} cannot be read as a sound" in raised.value.remedy


def test_sounds_of_ones_own_with_texts_beside_them(tmp_path: Path) -> None:
    for place in range(10):
        file = sound(tmp_path / f"{place}.wav", 4000 + 100 * place, 16000)
        file.with_suffix(".txt").write_text(f"  Hello\n number {place} ")
    parts, note = _strings.load("folder", str(tmp_path), 99, 9, seed=0)
    assert [len(part.texts) for part in parts] == [6, 2, 2] and "10 sounds" in note
    texts = [text for part in parts for text in part.texts]
    assert sorted(texts) == [f"hello number {place}" for place in range(10)]
    for part in parts:
        for end, text in zip(part.ends.tolist(), part.texts, strict=True):
            assert end == 2000 + 50 * int(text[-1])
    assert _strings.load("folder", str(tmp_path), 99, 9, seed=0)[0][0].texts == parts[0].texts


def test_a_speakers_folder_stays_in_one_part(tmp_path: Path) -> None:
    for speaker in "abcdef":
        for place in range(3):
            sound(tmp_path / speaker / f"{place}.flac").with_suffix(".txt").write_text(speaker)
    parts, note = _strings.load("folder", str(tmp_path), 99, 9, seed=0)
    assert "whole subfolders" in note
    assert [len(part.texts) for part in parts] == [12, 3, 3]
    assert len({text for part in parts for text in set(part.texts)}) == 6
    assert sum(len(set(part.texts)) for part in parts) == 6


def test_a_table_names_what_is_used(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "unused"):
        sound(tmp_path / "sounds" / f"{name}.wav")
    with (tmp_path / "transcripts.csv").open("w", newline="") as file:
        rows = [("text", "file"), *((f"it's {n}, yes", f"sounds/{n}.wav") for n in "abc")]
        csv.writer(file).writerows(rows)
    found = _transcripts.read(str(tmp_path), RATE_HZ)
    assert [one.text for one in found] == ["it's a, yes", "it's b, yes", "it's c, yes"]
    assert torch.allclose(found[0].wave, SOUND, atol=1e-4)


def test_all_faults_of_a_folder_are_told_at_once(tmp_path: Path) -> None:
    sound(tmp_path / "alone.wav")
    sound(tmp_path / "blip.wav", 100).with_suffix(".txt").write_text("short")
    sound(tmp_path / "long.wav", 31 * RATE_HZ).with_suffix(".txt").write_text("long")
    sound(tmp_path / "mute.wav").with_suffix(".txt").write_text(" \n")
    sound(tmp_path / "odd.wav").with_suffix(".txt").write_bytes(b"\xff\xfe\xfa")
    (tmp_path / "broken.wav").write_text("no sound")
    (tmp_path / "broken.txt").write_text("text")
    with pytest.raises(WorkbenchError, match="6 faults") as raised:
        _strings.load("folder", str(tmp_path), 9, 9, seed=0)
    for words in (
        "alone.wav has no alone.txt",
        "blip.wav lasts 0.0 s",
        "long.wav lasts 31.0 s",
        "the text of mute.wav is empty",
        "odd.txt is written in UTF-16",
        "broken.wav cannot be read as a sound",
    ):
        assert words in raised.value.remedy


def test_without_soundfile_the_command_that_brings_it_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        sound(tmp_path / f"{name}.wav").with_suffix(".txt").write_text(name)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(WorkbenchError, match="soundfile, which is not installed") as raised:
        _transcripts.read(str(tmp_path), RATE_HZ)
    assert "install" in raised.value.remedy


def test_faults_of_a_table_are_told_with_their_lines(tmp_path: Path) -> None:
    sound(tmp_path / "first.wav")
    (tmp_path / "transcripts.csv").write_text("file,text\nfirst.wav,one\nfrist.wav,two\n")
    with pytest.raises(WorkbenchError) as raised:
        _transcripts.read(str(tmp_path), RATE_HZ)
    assert "line 3: there is no sound 'frist.wav'; did you mean first.wav?" in raised.value.title
    (tmp_path / "transcripts.csv").write_text("name,said\nfirst.wav,one\n")
    with pytest.raises(WorkbenchError, match="2 faults") as raised:
        _transcripts.read(str(tmp_path), RATE_HZ)
    assert "no column 'file'" in raised.value.remedy and "no column 'text'" in raised.value.remedy


def test_a_folder_that_is_not_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="dataset=voice does not read folder="):
        _strings.load("voice", str(tmp_path), 8, 3, seed=0)


def test_no_folder_and_an_empty_one_are_refused(tmp_path: Path) -> None:
    for folder, words in (("", "needs a folder"), (str(tmp_path / "none"), "there is no folder")):
        with pytest.raises(WorkbenchError, match=words):
            _strings.load("folder", folder, 9, 9, seed=0)
    (tmp_path / ".hidden.wav").touch()
    with pytest.raises(WorkbenchError, match="there are no sounds"):
        _strings.load("folder", str(tmp_path), 9, 9, seed=0)
    for name in "ab":
        sound(tmp_path / f"{name}.wav").with_suffix(".txt").write_text(name)
    with pytest.raises(WorkbenchError, match="holds 2 sounds"):
        _strings.load("folder", str(tmp_path), 9, 9, seed=0)
