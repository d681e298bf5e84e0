from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from recipes.fundamentals import layers
from recipes.time_series import _distances, _series
from tests.recipes.shown import rows, shown
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History

Train = Callable[..., History]


def test_two_epochs_of_four_layers_beside_the_nearest_day(train: Train) -> None:
    history = train("fundamentals/layers", epochs=2, width=8)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    table = rows(history, "layers")
    assert [row[0] for row in table[:4]] == [*layers.KINDS]
    assert [row[3] for row in table[:4]] == [results[f"test/accuracy/{kind}"] for kind in layers.KINDS]
    assert results["test/accuracy"] == results["test/accuracy/convolution"]
    # As the archive of these series has them: errors of 0.0447 and 0.0496.
    assert results["baseline/euclidean"] == pytest.approx(1 - 0.0447, abs=1e-4)
    assert results["baseline/dtw"] == pytest.approx(1 - 0.0496, abs=1e-4)
    hours = shown(history, "hours", data.Curves)
    assert [sum(line.y) for line in hours.lines] == pytest.approx([1, 1, 1, 1])


def test_dtw_finds_the_best_way_through() -> None:
    def by_hand(a: list[float], b: list[float]) -> float:
        if not a or not b:
            return 0 if a == b else math.inf
        before = min(by_hand(a[:-1], b), by_hand(a, b[:-1]), by_hand(a[:-1], b[:-1]))
        return (a[-1] - b[-1]) ** 2 + before

    asked, known = torch.randn(3, 1, 5), torch.randn(4, 1, 5)
    found = _distances.dtw(asked, known)
    for i in range(3):
        for j in range(4):
            expected = by_hand(asked[i, 0].tolist(), known[j, 0].tolist()) ** 0.5
            assert float(found[i, j]) == pytest.approx(expected, rel=1e-5)


def test_a_recurrent_layer_reads_moments_in_order() -> None:
    recurrent = layers._Recurrent(nn.RNN, channels=2, width=3)
    series = torch.randn(4, 2, 6)
    state = torch.zeros(4, 3)
    reader = recurrent.reader
    for moment in range(6):
        inward = series[:, :, moment] @ reader.weight_ih_l0.T + reader.bias_ih_l0
        state = torch.tanh(inward + state @ reader.weight_hh_l0.T + reader.bias_hh_l0)
    assert torch.allclose(recurrent(series), state, atol=1e-6)


def lines_of(series: list[list[float]], labels: str) -> str:
    joined = (",".join(map(str, values)) for values in series)
    return "\n".join(f"{label}\t{line}" for label, line in zip(labels, joined, strict=True))


def test_files_of_ones_own_are_learned(train: Train, tmp_path: Path) -> None:
    text = lines_of([[i % 2, 1.0, i / 10] for i in range(20)], "ab" * 10)
    file = tmp_path / "mine.tsv"
    file.write_text(text)
    values = {"dataset": "file", "train_file": str(file), "test_file": str(file), "held_out": 0.2}
    history = train("fundamentals/layers", epochs=3, width=4, **values)
    assert isinstance(history.ended, Finished)
    assert "val/loss" in history.ended.results
    assert [line.name for line in shown(history, "classes", data.Curves).lines] == [
        "class a",
        "class b",
    ]


def test_files_that_do_not_fit_each_other_are_refused(train: Train, tmp_path: Path) -> None:
    known, asked = tmp_path / "known.tsv", tmp_path / "asked.tsv"
    known.write_text(lines_of([[1, 2], [3, 4], [5, 6], [7, 8]], "abab"))
    asked.write_text(lines_of([[1, 2, 3], [3, 4, 5]], "ab"))
    values = {"dataset": "file", "train_file": str(known), "batch_size": 2}
    history = train("fundamentals/layers", test_file=str(asked), **values)
    assert isinstance(history.ended, Failed) and "1 x 2" in history.ended.title
    asked.write_text(lines_of([[1, 2], [3, 4]], "ac"))
    history = train("fundamentals/layers", test_file=str(asked), **values)
    assert isinstance(history.ended, Failed) and "has no c" in history.ended.title


def test_a_ts_file_with_channels_of_any_length_is_read(tmp_path: Path) -> None:
    file = tmp_path / "vowels.ts"
    file.write_text("#of whom\n@classLabel true a b\n@data\n1,2,3:4,5,6:a\n7,8:9,10:b\n")
    found = _series.read(str(file))
    assert [one.tolist() for one in found.series] == [[[1, 2, 3], [4, 5, 6]], [[7, 8], [9, 10]]]
    assert found.labels == ["a", "b"]
    with pytest.raises(WorkbenchError, match="2 x 2, 2 x 3 channels x moments"):
        _series.stacked(found.series)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", "0 series of 0 classes"),
        ("a\t1\t2\na\t3\t4", "2 series of 1 classes"),
        ("a\t1\t2\nb\t3\tx\ty", "line 2, moment 2: 'x' is no number, and 1 more"),
        ("a\t1\tNaN\nb\t3\t4", "line 1 has gaps (moment 2)"),
        ("a,1,,\nb,3,4", "line 1 has gaps (moment 2, and 1 more)"),
        ("a\t1\t1e99\nb\t3\t4", "line 1, moment 2: '1e99' is no number"),
        ("a\nb\t1", "line 1 has no values"),
        (",1,2\na,3,4\nb,5,6", "line 1 has no label"),
    ],
)
def test_a_wrong_file_of_series_is_a_clear_error(tmp_path: Path, text: str, title: str) -> None:
    file = tmp_path / "wrong.tsv"
    file.write_text(text)
    with pytest.raises(WorkbenchError) as raised:
        _series.read(str(file))
    assert title in raised.value.title and raised.value.remedy


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("1,2:a\n3,4:b", "there is no line @data"),
        ("@data\n1,2:3:a\n3,4:5,6:b", "line 2 has channels of 1 and 2 moments"),
        ("@data\n1,2:3,?:a\n3,4:5,6:b", "line 2 has gaps (channel 2, moment 2)"),
        ("@data\n1,2\n3,4:b\n5,6:a", "line 2 has no label"),
        ("@data\n(1,2),(3,4):a\n3,4:b", "line 2, moment 1: '(1' is no number"),
    ],
)
def test_a_wrong_ts_file_is_a_clear_error(tmp_path: Path, text: str, title: str) -> None:
    file = tmp_path / "wrong.ts"
    file.write_text(text)
    with pytest.raises(WorkbenchError) as raised:
        _series.read(str(file))
    assert title in str(raised.value) and raised.value.remedy


def test_all_that_is_wrong_with_both_files_is_told_at_once(tmp_path: Path) -> None:
    known, asked = tmp_path / "known.txt", tmp_path / "asked.txt"
    known.write_text("a 1 2\nb 3 x\nb 4 y\n")  # spaces separate too
    asked.write_bytes(b"\0")
    with pytest.raises(WorkbenchError) as raised:
        _series.task("file", str(known), str(asked))
    assert "known.txt has 2 faults; " in raised.value.title and "zero bytes" in raised.value.title
    known.write_text("a 1 2\nb 3 4\n")
    asked.write_text("a 1 2\nc 3 4\nd 5 6\n")
    with pytest.raises(WorkbenchError, match="the training part has no c, d"):
        _series.task("file", str(known), str(asked))
    with pytest.raises(WorkbenchError, match="does not read train_file"):
        _series.task("GunPoint", str(known), str(asked))
    with pytest.raises(WorkbenchError, match="two files"):
        _series.task("file", str(known))


def test_a_class_of_one_series_cannot_be_held_out() -> None:
    with pytest.raises(WorkbenchError, match="of 3 classes 2 have one series") as raised:
        _series.held_out(torch.tensor([0, 0, 0, 1, 2]), 0.2, seed=0)
    assert "held_out=0" in raised.value.remedy
    rest, chosen = _series.held_out(torch.tensor([0, 0, 1, 1, 2, 2, 2]), 0.5, seed=0)
    assert len(rest) == 3 and len(chosen) == 4


def test_what_is_missing_says_what_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkbenchError, match="there is no file"):
        _series.read(str(tmp_path / "gone.ts"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(WorkbenchError, match="comes with aeon") as raised:
        _series.bundled("ItalyPowerDemand")
    assert "--no-deps aeon" in raised.value.remedy


def test_a_set_of_the_archive_is_downloaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(url: str, **_: float) -> io.BytesIO:
        asked.append(url)
        sent = io.BytesIO()
        with zipfile.ZipFile(sent, "w") as packed:
            for part in ("TRAIN", "TEST"):
                packed.writestr(f"Wafer_{part}.ts", "@data\n1,2,3:a\n4,5,6:b\n")
        return io.BytesIO(sent.getvalue())

    monkeypatch.setattr("urllib.request.urlopen", answer)
    for _ in range(2):
        assert _series.task("archive", name="Wafer").classes == ["a", "b"]
    assert [url.rpartition("/")[2] for url in asked] == ["Wafer.zip"]


def test_a_set_of_the_archive_that_cannot_be_had_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> io.BytesIO:
        raise TimeoutError("no answer")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    with pytest.raises(WorkbenchError, match="cannot be downloaded: no answer") as raised:
        _series.task("archive", name="Wafer")
    assert "comes installed" in raised.value.remedy
    with pytest.raises(WorkbenchError, match="needs the name of a set"):
        _series.task("archive")
    with pytest.raises(WorkbenchError, match=r"'\.\./x' is no name"):
        _series.task("archive", name="../x")
    with pytest.raises(WorkbenchError, match="dataset=GunPoint does not read name=Wafer"):
        _series.task("GunPoint", name="Wafer")
