"""A recipe's parameters are cached by the text that decides them."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench import paths, schema
from workbench.catalog import RecipeInfo, read_recipe
from workbench.params import Parameter
from workbench.schema import Schema

SCHEMA = Schema(
    parameters=(Parameter(name="width", kind="int", default=16, low=1, choices=("a",), live=True),),
    monitor="validation/loss",
)


@pytest.fixture
def recipe(tmp_path: Path) -> RecipeInfo:
    file = tmp_path / "topic" / "one.py"
    file.parent.mkdir()
    file.write_text("class One(Recipe): pass")
    return read_recipe(file, tmp_path)


def test_what_was_kept_comes_back_whole(recipe: RecipeInfo) -> None:
    assert schema.cached(recipe) is None
    schema.keep(recipe, SCHEMA)
    assert schema.cached(recipe) == SCHEMA


def test_a_change_of_the_recipe_or_of_what_it_shares_forgets_it(recipe: RecipeInfo) -> None:
    schema.keep(recipe, SCHEMA)
    shared = recipe.file.with_name("_shared.py")
    shared.write_text("WIDTH = 3")
    assert schema.cached(recipe) is None
    shared.unlink()
    assert schema.cached(recipe) == SCHEMA
    recipe.file.write_text("class One(Training): pass")
    assert schema.cached(recipe) is None


def test_a_change_of_the_base_class_forgets_it(
    recipe: RecipeInfo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    schema.keep(recipe, SCHEMA)
    package = tmp_path / "workbench"
    package.mkdir()
    (package / "recipe.py").write_text("# another version of the workbench")
    monkeypatch.setattr(schema, "__file__", str(package / "schema.py"))
    assert schema.cached(recipe) is None


def test_a_fault_is_not_kept(recipe: RecipeInfo) -> None:
    schema.keep(recipe, Schema(error="no module named x", remedy="pip install x"))
    assert schema.cached(recipe) is None


def test_a_damaged_cache_is_as_good_as_none(recipe: RecipeInfo) -> None:
    schema.keep(recipe, SCHEMA)
    (kept,) = (paths.cache_dir() / "schemas").iterdir()
    for damage in (b"", kept.read_bytes()[:-5], b"\xff\xfe", b'{"parameters":[{"name":"\xff"}]}'):
        kept.write_bytes(damage)
        assert schema.cached(recipe) is None
    schema.keep(recipe, SCHEMA)
    assert schema.cached(recipe) == SCHEMA


def test_a_cache_that_cannot_be_written_only_costs_time(recipe: RecipeInfo) -> None:
    paths.cache_dir().parent.mkdir(parents=True, exist_ok=True)
    paths.cache_dir().write_text("a file where the folder should be")
    schema.keep(recipe, SCHEMA)
    assert schema.cached(recipe) is None


def test_a_recipe_that_is_gone_has_no_parameters(recipe: RecipeInfo) -> None:
    recipe.file.unlink()
    assert schema.cached(recipe) is None
