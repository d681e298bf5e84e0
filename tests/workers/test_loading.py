from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.workers.loading import RecipeError, load

Write = Callable[[str], Path]

ONE = "from workbench import Recipe\nclass One(Recipe):\n    pass\n"


def test_the_one_public_recipe_class_is_found(recipe_file: Write) -> None:
    file = recipe_file(ONE + "class _Helper(One):\n    pass\n")
    assert load(file).__name__ == "One"


def test_a_recipe_imports_its_neighbours_as_a_script_would(recipe_file: Write) -> None:
    file = recipe_file("from _shared_leaf import VALUE\n" + ONE)
    (file.parent / "_shared_leaf.py").write_text("VALUE = 1\n")
    assert load(file).__name__ == "One"


@pytest.mark.parametrize(
    ("source", "title", "remedy"),
    [
        ("x = (\n", "line 1", ""),
        (
            "import torch_geometric_not_here\n",
            "needs the module",
            "pip install torch-geometric-not-here",
        ),
        ("import definitely.missing\n", "'definitely'", "pip install definitely"),
        ("def f():\n    return 1 / 0\n\nf()\n", "line 2: ZeroDivisionError", "shows its traceback"),
        ("raise SystemExit(1)\n", "SystemExit", "traceback"),
        ("x = 1\n", "exactly one recipe; it defines: none", "underscore"),
        (ONE + ONE.replace("One", "Two"), "it defines: One, Two", "underscore"),
    ],
)
def test_what_is_wrong_with_a_module_is_said(
    recipe_file: Write, source: str, title: str, remedy: str
) -> None:
    with pytest.raises(RecipeError) as fault:
        load(recipe_file(source))
    assert title in fault.value.title
    assert remedy in fault.value.remedy


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="gone"):
        load(tmp_path / "gone.py")
