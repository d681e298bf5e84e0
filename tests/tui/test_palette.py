"""Every action of the table is bound, can be run, and stands in the palette of its page."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator

import pytest
from textual import actions
from textual.binding import Binding
from textual.dom import DOMNode
from textual.pilot import Pilot

import workbench.tui
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.tui import theme
from workbench.tui.app import WorkbenchApp
from workbench.tui.key_table import KEYS, Key
from workbench.tui.screens.base import WorkbenchScreen

from .driving import drive, press, sees


def _kinds(of: type[DOMNode]) -> Iterator[type[DOMNode]]:
    yield of
    for kind in of.__subclasses__():
        yield from _kinds(kind)


@pytest.fixture(scope="module")
def bound() -> dict[str, list[type[DOMNode]]]:
    """By the id of a key, the classes of ours that bind it."""
    for module in pkgutil.walk_packages(workbench.tui.__path__, "workbench.tui."):
        importlib.import_module(module.name)
    found: dict[str, list[type[DOMNode]]] = {}
    for kind in _kinds(DOMNode):
        if kind.__module__.startswith("workbench."):
            for binding in kind.__dict__.get("BINDINGS", []):
                if isinstance(binding, Binding) and binding.id:
                    found.setdefault(binding.id, []).append(kind)
    return found


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_key_is_bound_where_its_action_is(
    key: Key, bound: dict[str, list[type[DOMNode]]]
) -> None:
    assert key.id in bound, "a key that no page and no widget has"
    where, name, _ = actions.parse(key.action)
    kinds = {"app": [WorkbenchApp], "screen": list(_kinds(WorkbenchScreen))}.get(where)
    # A page that others are made from may leave an action to them, and then to each of them.
    users = kinds or [kind for binder in bound[key.id] for kind in _users(binder)]
    assert any(_has(kind, name) for kind in users)
    derived = [] if kinds else [kind for kind in users if kind not in bound[key.id]]
    assert all(_has(kind, name) for kind in derived)


def _users(kind: type[DOMNode]) -> list[type[DOMNode]]:
    """Those of its kinds that no other is made from."""
    return [one for one in _kinds(kind) if not one.__subclasses__()]


def _has(kind: type[DOMNode], action: str) -> bool:
    return any(hasattr(kind, f"{start}_{action}") for start in ("action", "_action"))


def offered(app: WorkbenchApp) -> set[str]:
    titles = [command.title.lower() for command in app.get_system_commands(app.screen)]
    assert len(titles) == len(set(titles)), "what has two keys is offered twice"
    return set(titles)


def test_the_palette_has_all_that_a_page_can_do_but_the_moves(
    app: WorkbenchApp, record: Callable[..., RunFolder]
) -> None:
    record(events.Finished(time=9.0, step=60))

    def all_are_offered(*ids: str) -> None:
        active = {one.binding.id for one in app.screen.active_bindings.values()}
        named = [key for key in KEYS if key.id in active and key.group != "move"]
        assert set(ids) <= active
        assert {key.help.lower() for key in named} <= offered(app)

    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "lessons")
        all_are_offered("recipes.launch", "recipes.reload", "app.theme", "app.copy", "app.quit")
        await press(pilot, "2")
        await sees(pilot, "✓ finished")
        all_are_offered("runs.open", "run.continue", "run.delete", "app.recipes")
        await press(pilot, "enter")
        await sees(pilot, "━━ train")
        all_are_offered("curves.log_y", "tabs.3", "run.back", "app.copy")
        await press(pilot, "3")
        all_are_offered("log.bottom")

    drive(app, script)


def test_a_theme_can_be_chosen_by_name(app: WorkbenchApp) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "colon")
        await pilot.press(*"theme colour")
        await sees(pilot, "Theme colour-blind")
        await press(pilot, "enter")
        assert app.theme == theme.COLOUR_BLIND.name

    drive(app, script)
