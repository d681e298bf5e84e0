"""Errors that a user reads: two texts, and the nearest names."""

from __future__ import annotations

import pytest

from workbench.errors import (
    Faults,
    NotFoundError,
    UsageError,
    WorkbenchError,
    nearest,
    refuse,
    unknown,
)


def test_an_error_reads_as_title_and_remedy() -> None:
    assert str(WorkbenchError("the disk is full", "make room")) == "the disk is full\nmake room"
    assert str(WorkbenchError("the disk is full")) == "the disk is full"


def test_what_is_not_found_is_a_wrong_call() -> None:
    with pytest.raises(UsageError):
        raise NotFoundError("no run 'x'")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("images/cn", ["images/cnn"]),
        ("cnn", ["images/cnn"]),
        ("CNN", ["images/cnn"]),
        ("zzz", []),
        ("", []),
    ],
)
def test_nearest_names_are_alike_or_contain_the_word(word: str, expected: list[str]) -> None:
    assert nearest(word, ["images/cnn", "from_scratch/linear_regression"]) == expected


def test_nearest_gives_the_best_first_and_at_most_as_many_as_asked() -> None:
    assert nearest("widht", ["weight", "width", "height", "depth"], most=2)[0] == "width"
    assert len(nearest("a", [f"a{i}" for i in range(9)], most=3)) == 3


def test_all_faults_are_refused_together() -> None:
    refuse([])
    with pytest.raises(UsageError) as one:
        refuse(["width is too large"])
    assert (one.value.title, one.value.remedy) == ("width is too large", "")
    with pytest.raises(UsageError) as two:
        refuse(["width is too large", "no device 'x'"])
    assert two.value.title.startswith("2 faults")
    assert two.value.remedy.splitlines() == ["width is too large", "no device 'x'"]


def test_faults_of_a_file_are_told_together_and_the_first_few_by_name() -> None:
    faults = Faults("mine.csv")
    faults.tell()
    faults.add("line 2 is empty", "fill it")
    with pytest.raises(WorkbenchError) as one:
        faults.tell()
    assert (one.value.title, one.value.remedy) == ("mine.csv: line 2 is empty", "fill it")
    for line in range(3, 1003):
        faults.add(f"line {line} is empty", "fill it")
    with pytest.raises(WorkbenchError) as many:
        faults.tell()
    assert many.value.title == "mine.csv has 1,001 faults"
    told = many.value.remedy.splitlines()
    assert told[0] == "line 2 is empty" and told[-2:] == ["and 995 more", "fill it"]


def test_unknown_names_the_nearest() -> None:
    assert unknown("recipe", "cn", ["cnn"]) == "no recipe 'cn'; did you mean cnn?"
    near = unknown("run", "cnn-01", ["cnn-0001", "cnn-01b"])
    assert near == "no run 'cnn-01'; did you mean cnn-01b or cnn-0001?"


def test_unknown_without_a_near_name_lists_what_there_is() -> None:
    assert unknown("run", "x", []) == "no run 'x'; there are none"
    assert unknown("run", "x", ["b", "a"]) == "no run 'x'; there are: a, b"
    assert unknown("run", "x", [f"r{i}" for i in range(9)]).endswith("r7, …")
