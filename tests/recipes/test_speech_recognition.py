from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
import torch
from torch import Tensor

from recipes.audio import _connected, _recognition, speech_recognition
from tests.recipes.shown import rows, shown
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History

Train = Callable[..., History]
NAMES = ["character errors", "word errors", "texts without error"]


@pytest.fixture
def sounds(tmp_path: Path) -> Callable[[list[str], int], str]:
    """Makes a folder of noises with those texts, each of so many samples at 8 kHz."""

    def make(texts: list[str], samples: int) -> str:
        for place, text in enumerate(texts):
            noise = 0.1 * torch.randn(samples, generator=torch.Generator().manual_seed(place))
            soundfile.write(tmp_path / f"{place:02}.wav", noise.numpy(), 8000)
            (tmp_path / f"{place:02}.txt").write_text(text)
        return str(tmp_path)

    return make


def test_a_short_training_shows_all_that_it_is_about(train: Train) -> None:
    history = train(
        "audio/speech_recognition", utterances=96, digits=1, epochs=2, width=16, bands=24, templates=1
    )
    assert isinstance(history.ended, Finished), history.ended
    results = history.ended.results
    losses = history.series["val/loss"].values
    assert losses[-1] < losses[0]
    # Templates need no training: single words of speakers that they do not know.
    assert 0 < results["baseline/cer"] < 0.7
    assert results["ctc/largest difference"] < 1e-3
    decoders, recognisers = rows(history, "decoders"), rows(history, "recognisers")
    assert shown(history, "decoders", data.Table).columns[1:] == NAMES
    assert len(decoders) == 3 and decoders[0][1] == pytest.approx(results["test/cer"])
    assert decoders[0][2] == pytest.approx(results["test/wer"])
    assert recognisers[0][1:] == decoders[0][1:]
    assert recognisers[1][1] == pytest.approx(results["baseline/cer"])
    confusion = shown(history, "confusion", data.Matrix)
    assert list(confusion.rows)[-1] == "added" and list(confusion.columns)[-2:] == ["other", "missed"]
    assert sum(sum(row) for row in list(confusion.values)[:-1]) == 24  # a word each
    (only,) = shown(history, "errors by length", data.Bars).values
    assert only == pytest.approx(results["test/cer"])
    characters = shown(history, "characters", data.Matrix)
    assert all(
        sum(column) == pytest.approx(1, abs=1e-4) for column in zip(*characters.values, strict=True)
    )
    spelled = "".join(str(row[0]) for row in rows(history, "alignment"))
    assert f"“{spelled}”" in shown(history, "waveform", data.Curves).title
    assert len(shown(history, "spectrogram", data.Matrix).values) == 24
    assert len(shown(history, "spikes", data.Curves).lines[0].y) == len(characters.columns)
    assert {row[0] for row in rows(history, "heard")} <= {str(word) for word in confusion.rows}


def test_what_fills_an_utterance_up_changes_no_answer() -> None:
    torch.manual_seed(0)
    net = speech_recognition._Listener(8, 6, 0.0, 5).eval()
    one = torch.cat([torch.randn(1, 8, 31), torch.ones(1, 1, 31)], dim=1)
    filled = torch.nn.functional.pad(one, (0, 30))
    moments = int(speech_recognition.moments_of(one))
    assert moments == 16 == int(speech_recognition.moments_of(filled))
    short, long = net(one), net(filled)[:, :moments]
    assert torch.allclose(short, long, atol=1e-6)
    assert not torch.allclose(short[:, :10], net(one[:, :, :21])[:, :10], atol=1e-4)  # the end is heard


def test_an_utterance_as_another_voice_has_parts_unheard_and_lasts_as_long() -> None:
    params = speech_recognition.SpeechRecognition.Params(masked=0.4, stretched=0.0)
    recipe = speech_recognition.SpeechRecognition(params, seed=0)
    torch.manual_seed(0)
    whole = torch.ones(50, 11, 40)
    heard = recipe._as_another_voice(whole)
    assert torch.equal(heard[:, -1], whole[:, -1])
    bands = (heard[:, :-1] == 0).all(2).sum(1)  # (N,) hidden bands
    frames = (heard[:, :-1] == 0).all(1).sum(1)
    assert bands.max() in (3, 4, 5) and bands.min() == 0
    assert 20 < frames.max() <= 40
    inside = heard[:, :-1].any(2)[:, :, None] & heard[:, :-1].any(1)[:, None]
    assert torch.equal(heard[:, :-1] > 0, inside)


def patterns() -> dict[str, Tensor]:
    """Two words of four bands, and silence."""
    return {
        "up": torch.eye(4)[[0, 0, 1, 1, 2, 2, 3, 3]].T,
        "down": torch.eye(4)[[3, 3, 2, 2, 1, 1, 0, 0]].T,
        "": torch.zeros(4, 5),
    }


def said(*words: str, stretch: int = 1) -> Tensor:
    parts = [patterns()[word].repeat_interleave(stretch, dim=1) for word in words]
    return torch.cat(parts, dim=1)


def test_words_are_found_in_a_row_of_templates_at_any_speed() -> None:
    known = _connected.templates(
        [(word, said("", word, "")) for word in ("up", "down")], ["down", "up"], 3
    )
    assert known is not None and known.words == ["down", "up", ""]
    assert known.lengths.tolist() == [8, 8, 1]  # the silence around them is cut off
    rows_ = [("up", "down", "down"), ("", "down", "", "up", ""), ("up",), ("",)]
    for stretch in (1, 2):
        ones = [said(*words, stretch=stretch) for words in rows_]
        lasting = torch.tensor([one.shape[1] for one in ones])
        filled = torch.nn.utils.rnn.pad_sequence([one.T for one in ones], batch_first=True).mT
        filled += 9 * (torch.arange(filled.shape[2]) >= lasting[:, None])[:, None]  # counts for nothing
        found = _connected.recognised(filled, lasting, known, 0.1)
        assert found == [[word for word in words if word] for words in rows_]
    dear = _connected.recognised(said("up", "down")[None], torch.tensor([16]), known, 1e3)
    assert dear == [[]]


def test_words_that_are_never_alone_give_no_templates() -> None:
    assert _connected.templates([("up", said("", "up"))], ["up", "down"], 3) is None
    assert _connected.templates([], [], 3) is None


def test_confusion_counts_what_was_heard_for_what() -> None:
    truths, heards = ["one two", "two", "one"], ["one three", "to two", ""]
    figure = _recognition.confusion(truths, heards)
    assert list(figure.rows) == ["one", "two", "added"]
    assert list(figure.columns) == ["one", "two", "other", "missed"]
    assert [[int(v or 0) for v in row] for row in figure.values] == [
        [1, 0, 0, 1],
        [0, 1, 1, 0],
        [0, 0, 1, 0],
    ]


def test_sounds_of_ones_own_are_learned(train: Train, sounds: Callable[[list[str], int], str]) -> None:
    # At 20 ms a character 2000 samples hold 13; every fourth text is longer.
    folder = sounds(["so it is", "ay, ay", "yes", "a text of more characters"] * 4, 2000)
    history = train(
        "audio/speech_recognition", dataset="folder", folder=folder, epochs=1, width=8, batch_size=4
    )
    assert isinstance(history.ended, Finished), history.ended
    assert "baseline/cer" not in history.ended.results
    told = " ".join(message.text for message in history.messages)
    assert "no templates" in told and "are too short for their texts" in told


def test_texts_that_do_not_belong_to_their_sounds_are_refused(
    train: Train, sounds: Callable[[list[str], int], str]
) -> None:
    folder = sounds(["a text of more characters than that"] * 6, 2000)
    history = train("audio/speech_recognition", dataset="folder", folder=folder)
    assert isinstance(history.ended, Failed) and "too short for its text" in history.ended.title
