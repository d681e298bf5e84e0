"""What the README says is true: its recipe runs, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

from workbench.catalog import discover, read_recipe
from workbench.cli.parser import COMMANDS
from workbench.workers import launch
from workbench.workers.launch import Order
from workbench.workers.standby import Standby

README = Path(__file__).parent.parent / "README.md"


def test_the_recipe_of_the_readme_rehearses(standby: Standby, tmp_path: Path) -> None:
    source = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert source is not None
    file = tmp_path / "my_recipes" / "shapes" / "circles.py"
    file.parent.mkdir(parents=True)
    file.write_text(source[1])
    recipe = read_recipe(file, file.parent.parent)
    assert recipe.id == "shapes/circles"
    report = launch.rehearse(Order(recipe, {"width": "32"}, device="cpu"), standby)
    assert "64x32" in report  # a batch of the default size, as wide as was asked for


def test_every_command_of_the_readme_exists() -> None:
    block = re.search(r"## The command line\n\n```\n(.*?)```", README.read_text(), re.DOTALL)
    assert block is not None
    words = set(re.findall(r"(?:^|\s{2,})workbench (\w+)", block[1], re.MULTILINE))
    words |= set(re.findall(r"\| (\w+)", block[1]))
    assert words == set(COMMANDS)


def test_files_that_the_readme_names_are_there() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", README.read_text()):
        assert (README.parent / link).exists(), link


def test_every_recipe_stands_in_the_readmes_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+` ?)+)\|", README.read_text(), re.MULTILINE)
    named = {f"{topic}/{name}" for topic, names in rows for name in re.findall(r"`(\w+)`", names)}
    assert named == {recipe.id for recipe in discover()}
