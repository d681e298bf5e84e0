"""The description of a run's folder names every file, record and field, and its examples are real."""

from __future__ import annotations

import re
import subprocess
import sys
import typing
from pathlib import Path

import msgspec
import pytest

from workbench.runs import control, events
from workbench.runs.folder import Manifest, Parent, RecipeReference, RunFolder
from workbench.runs.lock import Holder
from workbench.runs.marks import Marks
from workbench.runs.states import State

PAGE = (Path(__file__).parents[2] / "docs" / "run-folder.md").read_text()
CHAPTERS = dict(re.findall(r"^## (\S.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
RECORDS = [("events.jsonl", kind) for kind in typing.get_args(events.Event)]
REQUESTS = [("control.jsonl", kind) for kind in typing.get_args(control.AnyRequest)]


def tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def section(chapter: str, kind: type[msgspec.Struct]) -> str:
    found = re.search(
        rf"^### `{tag(kind)}`\n(.*?)(?=^### |\Z)", CHAPTERS[chapter], re.MULTILINE | re.DOTALL
    )
    assert found, f"{chapter} has no section on {tag(kind)}"
    return found[1]


def named(fields: tuple[str, ...], text: str) -> set[str]:
    return {field for field in fields if f"`{field}`" not in text}


@pytest.mark.parametrize(("chapter", "kind"), RECORDS + REQUESTS)
def test_every_record_and_field_is_described(chapter: str, kind: type[msgspec.Struct]) -> None:
    shared = control.Request.__struct_fields__ if chapter == "control.jsonl" else ("time",)
    own = tuple(field for field in kind.__struct_fields__ if field not in shared)
    assert named(own, section(chapter, kind)) == set()
    assert named(shared, CHAPTERS[chapter].partition("###")[0]) == set()


@pytest.mark.parametrize(("chapter", "kind"), RECORDS + REQUESTS)
def test_every_record_has_an_example_that_can_be_read(chapter: str, kind: type[msgspec.Struct]) -> None:
    example = re.search(r"```json\n(.*?)\n```", section(chapter, kind))
    assert example
    union = events.Event if chapter == "events.jsonl" else control.AnyRequest
    assert type(msgspec.json.decode(example[1], type=union)) is kind
    # Nothing in the example is unknown to the record.
    fields = {"type", *(field.encode_name for field in msgspec.structs.fields(kind))}
    assert set(msgspec.json.decode(example[1])) <= fields


def test_no_record_is_described_that_does_not_exist() -> None:
    for chapter, kinds in (("events.jsonl", RECORDS), ("control.jsonl", REQUESTS)):
        described = re.findall(r"^### `(\w+)`", CHAPTERS[chapter], re.MULTILINE)
        assert sorted(described) == sorted(tag(kind) for _, kind in kinds)


@pytest.mark.parametrize("kind", [Manifest, RecipeReference, Parent])
def test_every_field_of_run_json_is_described(kind: type[msgspec.Struct]) -> None:
    assert named(kind.__struct_fields__, CHAPTERS["run.json"]) == set()


def test_the_best_value_is_described() -> None:
    progress = section("events.jsonl", events.Progress)
    assert named(events.Best.__struct_fields__, progress) == set()


def test_the_lock_is_described_as_it_is_written() -> None:
    written = re.search(r"`(\{.*?\})`", CHAPTERS["lock"])
    assert written
    assert msgspec.json.decode(written[1], type=Holder) == Holder(pid=4711, host="gpu-box")


def test_the_marks_are_described_with_an_example_that_can_be_read() -> None:
    assert named(Marks.__struct_fields__, CHAPTERS["marks.json"]) == set()
    example = re.search(r"```json\n(.*?)\n```", CHAPTERS["marks.json"])
    assert example
    read = msgspec.json.decode(example[1], type=Marks)
    assert set(msgspec.json.decode(example[1])) == set(Marks.__struct_fields__)
    assert read.starred
    assert read.note


def test_every_state_is_described() -> None:
    assert named(tuple(State), CHAPTERS["States"]) == set()


def test_every_file_is_listed() -> None:
    folder = RunFolder(Path("run"))
    listed = PAGE.partition("```\n")[2].partition("```")[0]
    paths = [
        value for value in (getattr(folder, name) for name in dir(folder)) if isinstance(value, Path)
    ]
    files = {path.name for path in paths if path != folder.path}
    assert len(files) >= 6
    assert {file for file in files if file not in listed} == set()


def test_the_reader_on_the_page_reads_a_run(tmp_path: Path) -> None:
    run = tmp_path / "checkpoints" / "images-cnn-0001"
    run.mkdir(parents=True)
    lines = re.findall(r"```json\n(.*?)\n```", CHAPTERS["events.jsonl"])
    (run / "events.jsonl").write_text("\n".join(lines) + '\n{"type":"met')
    program = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert program
    command = [sys.executable, "-c", program[1]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "401 {'train/loss': 0.4136, 'train/grad_norm': inf}\n"
