from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from recipes.classification import _tables
from recipes.data import _wine, datasets
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History

Train = Callable[..., History]


def table(history: History, name: str) -> list[list[data.Cell]]:
    shown = history.figures[name][-1]
    found = data.decode(bytes(shown.figure))
    assert isinstance(found, data.Table)
    return [list(row) for row in found.rows]


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> _tables.Classified:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        return _tables.classified("csv", str(_wine.csv_file()))


def test_it_learns_the_wines_and_shows_splits_samplers_and_loaders(train: Train) -> None:
    history = train("data/datasets", fetch_ms=0.5)
    assert isinstance(history.ended, Finished)
    assert history.ended.results["test/accuracy"] >= 0.85  # 36 wines: each is 2.8 points
    assert table(history, "splits")[-1] == ["all", 106, 36, 36]
    rows = table(history, "normalisation")
    assert len(rows) == 13 and all(abs(float(row[3] or 0)) < 1 for row in rows)
    sequential, shuffled, weighted = table(history, "samplers")
    assert sequential[1] == " ".join(map(str, range(16)))
    assert sequential[3] == shuffled[3] == "[35, 43, 28]" != weighted[3]
    assert [row[:2] for row in table(history, "loaders")] == [list(pair) for pair in datasets.LOADERS]
    assert all(float(speed or 0) > 0 for row in table(history, "loaders") for speed in row[2:])


def test_workers_pay_where_samples_take_time(wine: _tables.Classified) -> None:
    wines = datasets._Wines(wine.x, wine.y)
    _, alone = datasets.throughput(wines, 16, 0, fetch_ms=10)
    _, by_two = datasets.throughput(wines, 16, 2, fetch_ms=10)
    assert alone <= 100 and by_two > 1.2 * alone


def test_the_csv_holds_what_scikit_learn_has(wine: _tables.Classified) -> None:
    bunch = _tables.classified("wine")
    assert (wine.names, wine.classes) == (bunch.names, bunch.classes)
    assert torch.equal(wine.x, bunch.x) and torch.equal(wine.y, bunch.y)


def test_each_row_lies_in_one_part_and_each_class_in_all() -> None:
    labels = torch.tensor([0] * 50 + [1] * 5)
    parts = datasets.split(labels, seed=3)
    assert sorted(torch.cat([*parts.values()]).tolist()) == list(range(55))
    assert [torch.bincount(labels[part]).tolist() for part in parts.values()] == [
        [30, 3],
        [10, 1],
        [10, 1],
    ]
    again, other = datasets.split(labels, seed=3), datasets.split(labels, seed=4)
    assert torch.equal(parts["test"], again["test"]) and not torch.equal(parts["test"], other["test"])


def test_only_the_training_part_is_measured_and_an_even_column_is_left(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("a,even,kind\n" + "".join(f"{i},7,{'xy'[i % 2]}\n" for i in range(40)))
    recipe = datasets.Datasets(datasets.Datasets.Params(file=str(file)), seed=0)
    given = recipe.data()
    train = given.train.numbers
    assert torch.allclose(train.mean(0), torch.zeros(2), atol=1e-6)
    assert torch.allclose(train.std(0), torch.tensor([1.0, 0.0]), atol=1e-6)
    assert abs(float(given.test.numbers[:, 0].mean())) > 1e-3
    assert recipe._normalisation().rows[0][0] == "a"


def test_a_wrong_file_is_told(tmp_path: Path, train: Train) -> None:
    history = train("data/datasets", file=str(tmp_path / "nowhere.csv"))
    assert isinstance(history.ended, Failed) and "there is no file" in history.ended.title
    assert "nowhere.csv" in history.ended.title
