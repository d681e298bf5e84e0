"""Which runs are needed: each variant of each recipe, once for each seed."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.catalog import RecipeInfo
from workbench.mark import Mark
from workbench.params import Value
from workbench.schema import Schema

SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Variant:
    """A recipe with the values of a mark, the marks that hold for it, and the seeds to run it with."""

    info: RecipeInfo
    values: dict[str, Value] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    seeds: Sequence[int] = SEEDS
    within_s: float = 60

    @property
    def name(self) -> str:
        """The recipe, and what is not at its default: `graphs/node_classification dataset=karate`."""
        return " ".join([self.info.id, *(f"{name}={value}" for name, value in self.values.items())])


def variants(info: RecipeInfo, schema: Schema) -> list[Variant]:
    """The recipe as it is, and once for each other set of values among its marks.

    Without a mark it is run once, to see that it ends.
    """
    sets: list[dict[str, Value]] = [{}]
    sets += [mark.values for mark in schema.marks]
    unique = [values for index, values in enumerate(sets) if values not in sets[:index]]
    found = []
    for values in unique:
        marks = tuple(mark for mark in schema.marks if mark.values == values)
        seeds = SEEDS if marks else SEEDS[:1]
        found.append(Variant(info, values, marks, seeds, schema.within_s))
    return found


def fingerprint(info: RecipeInfo) -> str:
    """Changes with the code of a recipe and of all that it imports from recipes, directly or not.

    Comments and docstrings are left out: these tell the results, and are written when they are known.
    """
    digest = hashlib.sha256()
    for file in sorted(sources(info)):
        digest.update(_code(file).encode())
    return digest.hexdigest()


def sources(info: RecipeInfo) -> list[Path]:
    """The recipe's file, and those of recipes that it imports, directly or not."""
    files = [info.file]
    for file in files:  # which grows meanwhile
        for name in _imported(file):
            # The workbench's own are a package, `recipes.images._pictures`; others begin at the topic.
            for place in (info.root.parent, info.root):
                shared = place.joinpath(*name.split(".")).with_suffix(".py")
                is_shared = shared.is_relative_to(info.root) and shared.is_file()
                if is_shared and shared not in files:
                    files.append(shared)
    return files


def _code(file: Path) -> str:
    """The tree of a file, without sentences that nothing is made of."""
    tree = ast.parse(file.read_bytes())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [line for line in body if not _is_sentence(line)]
    return ast.dump(tree)


def _is_sentence(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


def _imported(file: Path) -> Iterator[str]:
    """Names of modules, and of what may be modules in packages."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
