"""The description of a run's folder names every file and field of a study's; its examples are real."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import msgspec
import pytest

from workbench.runs.folder import RunFolder
from workbench.tuning import methods
from workbench.tuning.space import Dimension, Space
from workbench.tuning.study import Objective, Plan, StudyFolder
from workbench.tuning.trials import TrialRecord, TrialState

PAGE = (Path(__file__).parents[2] / "docs" / "run-folder.md").read_text()
CHAPTERS = dict(re.findall(r"^## (\S.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize(
    ("chapter", "kind"),
    [
        *(("study.json", kind) for kind in (Plan, Space, Dimension, Objective)),
        ("trials.jsonl", TrialRecord),
    ],
)
def test_every_field_is_described(chapter: str, kind: type[msgspec.Struct]) -> None:
    assert {name for name in kind.__struct_fields__ if f"`{name}`" not in CHAPTERS[chapter]} == set()


def test_every_state_and_kind_is_described() -> None:
    states = typing.get_args(TrialState)
    assert {state for state in states if f"`{state}`" not in CHAPTERS["trials.jsonl"]} == set()
    kinds = typing.get_args(typing.get_type_hints(Dimension)["kind"])
    assert {kind for kind in kinds if f"`{kind}`" not in CHAPTERS["study.json"]} == set()


@pytest.mark.parametrize(("chapter", "kind"), [("study.json", Plan), ("trials.jsonl", TrialRecord)])
def test_the_examples_can_be_read(chapter: str, kind: type[msgspec.Struct]) -> None:
    example = re.search(r"```json\n(.*?)\n```", CHAPTERS[chapter])
    assert example
    read = msgspec.json.decode(example[1], type=kind)
    assert set(msgspec.json.decode(example[1])) <= set(kind.__struct_fields__)
    if isinstance(read, Plan):
        assert methods.faults(read.sampler, read.pruner, read.space) == []


def test_every_file_is_listed() -> None:
    folder = StudyFolder(RunFolder(Path("study")))
    listed = CHAPTERS["study.json"].partition("```\n")[2].partition("```")[0]
    files = {folder.plan_file, folder.trials_file, folder.journal_file, folder.trials_dir}
    assert {file.name for file in files if f"  {file.name}" not in listed} == set()
    assert folder.trial(0).name in listed
