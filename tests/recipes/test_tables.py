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


def samples(*lines: str, names: str = "a,b,kind") -> str:
    """A table of ten good samples of two classes, and those lines after them: the first is line 12."""
    good = (f"{i},{i * i},{'xy'[i % 2]}" for i in range(10))
    return "\n".join([names, *good, *lines]) + "\n"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", "holds no samples"),
        ("a,b\n", "holds no samples"),
        ("\n \n", "holds no samples"),
        ("b\nx\ny\n", "no column beside b"),
        ("a,b\n" + "1,x\n" * 9, "only one class: 'x'"),
        ("a,b\n1,x\n", "only one class: 'x'"),
        ("a,b\n" + "1,x\n" * 9 + "2,y\n", "of 2 classes 1 have too few samples: 'y' has 1"),
        (samples("1"), "line 12 has 1 cells, the first line 3"),
        (samples("1,2,x,"), "line 12 has 4 cells, the first line 3"),
        (samples("one,2,x"), "line 12, column a: 'one' is no number"),
        (samples(",2,x"), "line 12, column a is empty"),
        (samples("1,inf,x"), "line 12, column b: 'inf' is not finite"),
        (samples("1,-1e60,x"), "line 12, column b: '-1e60' is not finite, or too large"),
        (samples("1,nan,x"), "line 12, column b: 'nan' is not finite"),
        (samples('1,"2,5",x'), "line 12, column b: '2,5' has a comma"),
        (samples("1,2,"), "line 12 has no class"),
        (samples(names="5.1,1.4,x"), "line 1 holds numbers (5.1, 1.4, x)"),
        (samples(names="a,a,kind"), "two columns are called a"),
        (samples(names=",b,kind"), "column 1 has no name"),
        (samples().replace(",x", ",x,").replace(",y", ",y,").replace("kind", "kind,"), "no name"),
    ],
)
def test_a_wrong_file_is_a_clear_error(file: Path, text: str, title: str) -> None:
    file.write_text(text)
    with pytest.raises(WorkbenchError) as raised:
        _tables.classified("csv", str(file))
    told = str(raised.value)
    assert title in told and raised.value.remedy and str(file) in raised.value.title


def test_all_that_is_wrong_with_a_file_is_told_at_once(file: Path) -> None:
    file.write_text(samples("1", "one,2,x", *["1,,y"] * 9, "1,2,"))
    with pytest.raises(WorkbenchError) as raised:
        _tables.classified("csv", str(file))
    assert raised.value.title == f"{file} has 12 faults"
    told = raised.value.remedy.splitlines()
    assert told[0].startswith("line 12 has 1 cells") and told[1].startswith("line 13, column a: 'one'")
    assert told[2].startswith("line 14, column b is empty") and told[6] == "and 6 more"
    assert len(told) == len(set(told)) == 11  # six faults, how many more, and four remedies


def test_a_column_of_texts_is_one_fault(file: Path) -> None:
    file.write_text("name,width,kind\n" + "".join(f"anna{i},{i},{'ab'[i % 2]}\n" for i in range(20)))
    with pytest.raises(WorkbenchError) as raised:
        _tables.classified("csv", str(file))
    assert "column name, in all 20 lines, such as 2: 'anna0' is no number" in raised.value.title


@pytest.mark.parametrize("names", ["0,1,2", "400.5,401,kind"])
def test_names_may_be_numbers_that_rise(file: Path, names: str) -> None:
    file.write_text(samples(names=names))
    assert _tables.classified("csv", str(file)).names == names.split(",")[:2]


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        (None, "there is no file"),
        (b"\x89PNG\r\n\0\0", "is no text"),
        (b"a,kind\n1,caf\xe9\n", "line 2: the byte 0xe9 is no UTF-8"),
        ("a,kind\n1,x\n".encode("utf-16"), "UTF-16"),
        (b"a,kind\n1," + b"x" * 200_000, "line 2 cannot be read as CSV"),
    ],
)
def test_what_is_no_text_is_told_apart(file: Path, raw: bytes | None, title: str) -> None:
    if raw is not None:
        file.write_bytes(raw)
    with pytest.raises(WorkbenchError) as raised:
        _tables.classified("csv", str(file))
    assert title in raised.value.title and raised.value.remedy


def test_paths_that_are_wrong_name_what_is_there(file: Path) -> None:
    with pytest.raises(WorkbenchError, match="is a folder, not CSV"):
        _tables.classified("csv", str(file.parent))
    file.write_text(samples())
    with pytest.raises(WorkbenchError, match="there is no file") as raised:
        _tables.classified("csv", str(file.with_name("mime.csv")))
    assert "has mine.csv" in raised.value.remedy
    with pytest.raises(WorkbenchError, match="there is no file") as raised:
        _tables.classified("csv", str(file.parent / "gone" / "deep" / "mine.csv"))
    assert raised.value.remedy.endswith("has no gone")


def test_a_file_that_no_data_set_reads_is_refused() -> None:
    with pytest.raises(WorkbenchError, match=r"dataset=wine does not read file=mine.csv, target=kind"):
        _tables.classified("wine", "mine.csv", "kind")
    with pytest.raises(WorkbenchError, match="dataset=diabetes does not read file") as raised:
        _tables.measured("diabetes", "mine.csv")
    assert "set dataset=csv" in raised.value.remedy


def test_a_column_that_never_varies_is_said(file: Path) -> None:
    file.write_text("a,b,kind\n" + "".join(f"{i},7,{'xy'[i % 2]}\n" for i in range(10)))
    (note,) = _tables.classified("csv", str(file)).notes
    assert note.endswith("nothing: b")


def test_wrong_targets_are_named(file: Path) -> None:
    with pytest.raises(WorkbenchError, match="dataset=csv needs a file"):
        _tables.classified("csv")
    file.write_text("width,height\n1,5\n2,5\n")
    with pytest.raises(WorkbenchError, match="did you mean height"):
        _tables.measured("csv", str(file), "heigt")
    with pytest.raises(WorkbenchError, match="height is always 5"):
        _tables.measured("csv", str(file), "height")
    file.write_text("width,height\n1,5\n2,tall\nx,\n")
    with pytest.raises(WorkbenchError, match="3 faults") as raised:
        _tables.measured("csv", str(file), "height")
    for told in ("line 3, column height: 'tall'", "line 4, column width", "line 4, column height is"):
        assert told in raised.value.remedy


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
