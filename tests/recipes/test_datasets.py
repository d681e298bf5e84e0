from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from recipes.data import _tables, datasets
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.runs.events import Failed, Finished
from workbench.runs.history import History

Train = Callable[..., History]
CSV = "height;width;kind\n" + "".join(f"{i};{-i};{'ab'[i % 2]}\n" for i in range(20))


def table(history: History, name: str) -> list[list[data.Cell]]:
    shown = history.figures[name][-1]
    found = data.decode(bytes(shown.figure))
    assert isinstance(found, data.Table)
    return [list(row) for row in found.rows]


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        return _tables.wine()


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


def test_workers_pay_where_samples_take_time(wine: Path) -> None:
    rows = _tables.read(wine)
    wines = datasets._Wines(rows.numbers, rows.labels)
    _, alone = datasets.throughput(wines, 16, 0, fetch_ms=10)
    _, by_two = datasets.throughput(wines, 16, 2, fetch_ms=10)
    assert alone <= 100 and by_two > 1.2 * alone


def test_wine_is_a_csv_that_holds_what_scikit_learn_has(wine: Path) -> None:
    from sklearn.datasets import load_wine  # noqa: PLC0415 - this test alone

    bunch, rows = load_wine(), _tables.read(wine)
    assert rows.names == bunch.feature_names and len(rows.classes) == 3
    assert torch.equal(rows.numbers, torch.tensor(bunch.data, dtype=torch.float32))
    assert torch.equal(rows.labels, torch.tensor(bunch.target))


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


def test_a_csv_of_ones_own_is_read_with_any_separator_and_label(tmp_path: Path) -> None:
    for separator in ";,\t":
        file = tmp_path / "own.csv"
        file.write_text("\ufeff" + CSV.replace(";", separator) + "\n\n", encoding="utf-8")
        rows = _tables.read(file)
        assert (rows.names, rows.classes, rows.numbers.shape) == (
            ["height", "width"],
            ["a", "b"],
            (20, 2),
        )
    file.write_text("kind,x\n" + "".join(f"{'ab'[i % 2]},{i}\n" for i in range(20)))
    assert _tables.read(file, "kind").names == ["x"]


@pytest.mark.parametrize(
    ("text", "label", "title", "remedy"),
    [
        (CSV, "knd", "no column 'knd'; did you mean kind", "label="),
        (CSV + "x;1;a\n3;;b\n", "", "holds what cannot be learned from", "line 22, height: 'x' is no"),
        (CSV + "1;a\n", "", "holds what cannot", "line 22 has 2 cells for 3 columns"),
        (CSV + "1;inf;a\n", "", "holds what cannot", "line 22, width: 'inf' is no number"),
        (CSV.replace(";b", ";a"), "", "kind is 'a' in every row", "two classes"),
        (CSV + "1;2;c\n", "", "kind is 'c' in only 1 of 21 rows", "5 rows"),
        ("a\nb\n", "", "one column", "first line"),
        ("", "", "has no rows", "a line of names"),
        ("a,b\n", "", "has no rows", "a line of names"),
    ],
)
def test_a_wrong_csv_is_told_by_its_faults(
    tmp_path: Path, text: str, label: str, title: str, remedy: str
) -> None:
    file = tmp_path / "own.csv"
    file.write_text(text)
    with pytest.raises(WorkbenchError) as raised:
        _tables.read(file, label)
    assert title in raised.value.title and remedy in raised.value.remedy


def test_no_file_and_no_text_are_told(tmp_path: Path, train: Train) -> None:
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\xff\xfe")
    for name in ("nowhere.csv", "picture.csv"):
        with pytest.raises(WorkbenchError, match="cannot be read"):
            _tables.read(tmp_path / name)
    history = train("data/datasets", file=str(tmp_path / "nowhere.csv"))
    assert isinstance(history.ended, Failed) and "nowhere.csv cannot be read" in history.ended.title
