"""Words that name runs and parameters."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from workbench.cli import arguments
from workbench.errors import NotFoundError, UsageError
from workbench.runs.folder import RunFolder


def test_the_first_equals_sign_divides() -> None:
    assert arguments.assignments(["prompt=a=b", "empty="]) == {"prompt": "a=b", "empty": ""}


def test_all_faults_of_assignments_are_told_at_once() -> None:
    with pytest.raises(UsageError) as raised:
        arguments.assignments(["lr", "=3", "a=1", "a=2"])

    for fault in ("'lr' is not", "'=3' is not", "a is given twice"):
        assert fault in raised.value.title


def test_a_run_that_is_named_twice_is_taken_once(finished: RunFolder, checkpoints: Path) -> None:
    args = argparse.Namespace(words=[finished.name, "1"], checkpoints=checkpoints)

    assert arguments.runs(args) == [finished]


def test_all_unknown_runs_are_told_at_once(finished: RunFolder, checkpoints: Path) -> None:
    args = argparse.Namespace(words=["lessons-cont-0001", "../x", "1"], checkpoints=checkpoints)
    with pytest.raises(UsageError) as raised:
        arguments.runs(args)

    assert f"did you mean {finished.name}" in raised.value.title
    assert "'../x' is not the name of a run" in raised.value.title


def test_one_unknown_run_keeps_its_own_remedy(checkpoints: Path) -> None:
    args = argparse.Namespace(words=["nobody"], checkpoints=checkpoints)
    with pytest.raises(NotFoundError, match="there are none"):
        arguments.runs(args)
