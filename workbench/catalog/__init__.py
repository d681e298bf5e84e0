"""Which recipes there are, read from their source without importing any of them."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import paths
from workbench.catalog import cache, offers
from workbench.catalog.cache import Sources
from workbench.catalog.order import place
from workbench.catalog.source import Source
from workbench.errors import NotFoundError, UsageError, unknown

if TYPE_CHECKING:
    from concurrent.futures import Future

DISTRIBUTION = "training-workbench"

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
        import hashlib  # noqa: PLC0415 - OpenSSL, which no list of recipes needs

        return hashlib.sha256(self.file.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Catalog:
    """All recipes found, the user's own topics first; sound and broken alike."""

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
    sources, modules = cache.remembered(), _Modules()
    installed, broken = _from_entry_points(sources)
    found = {info.id: info for info in broken}
    own = [folder.resolve() for folder in [*paths.recipe_dirs(), *folders]]
    for root in [_builtin(), *installed, *own]:
        if not root.is_dir():
            raise UsageError(f"{root} is no folder of recipes", "give a folder with --recipes DIR")
        for file in _recipe_files(root):
            info = _read(file, root, sources, modules)
            found[info.id] = info
    sources.keep()
    topics = {info.topic for info in found.values() if info.root in own}
    return Catalog(tuple(sorted(found.values(), key=lambda info: place(info.id, topics))))


def discovering(folders: Iterable[Path] = ()) -> Future[Catalog]:
    """What `discover` gives, looked for in a thread while the program does something else."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - commands have no threads

    pool = ThreadPoolExecutor(1, "catalog")
    found = pool.submit(discover, folders)
    pool.shutdown(wait=False)
    return found


def read_recipe(file: Path, root: Path) -> RecipeInfo:
    """What the text of `file` tells; a file that cannot be read or parsed is listed with its error."""
    return _read(file, root, Sources(), _Modules())


def _read(file: Path, root: Path, sources: Sources, modules: _Modules) -> RecipeInfo:
    topic = root.name if file.parent == root else file.parent.relative_to(root).as_posix()
    recipe_id = f"{topic}/{file.stem}"
    try:
        source = sources.of(file)
    except (OSError, RecursionError, MemoryError) as fault:
        return RecipeInfo(recipe_id, file, root, error=str(fault) or type(fault).__name__)
    if source.fault:
        return RecipeInfo(recipe_id, file, root, error=source.fault)
    wanted = dict.fromkeys(name for one in _with_shared(file, sources) for name in one.modules)
    beside = (file.parent, file.parent.parent)
    return RecipeInfo(
        recipe_id,
        file,
        root,
        kind=source.kind or "Recipe",
        doc=source.doc,
        error="" if source.kind else "no class in it derives from Recipe or Training",
        missing=tuple(name for name in wanted if not modules.can_be_found(name, beside)),
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
    import importlib.metadata  # noqa: PLC0415 - as in `offers`
    import json  # noqa: PLC0415
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415

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


def _from_entry_points(sources: Sources) -> tuple[list[Path], list[RecipeInfo]]:
    """The folders that other packages offer, and a broken recipe for each that is not there."""
    folders, broken = [], []
    for name, value in offers.offered(sources):
        folder = offers.folder_of(value.partition(":")[0])
        if folder is None:
            error = f"the entry point {name} = {value} names no folder of recipes"
            broken.append(RecipeInfo(f"{name}/{value}", Path(value), Path(value), error=error))
        else:
            folders.append(folder)
    return folders, broken


def _recipe_files(root: Path) -> Iterator[Path]:
    """All `.py` below a folder, in order, but helpers and what is hidden."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(("_", "."))]
        found += [Path(folder, name) for name in (*folders, *files) if name.endswith(".py")]
    return iter(sorted(file for file in found if not file.name.startswith(("_", "."))))


def _with_shared(file: Path, sources: Sources) -> list[Source]:
    """What a recipe's file tells, and the shared files beside it (`_name.py`) which it needs."""
    read, seen = [sources.of(file)], set[str]()
    for one in read:  # which grows meanwhile: a shared file may need another
        for name in one.shared:
            if name not in seen:
                seen.add(name)
                # What is wrong with it is told when it is imported.
                with contextlib.suppress(OSError, RecursionError, MemoryError):
                    read.append(sources.of(file.parent / f"{name}.py"))
    return read


class _Modules:
    """Which modules are installed, each looked for once; nothing is imported for it."""

    def __init__(self) -> None:
        self._installed: dict[str, bool] = {}

    def can_be_found(self, module: str, beside: Iterable[Path]) -> bool:
        """Whether a top-level module is installed, or lies in one of the folders."""
        if module not in self._installed:
            self._installed[module] = _is_installed(module)
        names = (module, f"{module}.py")
        return self._installed[module] or any(
            (place / name).exists() for place in beside for name in names
        )


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _extra_of(package: str) -> str:
    """The extra of the workbench that brings a package; empty where none does."""
    import importlib.metadata  # noqa: PLC0415 - as in `offers`

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
