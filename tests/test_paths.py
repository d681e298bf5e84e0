"""Where things lie, and names that may not lead elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench import paths


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "/etc", "a\\b", "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="plain name"):
        paths.inside(Path("checkpoints"), name)


@pytest.mark.parametrize("name", ["images-cnn-0001", "...", "a b", "[red]"])
def test_a_plain_name_is_taken(name: str) -> None:
    assert paths.inside(Path("checkpoints"), name) == Path("checkpoints") / name


def test_runs_go_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(paths.CHECKPOINTS_VARIABLE, "elsewhere")
    assert paths.checkpoints_dir() == tmp_path / "elsewhere"
    monkeypatch.delenv(paths.CHECKPOINTS_VARIABLE)
    assert paths.checkpoints_dir() == tmp_path / "checkpoints"


def test_recipe_folders_are_listed_like_a_search_path(monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.recipe_dirs() == []
    monkeypatch.setenv(paths.RECIPES_VARIABLE, os.pathsep.join(["/a", "", "/b"]))
    assert paths.recipe_dirs() == [Path("/a"), Path("/b")]


def test_leases_are_the_same_with_and_without_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(paths.LEASES_VARIABLE)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    with_login = paths.leases_dir()
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert paths.leases_dir() == with_login


def test_cache_and_leases_are_the_users_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.CACHE_VARIABLE, "/c")
    monkeypatch.setenv(paths.LEASES_VARIABLE, "/l")
    assert (paths.cache_dir(), paths.data_dir()) == (Path("/c"), Path("/c/data"))
    assert paths.leases_dir() == Path("/l")
    monkeypatch.delenv(paths.CACHE_VARIABLE)
    monkeypatch.delenv(paths.LEASES_VARIABLE)
    assert paths.cache_dir().name == "workbench"
    assert paths.leases_dir().name.startswith("workbench-leases-")
