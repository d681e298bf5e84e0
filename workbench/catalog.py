"""Which recipes there are, read from their source without importing any of them."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import re
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from workbench import paths
from workbench.errors import NotFoundError, UsageError, unknown

DISTRIBUTION = "training-workbench"
ENTRY_POINTS = "workbench.recipes"

# Modules whose name on the import line is not that of the package that brings them.
_PACKAGE_OF_MODULE = {"skimage": "scikit-image", "sklearn": "scikit-learn", "PIL": "pillow"}


@dataclass(frozen=True)
class RecipeInfo:
    """One recipe file, as far as its text tells.

    Attributes:
        id: topic and name, `images/cnn`.
        root: the folder that holds the topics.
        kind: `Training`, `Recipe`, or the name of another base class.
        doc: the whole docstring.
        error: why the file is no recipe; empty for a sound one.
        missing: modules it imports that are not installed.
    """

    id: str
    file: Path
    root: Path
    kind: str = "Recipe"
    doc: str = ""
    error: str = ""
    missing: tuple[str, ...] = ()

    @property
    def topic(self) -> str:
        return self.id.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.id.rpartition("/")[2]

    @property
    def title(self) -> str:
        """The first line of the docstring."""
        return self.doc.partition("\n")[0]

    @property
    def summary(self) -> str:
        """The first paragraph after the title, or the title where there is none."""
        paragraphs = [" ".join(p.split()) for p in self.doc.split("\n\n")]
        return paragraphs[1] if len(paragraphs) > 1 else self.title

    @property
    def remedy(self) -> str:
        """The command that installs what is missing; empty where nothing is."""
        return install_command(self.missing) if self.missing else ""

    def sha256(self) -> str:
        """Fingerprint of the file as it is now."""
        return hashlib.sha256(self.file.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Catalog:
    """All recipes found, sorted by topic and name; sound and broken alike."""

    recipes: tuple[RecipeInfo, ...]

    def __iter__(self) -> Iterator[RecipeInfo]:
        return iter(self.recipes)

    def topics(self) -> dict[str, list[RecipeInfo]]:
        """Recipes by topic, in order."""
        by_topic: dict[str, list[RecipeInfo]] = {}
        for recipe in self.recipes:
            by_topic.setdefault(recipe.topic, []).append(recipe)
        return by_topic

    def find(self, word: str) -> RecipeInfo:
        """The recipe of that id, or of that name where only one topic has it.

        Raises:
            NotFoundError: with the nearest ids.
            UsageError: when several topics have a recipe of that name.
        """
        same = [r for r in self.recipes if word in {r.id, r.name, str(r.file)}]
        exact = [r for r in same if r.id == word]
        if len(exact or same) == 1:
            return (exact or same)[0]
        if same:
            listed = ", ".join(recipe.id for recipe in same)
            raise UsageError(f"{word!r} is the name of several recipes", f"one of: {listed}")
        raise NotFoundError(
            unknown("recipe", word, [recipe.id for recipe in self.recipes]),
            "`workbench list` shows them all",
        )


def discover(folders: Iterable[Path] = ()) -> Catalog:
    """The recipes that come with the workbench, those of entry points, and those of `folders`.

    A later folder's recipe takes the place of an earlier one's of the same id.

    Raises:
        UsageError: when one of `folders` is no folder.
    """
    installed, broken = _from_entry_points()
    found = {info.id: info for info in broken}
    own = [folder.resolve() for folder in [*paths.recipe_dirs(), *folders]]
    for root in [_builtin(), *installed, *own]:
        if not root.is_dir():
            raise UsageError(f"{root} is no folder of recipes", "give a folder with --recipes DIR")
        for file in _recipe_files(root):
            info = read_recipe(file, root)
            found[info.id] = info
    return Catalog(tuple(found[key] for key in sorted(found)))


def read_recipe(file: Path, root: Path) -> RecipeInfo:
    """What the text of `file` tells; a file that cannot be read or parsed is listed with its error."""
    topic = root.name if file.parent == root else file.parent.relative_to(root).as_posix()
    recipe_id = f"{topic}/{file.stem}"
    try:
        tree = _parse(file)
    except SyntaxError as fault:
        where = f"line {fault.lineno}: " if fault.lineno else ""
        return RecipeInfo(recipe_id, file, root, error=f"{where}{fault.msg}")
    except (OSError, ValueError, RecursionError, MemoryError) as fault:
        return RecipeInfo(recipe_id, file, root, error=str(fault) or type(fault).__name__)
    kinds = [kind for node in tree.body if (kind := _recipe_kind(node))]
    return RecipeInfo(
        recipe_id,
        file,
        root,
        kind=kinds[0] if kinds else "Recipe",
        doc=ast.get_docstring(tree) or "",
        error="" if kinds else "no class in it derives from Recipe or Training",
        missing=_missing_modules(_with_leaves(tree, file.parent), (file.parent, file.parent.parent)),
    )


def install_command(modules: Iterable[str]) -> str:
    """The command that brings modules: an extra of the workbench where one has them, else packages."""
    packages = [_PACKAGE_OF_MODULE.get(m, m.replace("_", "-")) for m in modules]
    extras = sorted({extra for package in packages if (extra := _extra_of(package))})
    rest = [package for package in packages if not _extra_of(package)]
    return " ".join([pip(), "install", *([own_requirement(extras)] if extras else []), *rest])


def pip() -> str:
    """The pip of the environment that the workbench runs in, as one types it in this folder."""
    ours = Path(sys.executable).parent / "pip"
    found = shutil.which("pip")
    if not ours.exists() or (found is not None and Path(found) == ours):
        return "pip"
    return str(ours.relative_to(Path.cwd()) if ours.is_relative_to(Path.cwd()) else ours)


def own_requirement(extras: Iterable[str]) -> str:
    """The workbench with extras, quoted for a shell: from its clone where it was installed from one."""
    clone = _clone()
    listed = ",".join(extras)
    if clone is None:
        return f"'{DISTRIBUTION}[{listed}]'"
    return f"-e '{'.' if clone == Path.cwd() else clone}[{listed}]'"


def _clone() -> Path | None:
    """Where the source lies that an editable installation refers to."""
    try:
        origin = importlib.metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return None
    url = json.loads(origin or "{}").get("url", "")
    return Path(unquote(urlsplit(url).path)) if url.startswith("file://") else None


def _builtin() -> Path:
    spec = importlib.util.find_spec("recipes")
    if spec is None or not spec.submodule_search_locations:
        raise UsageError("the workbench's own recipes are missing", "install the workbench again")
    return Path(next(iter(spec.submodule_search_locations)))


def _from_entry_points() -> tuple[list[Path], list[RecipeInfo]]:
    """The folders that other packages offer, and a broken recipe for each that is not there."""
    folders, broken = [], []
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        folder = _folder_of(entry.value.partition(":")[0])
        if folder is None:
            error = f"the entry point {entry.name} = {entry.value} names no folder of recipes"
            file = Path(entry.value)
            broken.append(RecipeInfo(f"{entry.name}/{entry.value}", file, file, error=error))
        else:
            folders.append(folder)
    return folders, broken


def _folder_of(package: str) -> Path | None:
    """Where a package lies; found without importing its parents, as `find_spec` would."""
    top, *inner = package.split(".")
    spec = importlib.util.find_spec(top)
    places = spec.submodule_search_locations if spec is not None else None
    folders = [Path(place, *inner) for place in places or ()]
    return next((folder for folder in folders if folder.is_dir()), None)


def _parse(file: Path) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an invalid escape; they would be printed over the screen
        return ast.parse(file.read_bytes(), filename=str(file))


def _recipe_files(root: Path) -> Iterator[Path]:
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).parts
        if not any(part.startswith(("_", ".")) for part in parts):
            yield file


def _recipe_kind(node: ast.stmt) -> str:
    """The base class that makes a class a recipe: its name ends as the workbench's own do."""
    if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
        return ""
    bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
    return next((base for base in bases if re.search(r"(Training|Recipe)$", base)), "")


def _with_leaves(tree: ast.Module, folder: Path) -> list[ast.Module]:
    """A recipe's text, and that of the shared files beside it (`_name.py`) which it needs."""
    trees, seen = [tree], set[str]()
    for one in trees:  # which grows meanwhile: a shared file may need another
        for name in _last_names(one):
            leaf = folder / f"{name}.py"
            if name.startswith("_") and name not in seen and leaf.is_file():
                seen.add(name)
                with contextlib.suppress(SyntaxError, OSError, ValueError):  # told when it is imported
                    trees.append(_parse(leaf))
    return trees


def _last_names(tree: ast.Module) -> Iterator[str]:
    """The last part of whatever is imported at the top of a file."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
            yield from (name.rpartition(".")[2] for name in names)


def _missing_modules(trees: Iterable[ast.Module], beside: Iterable[Path]) -> tuple[str, ...]:
    """Modules imported at the top of the files that cannot be found; nothing is imported for it."""
    wanted: dict[str, None] = {}
    for node in (node for tree in trees for node in tree.body):
        if isinstance(node, ast.Import):
            wanted.update(dict.fromkeys(alias.name.partition(".")[0] for alias in node.names))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            wanted[node.module.partition(".")[0]] = None
    return tuple(name for name in wanted if not _can_be_found(name, beside))


def _can_be_found(module: str, beside: Iterable[Path]) -> bool:
    if any((place / name).exists() for place in beside for name in (module, f"{module}.py")):
        return True
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _extra_of(package: str) -> str:
    """The extra of the workbench that brings a package; empty where none does."""
    try:
        requirements = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return ""  # run from a copy of the source, never installed
    for requirement in requirements:
        name, _, marker = requirement.partition(";")
        match = re.search(r"extra == ['\"]([^'\"]+)['\"]", marker)
        named = re.match(r"[A-Za-z0-9._-]+", name)
        if match and named and named[0].lower() == package.lower() and match[1] != "dev":
            return match[1]
    return ""
