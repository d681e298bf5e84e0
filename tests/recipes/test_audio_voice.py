from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
import torch

from recipes.audio import _voice
from recipes.audio._voice import Sentence
from workbench.errors import UsageError, WorkbenchError

SAID = (Sentence("seven", "en+f2", 170, 60), Sentence("oh no", "en+m1"), Sentence("seven", "en+m1"))


def said_anew(sentences: tuple[Sentence, ...]) -> list[torch.Tensor]:
    _voice._spoken.cache_clear()
    return _voice.speak_all(sentences)[0]


def test_the_same_list_gives_the_same_samples() -> None:
    first = said_anew(SAID)
    time.sleep(1.1)  # the library takes its seed from the clock, in seconds
    again = said_anew(SAID)
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert [one.dtype for one in first] == [torch.float32] * 3
    assert all(0.05 < one.abs().max() <= 1 for one in first)
    assert not torch.equal(first[0][:4000], first[2][:4000])


def test_what_is_done_to_samples_does_not_reach_the_next_who_asks() -> None:
    before = _voice.speak_all(SAID)[0][0].clone()
    _voice.speak_all(SAID)[0][0].zero_()
    assert torch.equal(_voice.speak_all(SAID)[0][0], before)


def test_rate_and_pitch_are_heard() -> None:
    slow, rate_hz = _voice.speak("one two three four", "en+m3", 100, 50)
    fast, _ = _voice.speak("one two three four", "en+m3", 250, 50)
    assert rate_hz == 22050
    assert len(fast) < 0.6 * len(slow)
    low, high = (_voice.speak("ah", "en+m3", 100, pitch)[0] for pitch in (10, 90))
    assert period(high, rate_hz) < 0.8 * period(low, rate_hz)


def period(samples: torch.Tensor, rate_hz: int) -> int:
    """Of the voice, in samples: the first delay at which a vowel's middle is like itself."""
    middle = samples[len(samples) // 4 :][: rate_hz // 10]
    delays = torch.arange(rate_hz // 400, rate_hz // 50)
    alike = torch.stack([(middle[:-d] * middle[d:]).mean() for d in delays.tolist()])
    return int(delays[(alike > 0.8 * alike.max()).nonzero()[0, 0]])


def test_there_are_many_voices() -> None:
    assert len(_voice.voices()) > 90
    assert {"en+f1", "en+m1", "en+Denis"} <= set(_voice.voices())


def test_all_that_cannot_be_said_is_told_at_once() -> None:
    wrong = [Sentence("a", "en+m11"), Sentence("a", "en+m1", 20), Sentence("a", "en+m1", 170, 100)]
    with pytest.raises(UsageError) as raised:
        _voice.speak_all(wrong)
    assert "no voice 'en+m11'; did you mean" in raised.value.remedy
    assert "20 words a minute" in raised.value.remedy and "pitch of 100" in raised.value.remedy


def test_without_espeak_the_command_that_brings_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    _voice._spoken.cache_clear()
    with pytest.raises(WorkbenchError, match="come with espeakng-loader") as raised:
        _voice.speak("a", "en+m1", 170, 50)
    assert "install" in raised.value.remedy and "another dataset" in raised.value.remedy


def test_a_library_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library, data = _voice._library()
    _voice._spoken.cache_clear()
    monkeypatch.setattr(_voice, "_library", lambda: (tmp_path / "none.so", data))
    with pytest.raises(WorkbenchError, match=r"fails: .*none\.so"):
        _voice.speak("a", "en+m1", 170, 50)
    (tmp_path / "voices" / "!v").mkdir(parents=True)
    (tmp_path / "voices" / "!v" / "m1").touch()
    monkeypatch.setattr(_voice, "_library", lambda: (library, tmp_path))
    _voice.voices.cache_clear()
    with pytest.raises(WorkbenchError, match="does not start"):
        _voice.speak("a", "en+m1", 170, 50)
    _voice.voices.cache_clear()
