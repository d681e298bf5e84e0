from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from recipes.time_series import _distances, classify
from tests.recipes.shown import rows, shown
from tests.recipes.test_layers import lines_of
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History

Train = Callable[..., History]


@pytest.mark.parametrize("kind", ["fcn", "lstm", "rnn"])
def test_a_short_training_is_beside_the_nearest_neighbour(train: Train, kind: str) -> None:
    history = train("time_series/classify", epochs=2, width=8, dataset="ItalyPowerDemand", kind=kind)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    table = rows(history, "models")
    assert [table[0][0], table[0][2]] == [kind, pytest.approx(results["test/accuracy"])]
    # As the archive of these series has them: errors of 0.0447 and 0.0496.
    assert results["baseline/euclidean"] == pytest.approx(1 - 0.0447, abs=1e-4)
    assert results["baseline/dtw"] == pytest.approx(1 - 0.0496, abs=1e-4)
    assert ("where" in history.figures) == (kind == "fcn")
    assert sum(map(sum, shown(history, "confusion", data.Matrix).values)) == 1029


def test_dtw_of_series_of_several_lengths_is_that_of_each_pair() -> None:
    asked, known = torch.randn(3, 2, 6), torch.randn(4, 2, 9)
    ends = torch.tensor([3, 6, 1]), torch.tensor([9, 4, 1, 7])
    found = _distances.dtw(asked, known, ends)
    for i, long in enumerate(ends[0].tolist()):
        for j, other in enumerate(ends[1].tolist()):
            alone = _distances.dtw(asked[i : i + 1, :, :long], known[j : j + 1, :, :other])
            assert float(found[i, j]) == pytest.approx(float(alone), rel=1e-5)


def test_recurrent_networks_read_all_of_a_series_that_is_no_multiple_of_a_piece() -> None:
    net = classify._Recurrent(nn.LSTM, channels=2, width=4, classes=3)
    series = torch.randn(2, 2, classify.PIECE + 1)
    changed = series.clone()
    changed[:, :, -1] += 1
    assert net(series).shape == (2, 3) and not torch.allclose(net(series), net(changed))
    pieces, _ = net.reader(series[:, :, : classify.PIECE].flatten(1)[:, None])
    assert torch.allclose(net(series[:, :, : classify.PIECE]), net.head(pieces[:, 0]), atol=1e-6)


def test_shifted_series_go_round() -> None:
    series = torch.arange(5.0).expand(20, 2, 5)
    found = classify.shifted(series, 1.0)
    assert all(torch.equal((one - one[:, :1]) % 5, torch.arange(5.0).expand(2, 5)) for one in found)
    assert len(found[:, 0, 0].unique()) > 2
    assert torch.equal(classify.shifted(series, 0.0), series)


def test_series_of_other_lengths_are_refused(train: Train, tmp_path: Path) -> None:
    known, asked = tmp_path / "known.tsv", tmp_path / "asked.tsv"
    known.write_text(lines_of([[1, 2], [3, 4], [5, 6], [7, 9]], "abab"))
    asked.write_text(lines_of([[1, 2, 3], [3, 4, 5]], "ab"))
    values = {"dataset": "file", "train_file": str(known), "test_file": str(asked), "batch_size": 2}
    history = train("time_series/classify", **values)
    assert isinstance(history.ended, Failed) and "to be tested on 3" in history.ended.title
