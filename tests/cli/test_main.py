"""Exit states, errors and what is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from workbench.cli.main import main

PROBE = """
import json, sys
from workbench.cli.main import main
status = main(sys.argv[1:])
heavy = ("torch", "textual", "numpy", "plotext")
print(json.dumps([status, [name for name in heavy if name in sys.modules]]), file=sys.stderr)
"""


def test_list_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "list"], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stderr) == [0, []]


@pytest.mark.parametrize("command", ["runs", "doctor", "show"])
def test_no_command_imports_torch_or_textual(command: str) -> None:
    call = [command, "lessons/count"] if command == "show" else [command]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *call], capture_output=True, text=True, check=True
    )

    imported = json.loads(done.stderr.splitlines()[-1])[1]
    assert not {"torch", "textual"} & set(imported)


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "list"], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)

    assert done.stderr == b""
    assert done.returncode == 141


def test_an_unknown_recipe_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "lessons/cuont"]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert "did you mean lessons/count" in said.err


def test_escapes_in_a_refused_word_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "\x1b[2J"]) == 2

    assert "\x1b" not in capsys.readouterr().err


def test_a_terminal_that_lacks_characters_gets_question_marks() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "list"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0
    assert b"?" in done.stdout
