"""docs/catalogue.md tells the truth: its recipes are there, and make the figures that it names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from benchmarks.results.plan import sources
from workbench.catalog import discover

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"
INFOS = {info.id: info for info in discover()}

_ID = re.compile(r"`([a-z_]+/[a-z0-9_]+)`")
_SEEN = re.compile(r"(figure|number|parameter|layer) `([^`]+)`")


def rows() -> list[list[str]]:
    """The cells of every line of the tables: words, recipes, where they are seen."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] != "words" and set(row[0]) != {"-"}]


ROWS = rows()
PROMISED = {recipe for row in ROWS for recipe in _ID.findall(row[1])}


def test_the_recipes_that_the_page_promises_are_found() -> None:
    missing = PROMISED - set(INFOS)
    assert not missing, f"promised, and not to be found: {sorted(missing)}"


def test_every_recipe_has_its_words_on_the_page() -> None:
    assert set(INFOS) - PROMISED == set()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[1]} {row[0]}")
def test_words_are_seen_in_what_the_recipe_makes(row: list[str]) -> None:
    assert len(row) == 3 and row[0]
    names = _ID.findall(row[1])
    seen = _SEEN.findall(row[2])
    assert names and seen, "a row names a recipe, and a figure, number, parameter or layer of it"
    assert _SEEN.sub("", row[2]).strip(" ,") == "", "what else stands there is not looked at"
    wrong = [(kind, name) for kind, name in seen if not any(makes(one, kind, name) for one in names)]
    assert not wrong, row[1]


def test_what_a_recipe_does_not_make_is_noticed() -> None:
    assert makes("images/cnn", "figure", "sizes")
    assert not makes("images/cnn", "figure", "confused")
    assert not makes("images/cnn", "figure", "relu")  # a text of the file, and no figure's name
    assert not makes("images/cnn", "number", "test/rmse")
    assert not makes("images/cnn", "parameter", "blocks")
    assert not makes("images/cnn", "layer", "LSTM")


def makes(recipe: str, kind: str, name: str) -> bool:
    """Whether the text of a recipe, or of what it shares, has a figure, number, … of that name."""
    trees = [_tree(file) for file in sources(INFOS[recipe])]
    if kind == "figure":
        return any(re.fullmatch(pattern, name) for tree in trees for pattern in _figures(tree))
    if kind == "parameter":
        return any(name == found for tree in trees for found in _parameters(tree))
    if kind == "number":  # `val/` and `test/` come from the loop, so the last part of a name decides
        last = name.rpartition("/")[2]
        return any(last in re.split(r"[/]", text) for tree in trees for text in _texts(tree))
    return any(re.search(rf"\b{re.escape(name)}", file.read_text()) for file in sources(INFOS[recipe]))


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _figures(tree: ast.Module) -> Iterator[str]:
    """What names of figures look like; where one is no text in the call, any text of the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr != "figure":
                continue
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield re.escape(str(first.value))
            elif isinstance(first, ast.JoinedStr):
                yield "".join(
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"
                    for part in first.values
                )
            else:
                yield from map(re.escape, _texts(tree))


def _parameters(tree: ast.Module) -> Iterator[str]:
    """What is declared in a class `Params`, also the defaults that it changes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == "Params":
            for line in node.body:
                target = line.target if isinstance(line, ast.AnnAssign) else None
                target = line.targets[0] if isinstance(line, ast.Assign) else target
                if isinstance(target, ast.Name):
                    yield target.id


def _texts(tree: ast.Module) -> Iterator[str]:
    """All texts but docstrings; names of keyword arguments too, which `run.log(loss=…)` records."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value
        if isinstance(node, ast.keyword) and node.arg:
            yield node.arg
