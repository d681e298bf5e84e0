"""What a layer may not know is not loaded with it; each import runs in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"torch", "textual", "numpy", "matplotlib", "sklearn", "workbench.training", "workbench.tui"}


def loaded(statement: str) -> set[str]:
    """Which heavy modules are there after `statement`."""
    asked = f"{statement}\nimport sys\nprint(*(m for m in {sorted(HEAVY)} if m in sys.modules))"
    command = [sys.executable, "-W", "error", "-c", asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        # What `workbench list` and `workbench runs` need: the time of an import of numpy counts there.
        (
            "import workbench.catalog, workbench.params, workbench.schema, workbench.runs.listing, "
            "workbench.runs.state, workbench.runs.control, workbench.units, workbench.paths",
            set(),
        ),
        # All that a process that steers and shows runs needs.
        ("import workbench.runs.history, workbench.runs.run, workbench.recipe", {"numpy"}),
        ("from workbench import Recipe, choice, number, path, switch, text", {"numpy"}),
        ("import workbench, workbench.figures", {"numpy"}),
        ("import workbench.debugging.protocol", set()),
        ("import workbench.debugging.client", {"numpy"}),
    ],
)
def test_imports_bring_no_more_than_their_layer(statement: str, allowed: set[str]) -> None:
    assert loaded(statement) <= allowed


def test_discovering_recipes_imports_none_of_them() -> None:
    found = "from workbench.catalog import discover\nassert len(list(discover())) >= 0"
    assert loaded(found) == set()
