from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from recipes.audio import waveform
from recipes.time_series import _series
from tests.recipes.shown import rows, shown
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History

Train = Callable[..., History]


def test_a_short_training_is_beside_the_nearest_utterance(train: Train) -> None:
    history = train("audio/waveform", epochs=4, width=32)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    # As the archive has it for this set, whose utterances differ in length.
    assert results["baseline/dtw"] == pytest.approx(0.949, abs=1e-3)
    assert rows(history, "models")[0][2] == pytest.approx(results["test/accuracy"])
    assert results["test/accuracy"] > 0.7
    (heard,) = shown(history, "heard", data.Curves).lines
    assert len(heard.y) == 29 and heard.y[-1] == pytest.approx(results["test/accuracy"])
    assert heard.y[0] < heard.y[-1]


@pytest.mark.parametrize("kind", ["cnn", "lstm"])
def test_what_fills_an_utterance_up_changes_no_answer(kind: str) -> None:
    recipe = waveform.Waveform(waveform.Waveform.Params(kind=kind, width=8), seed=0)
    recipe.data()
    net = recipe.model().eval()
    one = torch.randn(12, 9)
    short, long = (net(waveform._filled(one, length)[None]) for length in (9, 29))
    assert torch.allclose(short, long, atol=1e-6)
    assert not torch.allclose(long, net(waveform._filled(one[:, :8], 29)[None]))


def test_only_ends_are_cut() -> None:
    whole = torch.stack([waveform._filled(torch.ones(2, length), 20) for length in (20, 10) * 50])
    cut = waveform.with_ends_cut(whole, 0.5)[:, -1]  # (N, L)
    lasting = whole[:, -1].sum(1)
    assert (cut.sum(1) >= (0.5 * lasting).floor() - 1).all() and (cut.sum(1) < lasting).any()
    jumps = cut.diff(dim=1, prepend=torch.zeros(100, 1), append=torch.zeros(100, 1)).abs().sum(1)
    assert torch.equal(jumps, torch.full((100,), 2.0))  # one piece is left of each
    assert torch.equal(waveform.with_ends_cut(whole, 0), whole)


def test_utterances_of_ones_own_in_any_length_are_learned(train: Train, tmp_path: Path) -> None:
    file = tmp_path / "mine.ts"
    lines = [
        ",".join(str((-1) ** at * (1 if who == "a" else 0.1)) for at in range(3 + count % 4))
        + f":{who}"
        for count, who in enumerate("ab" * 10)
    ]
    file.write_text("@data\n" + "\n".join(lines))
    values = {"dataset": "file", "train_file": str(file), "test_file": str(file), "held_out": 0.2}
    history = train("audio/waveform", epochs=2, width=8, batch_size=4, kind="lstm", **values)
    assert isinstance(history.ended, Finished)
    assert "val/accuracy" in history.ended.results
    assert history.ended.results["baseline/dtw"] == 1


def test_other_channels_are_refused(train: Train, tmp_path: Path) -> None:
    known, asked = tmp_path / "known.ts", tmp_path / "asked.ts"
    known.write_text("@data\n1,2:3,4:a\n5,6:7,8:b\n")
    asked.write_text("@data\n1,2:a\n5,6:b\n")
    values = {"dataset": "file", "train_file": str(known), "test_file": str(asked)}
    history = train("audio/waveform", **values)
    assert isinstance(history.ended, Failed) and "1 and 2 channels" in history.ended.title
    history = train("audio/waveform", dataset="file")
    assert isinstance(history.ended, Failed) and "two files" in history.ended.title


def test_the_nearest_by_dtw_is_found_whatever_it_is_filled_up_with() -> None:
    known = [torch.tensor([[1.0, 2, 1]]), torch.tensor([[5.0, 5, 5, 5, 5]])]
    asked = [torch.tensor([[1.0, 1, 2, 2, 1]]), torch.tensor([[5.0]])]
    task = _series.Task(known, torch.tensor([0, 1]), asked, torch.tensor([0, 1]), ["a", "b"])
    assert waveform.nearest_by_dtw(task) == 1
