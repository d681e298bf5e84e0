from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import soundfile
import torch

from recipes.audio import _datasets, _folder, _synthesis, spectrogram_cnn
from recipes.audio._augmentation import masked, moved, stretched
from recipes.audio._sounds import Parts
from recipes.audio.spectrogram_cnn import SpectrogramCNN
from tests.recipes.shown import rows, shown
from tests.recipes.waiting import wait_until_ended
from workbench.catalog import discover
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.paths import data_dir
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

Train = Callable[..., History]
KINDS = [*_synthesis.MAKERS]
KIND = _datasets.Kind(rate_hz=8000, seconds=0.5, each=8, worst_db=0)


@pytest.fixture(scope="module")
def quick(standby: Standby, tmp_path_factory: pytest.TempPathFactory) -> History:
    """A small network after a few epochs, shared by the tests that only read it."""
    values = {"each": 20, "epochs": 4, "width": 8, "batch_size": 20}
    order = Order(discover().find("audio/spectrogram_cnn"), values, device="cpu")
    return wait_until_ended(launch.launch(order, tmp_path_factory.mktemp("quick"), standby))


def test_what_is_learned_and_what_the_mean_alone_tells_are_beside_each_other(quick: History) -> None:
    assert isinstance(quick.ended, Finished)
    results = quick.ended.results
    assert results["test/accuracy"] > 0.5
    models = rows(quick, "models")
    assert [row[2] for row in models] == pytest.approx(
        [results["test/accuracy"], results["baseline/logistic"], results["baseline/nearest"]]
    )
    classes = rows(quick, "classes")
    assert [row[0] for row in classes] == KINDS
    means = [sum(float(row[at]) for row in classes) / len(classes) for at in (1, 2, 3)]
    assert means == pytest.approx([row[2] for row in models])  # classes are of one size
    # A mean has no order: what differs in time alone is as good as guessed among the alike.
    by_mean = {row[0]: float(row[2]) for row in classes}
    assert by_mean["rising"] + by_mean["falling"] < 1.4
    confusion = shown(quick, "confusion", data.Matrix)
    assert sum(sum(row) for row in confusion.values) == 10 * len(KINDS)


def test_a_sound_is_shown_in_four_forms(quick: History) -> None:
    (line,) = shown(quick, "waveform", data.Curves).lines
    assert line.x[-1] == pytest.approx(1, abs=0.01)
    for name, count in (("stft", 129), ("mel", 40), ("mfcc", 19)):
        matrix = shown(quick, name, data.Matrix)
        assert (len(matrix.values), len(matrix.values[0])) == (count, 63)
        assert len(matrix.rows) == count and matrix.columns[-1] == "0.99"
    assert shown(quick, "stft", data.Matrix).rows[0] == "4000 Hz"  # high pitches are above
    assert shown(quick, "mfcc", data.Matrix).rows[-1] == "1"
    together = shown(quick, "side by side", data.ImageGrid)
    assert [caption.split(": ")[1] for caption in together.captions[:4]] == [
        "samples",
        "stft",
        "mel",
        "mfcc",
    ]
    assert len(together.images) == 16 and len({image.width for image in together.images}) == 1
    assert len(shown(quick, "mel bands", data.Curves).lines) == 10
    kernels = shown(quick, "kernels", data.ImageGrid)
    assert {(image.height, image.width) for image in kernels.images} == {(40, 40)}
    heard = shown(quick, "heard", data.ImageGrid)
    assert [caption.partition(" ")[0].partition(">")[0] for caption in heard.captions] == KINDS
    wrong = shown(quick, "mistakes", data.ImageGrid).captions
    assert wrong and all(">" in caption for caption in wrong)


def made(**values: Any) -> SpectrogramCNN:
    return SpectrogramCNN(SpectrogramCNN.Params(each=4, width=4, **values), seed=0)


@pytest.mark.parametrize(("features", "count"), [("stft", 129), ("mel", 40), ("mfcc", 20)])
def test_each_picture_is_learned_row_by_row_alike(features: str, count: int) -> None:
    recipe = made(features=features)
    pictures, labels = recipe.data().train.tensors
    assert pictures.shape == (4 * len(KINDS), 1, count, 63) and len(labels) == len(pictures)
    assert pictures.mean((0, 1, 3)).abs().max() < 1e-3
    assert pictures.std((0, 1, 3)).allclose(torch.ones(count), atol=1e-3)
    logits = recipe.model().eval()(pictures[:2])
    assert logits.shape == (2, len(KINDS))


def test_when_a_sound_begins_changes_little_and_how_high_it_is_much() -> None:
    torch.manual_seed(0)
    recipe = made()
    recipe.data()
    net = recipe.model().eval()
    picture = torch.zeros(1, 1, 40, 64)
    picture[:, :, 10:14, 16:32] = 3
    before = net(picture)
    assert (net(picture.roll(8, dims=3)) - before).abs().max() < 1e-5
    assert (net(picture.roll(8, dims=2)) - before).abs().max() > 1e-2


def test_forms_that_cannot_be_made_are_refused_together() -> None:
    with pytest.raises(WorkbenchError, match="50 coefficients cannot be made of 40 mel bands") as fault:
        made(coefficients=50, window_ms=8, features="stft").data()
    assert "mel bands hold no frequency" in fault.value.title


def test_pictures_move_in_time_each_its_own_way() -> None:
    pictures = torch.arange(63.0).expand(50, 1, 3, 63)
    found = moved(pictures)
    begins = found[:, 0, 0, 0].long()
    assert len(begins.unique()) > 20
    assert all(
        torch.equal(one, pictures[0].roll(-begin, dims=2))
        for one, begin in zip(found, begins.tolist(), strict=True)
    )


@pytest.mark.parametrize("dim", [2, 3])
def test_one_stretch_is_masked_and_no_more_than_its_share(dim: int) -> None:
    hidden = masked(torch.ones(200, 1, 20, 30), 0.5, dim) == 0
    lines = hidden.any(5 - dim)[:, 0]  # (N, rows or moments)
    assert torch.equal(lines, hidden.all(5 - dim)[:, 0])  # whole rows, or whole moments
    counts = lines.sum(1)
    assert counts.any() and counts.max() <= 0.5 * lines.shape[1] + 1
    jumps = (
        lines.int().diff(dim=1, prepend=torch.zeros(200, 1), append=torch.zeros(200, 1)).abs().sum(1)
    )
    assert torch.equal(jumps[counts > 0], torch.full_like(jumps[counts > 0], 2))
    assert not (masked(torch.ones(9, 1, 20, 30), 0, dim) == 0).any()


def test_rows_are_pulled_apart_and_together() -> None:
    rising = torch.arange(20.0)[None, None, :, None].expand(200, 1, 20, 3)
    found = stretched(rising, 0.2)[:, 0]  # (N, R, T)
    assert torch.equal(found[:, :, 0], found[:, :, 2])
    factors = found[:, 10, 0] / 10
    assert torch.allclose(
        found[:, :, 0], (torch.arange(20.0) * factors[:, None]).clamp(max=19), atol=1e-4
    )
    assert 0.8 <= factors.min() < 0.85 and 1.15 < factors.max() <= 1.2
    assert torch.equal(stretched(rising, 0), rising)


def check(parts: Parts, counts: list[int], classes: list[str]) -> None:
    for part, count in zip(parts, counts, strict=True):
        assert part.classes == classes and part.waves.shape == (count * len(classes), KIND.samples)
        assert part.labels.bincount().tolist() == [count] * len(classes)
        assert part.waves.isfinite().all() and part.waves.abs().amax(1).min() > 0


def test_words_are_spoken_by_nobody_who_is_heard_in_another_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    speak_all = _datasets._voice.speak_all
    monkeypatch.setattr(
        _datasets._voice, "speak_all", lambda them: speak_all(asked.extend(them) or them)
    )
    parts, _ = _datasets.load("voice", "", KIND, seed=0)
    check(parts, [8, 2, 4], [*_datasets.WORDS])
    ends = [0, 80, 100, 140]
    speakers = [{one.voice for one in asked[a:b]} for a, b in pairwise(ends)]
    assert not speakers[0] & speakers[1] | speakers[0] & speakers[2] | speakers[1] & speakers[2]
    assert [one.text for one in asked[:80:8]] == [*_datasets.WORDS]


def sound(file: Path, hertz: float, rate_hz: int = 8000, channels: int = 1) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    tone = 0.5 * torch.sin(2 * torch.pi * hertz * torch.arange(rate_hz // 2) / rate_hz)
    soundfile.write(file, tone[:, None].expand(-1, channels).numpy(), rate_hz)


@pytest.fixture
def commands() -> Path:
    """The files of SPEECHCOMMANDS as they lie after the download, few and short."""
    root = data_dir() / "SpeechCommands" / "speech_commands_v0.02"
    for place, word in enumerate(("yes", "no", "_background_noise_")):
        for speaker in ("a", "b", "c"):
            for number in range(6):
                sound(root / word / f"{speaker}_nohash_{number}.wav", 200 + 99 * place, 16000)
    for name, speaker in (("validation_list.txt", "b"), ("testing_list.txt", "c")):
        listed = [f"{w}/{speaker}_nohash_{number}.wav\n" for w in ("yes", "no") for number in range(6)]
        (root / name).write_text("".join(listed))
    return root


@pytest.mark.usefixtures("commands")
def test_speech_commands_are_read_by_the_lists_that_come_with_them() -> None:
    parts, note = _datasets.load("SPEECHCOMMANDS", "", KIND, seed=0)
    check(parts, [6, 2, 4], ["no", "yes"])
    assert note == ["sounds that are used of SPEECHCOMMANDS: 12 of 12, 4 of 12, 8 of 12"]
    for part in parts:
        hertz = torch.fft.rfft(part.waves).abs().argmax(1) * 2  # half a second
        assert torch.allclose(hertz.float(), torch.tensor([299.0, 200.0])[part.labels], atol=4)


def test_speech_commands_that_lack_a_word_are_refused(commands: Path) -> None:
    (commands / "testing_list.txt").write_text("yes/c_nohash_0.wav\n")
    with pytest.raises(WorkbenchError, match="SPEECHCOMMANDS: the test part lacks no") as fault:
        _datasets.load("SPEECHCOMMANDS", "", KIND, seed=0)
    assert "downloaded anew" in fault.value.remedy


def test_speech_commands_that_are_damaged_are_named_together(commands: Path) -> None:
    for name in ("no/b_nohash_0.wav", "yes/c_nohash_0.wav"):
        (commands / name).write_bytes(b"no sound")
    kind = KIND._replace(each=24)  # all that there are
    with pytest.raises(WorkbenchError, match="SPEECHCOMMANDS has 2 faults") as fault:
        _datasets.load("SPEECHCOMMANDS", "", kind, seed=0)
    for name in ("no/b_nohash_0.wav", "yes/c_nohash_0.wav"):
        assert f"{name} cannot be read as a sound: Format not recognised" in fault.value.remedy


def test_a_folder_that_is_not_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="dataset=synthesised does not read folder=") as fault:
        _datasets.load("synthesised", str(tmp_path), KIND, seed=0)
    assert "set dataset=folder" in fault.value.remedy


def test_without_a_network_speech_commands_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("torchaudio.datasets.speechcommands.download_url_to_file", unreachable)
    with pytest.raises(WorkbenchError, match="cannot be downloaded: no route to host") as fault:
        _datasets.load("SPEECHCOMMANDS", "", KIND, seed=0)
    assert "dataset=synthesised" in fault.value.remedy
    monkeypatch.setitem(sys.modules, "torchaudio.datasets", None)
    with pytest.raises(WorkbenchError, match="torchaudio, which is not installed") as fault:
        _datasets.load("SPEECHCOMMANDS", "", KIND, seed=0)
    assert "[audio]" in fault.value.remedy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of tones, of different rates, channels and formats."""
    for name, hertz in (("high", 1800), ("low", 300)):
        for number in range(10):
            rate, suffix = ((8000, "wav"), (44100, "flac"))[number % 2]
            place = tmp_path / "sounds" / name / f"{number}.{suffix}"
            sound(place, hertz + 10 * number, rate, channels=1 + number % 2)
    (tmp_path / "sounds" / "low" / "notes.txt").write_text("no sound")
    (tmp_path / "sounds" / "low" / "._0.wav").write_text("what a file manager leaves behind")
    return tmp_path / "sounds"


def test_a_folder_of_ones_own_is_learned(train: Train, folder: Path) -> None:
    values = {"dataset": "folder", "folder": str(folder), "seconds": 0.5, "features": "mfcc"}
    history = train("audio/spectrogram_cnn", epochs=20, width=4, batch_size=7, **values)
    assert isinstance(history.ended, Finished)
    assert history.ended.results["test/accuracy"] == 1
    assert shown(history, "confusion", data.Matrix).rows == ["high", "low"]
    assert "mistakes" not in history.figures
    told = [message.text for message in history.messages]
    assert "of 20 sounds: 10 mixed to one channel, 10 resampled" in told
    assert "files that are no sounds by their names are passed over: .txt" in told


def test_a_wrong_folder_is_a_clear_error(train: Train, folder: Path) -> None:
    history = train("audio/spectrogram_cnn", dataset="folder", folder=str(folder / "gone"))
    assert isinstance(history.ended, Failed) and history.ended.kind == "refused"
    assert "there is no folder" in history.ended.title and "folder=PATH" in history.ended.remedy


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        (
            "unreadable",
            ["high/0.wav cannot be read as a sound: Format not recognised", "mend or remove"],
        ),
        ("one class", ["there is only one class: 'low'"]),
        ("few", ["1 have too few sounds: 'high' has 2"]),
        ("all", ["3 faults", "'high' has 2", "high/0.wav cannot be read", "low/0.wav cannot be read"]),
        ("empty", ["there are no sounds in subfolders"]),
    ],
)
def test_all_faults_of_a_folder_are_told(folder: Path, spoiled: str, words: list[str]) -> None:
    files = {place.name: sorted(place.glob("[0-9]*")) for place in folder.iterdir()}
    high, low = files["high"], files["low"]
    removed = {"few": high[2:], "all": high[2:], "empty": [*high, *low]}
    for file in removed.get(spoiled, []):
        file.unlink()
    for file in {"unreadable": high[:1], "all": [high[0], low[0]]}.get(spoiled, []):
        file.write_bytes(b"no sound")
    if spoiled == "one class":
        (folder / "high").rename(folder.parent / "high")
    with pytest.raises(WorkbenchError) as fault:
        _folder.load(str(folder), 8000, 4000, seed=0)
    told = str(fault.value)
    assert all(word in told for word in words) and fault.value.remedy


def test_each_class_is_in_every_part_and_no_sound_in_two(folder: Path) -> None:
    parts, _ = _folder.load(str(folder), 8000, 4000, seed=0)
    check(parts, [7, 1, 2], ["high", "low"])
    whole = torch.cat([part.waves for part in parts])
    assert len(whole.unique(dim=0)) == 20


def test_its_forms_are_the_choices() -> None:
    (features,) = (p for p in SpectrogramCNN.Params.parameters if p.name == "features")
    assert sorted(features.choices) == sorted(spectrogram_cnn.FORMS)
