"""What recipes' files tell is kept between starts, and not believed of a file that has changed."""

from __future__ import annotations

import ast
import contextlib
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbench import paths
from workbench.catalog import Catalog, RecipeInfo, cache, discover, source

SOUND = '"""Stumps."""\nfrom t import _leaf\nfrom workbench import Recipe\nclass A(Recipe): ...\n'
Parsed = list[str]


def write(file: Path, text: str = SOUND) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.fixture(autouse=True)
def _all_files_have_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SETTLED_NS", -(10**18))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two recipes that share a file."""
    for name in ("a", "b"):
        write(tmp_path / "mine" / "t" / f"{name}.py")
    write(tmp_path / "mine" / "t" / "_leaf.py", "import nor_this\n")
    return tmp_path / "mine"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Parsed:
    """The names of the files that are parsed, as they come."""
    names: Parsed = []
    read = source.read

    def noting(file: Path) -> source.Source:
        names.append(file.name)
        return read(file)

    monkeypatch.setattr(source, "read", noting)
    return names


def mine(root: Path) -> dict[str, RecipeInfo]:
    return {recipe.name: recipe for recipe in discover([root]) if recipe.root == root}


def cache_file() -> Path:
    (file,) = (paths.cache_dir() / "catalogs").iterdir()
    return file


def test_a_shared_file_is_parsed_once_and_at_the_next_start_nothing_is(
    root: Path, parsed: Parsed
) -> None:
    first = discover([root])
    assert parsed.count("_leaf.py") == 1
    assert first.find("t/a").missing == first.find("t/b").missing == ("nor_this",)
    parsed.clear()
    assert discover([root]) == first
    assert parsed == []


def test_a_changed_recipe_and_a_changed_shared_file_are_seen(root: Path, parsed: Parsed) -> None:
    mine(root)
    parsed.clear()
    write(root / "t" / "a.py", SOUND.replace("Stumps", "Planks"))
    write(root / "t" / "_leaf.py", "import not_here\n")
    recipes = mine(root)
    assert (recipes["a"].title, recipes["b"].title) == ("Planks.", "Stumps.")
    assert recipes["a"].missing == recipes["b"].missing == ("not_here",)
    assert sorted(parsed) == ["_leaf.py", "a.py"]


def test_a_file_in_the_place_of_one_of_the_same_time_and_size_is_seen(root: Path) -> None:
    mine(root)
    old = root / "t" / "a.py"
    times = old.stat()
    new = write(root / "t" / "_new", SOUND.replace("Stumps", "Planks"))
    os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
    new.replace(old)
    assert mine(root)["a"].title == "Planks."


def test_new_files_and_those_that_are_gone_are_seen(root: Path) -> None:
    mine(root)
    write(root / "t" / "c.py")
    (root / "t" / "a.py").unlink()
    (root / "t" / "_leaf.py").unlink()
    recipes = mine(root)
    assert set(recipes) == {"b", "c"}
    assert recipes["b"].missing == ()


def test_a_module_that_was_installed_meanwhile_is_not_missing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mine(root)["a"].missing == ("nor_this",)
    write(tmp_path / "site" / "nor_this.py")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert mine(root)["a"].missing == ()


def test_a_file_that_has_just_changed_is_not_kept(
    root: Path, parsed: Parsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "SETTLED_NS", 3600 * 10**9)
    mine(root)
    parsed.clear()
    mine(root)
    assert {"_leaf.py", "a.py", "b.py"} <= set(parsed)


def test_the_fault_of_a_broken_recipe_is_kept_as_well(root: Path, parsed: Parsed) -> None:
    write(root / "t" / "broken.py", "x = (\n")
    first = mine(root)["broken"]
    parsed.clear()
    assert mine(root)["broken"] == first
    assert first.error.startswith("line 1: ")
    assert parsed == []


def test_what_cannot_be_written_down_is_read_anew_and_the_rest_is_kept(
    root: Path, parsed: Parsed
) -> None:
    write(root / "t" / "half.py", '"""\\ud800"""\nclass A(Recipe): ...\n')
    mine(root)
    parsed.clear()
    assert mine(root)["half"].doc == "\ud800"
    assert parsed == ["half.py"]


def damaged(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def of_another_shape(file: Path) -> None:
    file.write_text('{"maker": "", "files": [1, 2]}')


def of_another_program(file: Path) -> None:
    file.write_text(file.read_text().replace('{"maker":"', '{"maker":"another ').replace("Stumps", "!"))


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def unreadable(file: Path) -> None:
    file.write_bytes(os.urandom(4096))


def nested(file: Path) -> None:
    file.write_text("[" * 100_000)


@pytest.mark.parametrize(
    "harm", [damaged, of_another_shape, of_another_program, a_folder, unreadable, nested]
)
def test_a_cache_that_does_not_hold_is_made_anew(root: Path, harm: Callable[[Path], None]) -> None:
    first = discover([root])
    harm(cache_file())
    assert discover([root]) == first
    assert discover([root]) == first


def test_a_cache_that_cannot_be_written_costs_time_alone(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(write(tmp_path / "file") / "cache"))
    assert set(mine(root)) == {"a", "b"}
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(closed))
    assert set(mine(root)) == {"a", "b"}


def test_threads_and_programs_that_read_and_write_at_once_all_see_what_there_is(root: Path) -> None:
    code = (
        "import sys, pathlib\nfrom workbench.catalog import cache, discover\n"
        "cache.SETTLED_NS = -(10**18)\nroot = pathlib.Path(sys.argv[1])\n"
        "for _ in range(30):\n"
        "    (root / 't' / 'a.py').touch()\n"
        "    assert len([r for r in discover([root]) if r.root == root]) == 2\n"
    )
    others = [subprocess.Popen([sys.executable, "-c", code, str(root)]) for _ in range(2)]
    before = discover([root])
    with ThreadPoolExecutor(3) as pool:
        catalogs: list[Catalog] = list(pool.map(lambda _: discover([root]), range(30)))
    assert [one.wait() for one in others] == [0, 0]
    assert all(catalog == before for catalog in catalogs)
    assert cache.remembered().of(root / "t" / "b.py").doc == "Stumps."


class Litter:
    """Garbage that the collector takes away by running code, in which threads change."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        for _ in range(200):
            pass


@pytest.fixture
def _restless() -> Iterator[None]:
    """Threads change and garbage is collected as often as can be, as on a busy machine."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(5e-6)
    gc.set_threshold(50)
    yield
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_restless")
def test_parsing_in_several_threads_at_once_does_not_fail(root: Path) -> None:
    text = "\n".join(f"x{n} = [(a + b) * c for a, b in f(lambda: {n})]" for n in range(50))
    file = write(root / "t" / "many.py", text)
    until = time.monotonic() + 0.3

    def work(_: int) -> None:
        while time.monotonic() < until:
            Litter()
            assert source.read(file).fault == ""

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))


@pytest.mark.usefixtures("_restless")
def test_a_text_is_parsed_while_the_screens_parse_their_actions(root: Path) -> None:
    file = write(root / "t" / "many.py", "\n".join(f"x{n} = [{n}, f({n})]" for n in range(300)))
    done = threading.Event()

    def screens() -> None:
        while not done.is_set():
            Litter()
            with contextlib.suppress(SystemError):  # theirs, in this unrest; ours must not fail
                ast.literal_eval("(1, [2, (3, 4)], 'up')")

    thread = threading.Thread(target=screens)
    thread.start()
    try:
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            Litter()
            assert source.read(file).fault == ""
    finally:
        done.set()
        thread.join()


def offer(site: Path, name: str, value: str) -> Path:
    """Install a package's metadata with one entry point, as a wheel would."""
    info = site / f"{name}-1.dist-info"
    write(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    return write(info / "entry_points.txt", f"[workbench.recipes]\n{name} = {value}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of `sys.path` with one package that offers recipes, beside another package."""
    monkeypatch.setattr(sys, "meta_path", [f for f in sys.meta_path if is_usual(f)])
    folder = tmp_path / "site"
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    offer(folder, "first", "gone.first")
    return folder


def is_usual(finder: object) -> bool:
    return isinstance(finder, type) or not hasattr(finder, "find_distributions")


def offered() -> set[str]:
    return {recipe.name for recipe in discover() if recipe.id.startswith(("first/", "second/"))}


def test_entry_points_are_read_again_only_when_packages_have_changed(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert offered() == {"gone.first"}
    with monkeypatch.context() as patch:
        patch.setattr("importlib.metadata.entry_points", lambda **_: pytest.fail("read again"))
        assert offered() == {"gone.first"}
    second = offer(site, "second", "gone.second")
    assert offered() == {"gone.first", "gone.second"}
    second.write_text("[workbench.recipes]\nsecond = gone.moved\n")
    assert offered() == {"gone.first", "gone.moved"}
    second.unlink()
    assert offered() == {"gone.first"}


@pytest.mark.usefixtures("site")
def test_a_finder_of_its_own_has_packages_that_no_file_tells_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Finder:
        def find_spec(self, *_: object) -> None: ...

        def find_distributions(self, *_: object) -> tuple[()]:
            return ()

    assert offered() == {"gone.first"}
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    asked: list[object] = []
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: asked.append(1) or ())
    assert offered() == set()
    assert asked
