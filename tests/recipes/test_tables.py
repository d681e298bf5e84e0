from __future__ import annotations

from pathlib import Path

import pytest
import torch

from recipes.classification import _tables
from workbench.errors import WorkbenchError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.csv"


def test_a_file_is_read_whatever_separates_its_columns(file: Path) -> None:
    for separator in ",;\t":
        lines = [["width", "kind", "height"], *([str(i), "ab"[i % 2], "1.5"] for i in range(10))]
        file.write_text("\n".join(separator.join(line) for line in lines), encoding="utf-8-sig")
        table = _tables.classified("csv", str(file), "kind")
        assert (table.names, table.classes) == (["width", "height"], ["a", "b"])
        assert table.x[3].tolist() == [3, 1.5]
        assert table.y.tolist() == [0, 1] * 5


def test_classes_that_are_numbers_stand_in_their_order(file: Path) -> None:
    file.write_text("x,class\n" + "".join(f"{i},{(2, 10)[i % 2]}\n" for i in range(10)))
    assert _tables.classified("csv", str(file)).classes == ["2", "10"]


def test_several_amounts_are_read_by_name(file: Path) -> None:
    file.write_text("a,b,c\n" + "".join(f"{i},{2 * i},{3 * i}\n" for i in range(5)))
    table = _tables.measured("csv", str(file), "c, a")
    assert (table.names, table.targets) == (["b"], ["c", "a"])
    assert table.y[2].tolist() == [6, 2]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", "holds no samples"),
        ("a,b\n", "holds no samples"),
        ("a,b\n1\n", "line 2 has 1 cells, the first line 2"),
        ("a,b\none,x\n", "line 2: 'one' is no number"),
        ("a,b\n1,x\n,y\n", "line 3: '' is no number"),
        ("b\nx\ny\n", "no column beside b"),
        ("a,b\n" + "1,x\n" * 9, "only one class: 'x'"),
        ("a,b\n" + "1,x\n" * 9 + "2,y\n", "class 'y' has 1 samples"),
    ],
)
def test_a_wrong_file_is_a_clear_error(file: Path, text: str, title: str) -> None:
    file.write_text(text)
    with pytest.raises(WorkbenchError) as raised:
        _tables.classified("csv", str(file))
    assert title in raised.value.title and raised.value.remedy


def test_wrong_targets_are_named(file: Path) -> None:
    with pytest.raises(WorkbenchError, match="dataset=csv needs a file"):
        _tables.classified("csv")
    with pytest.raises(WorkbenchError, match="cannot be read as CSV"):
        _tables.classified("csv", str(file))
    file.write_text("width,height\n1,5\n2,5\n")
    with pytest.raises(WorkbenchError, match="did you mean height"):
        _tables.measured("csv", str(file), "heigt")
    with pytest.raises(WorkbenchError, match="height is always 5"):
        _tables.measured("csv", str(file), "height")
    file.write_text("width,height\n1,5\n2,tall\n")
    with pytest.raises(WorkbenchError, match="line 3: 'tall' is no number"):
        _tables.measured("csv", str(file), "height")


def test_parts_are_stratified_and_share_nothing() -> None:
    table = _tables.classified("breast_cancer")
    numbered = table._replace(x=torch.arange(len(table.y))[:, None])
    parts = _tables.split(numbered, seed=0)
    assert [len(part.y) for part in parts] == [370, 85, 114]
    assert sorted(int(i) for part in parts for i in part.x[:, 0]) == list(range(569))
    for part in parts:
        assert float(part.y.float().mean()) == pytest.approx(0.627, abs=0.01)


def test_standardising_is_undone_and_keeps_columns_that_never_vary() -> None:
    samples = torch.tensor([[1.0, 5.0], [3.0, 5.0]])
    scale = _tables.Standardise(samples)
    assert scale(samples).tolist() == [[-1, 0], [1, 0]]
    assert torch.equal(scale.back(scale(samples)), samples)
