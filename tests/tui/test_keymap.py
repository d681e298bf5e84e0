"""The user's own keys: checked against the table, and shown wherever a key is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.settings import Loaded, Settings
from workbench.tui import keys
from workbench.tui.app import WorkbenchApp
from workbench.tui.key_table import GROUPS, KEYS
from workbench.tui.keymap import complete, keymap
from workbench.workers.standby import Standby

from .driving import LARGE, drive, press, screen, sees, toasts, until

Open = Callable[..., WorkbenchApp]


@pytest.fixture
def opened(checkpoints: Path, recipes: Path) -> Iterator[Open]:
    """Makes an app with keys of the user's own."""

    def with_keys(**wanted: str | list[str]) -> WorkbenchApp:
        named = {name.replace("__", "."): key for name, key in wanted.items()}
        loaded = Loaded(Settings(keys=named))
        return WorkbenchApp(checkpoints, [recipes], standby=Standby(), loaded=loaded)

    yield with_keys
    keys.use({})


def test_keys_are_written_as_people_write_them() -> None:
    changed, faults = keymap({"run.stop": ["S", "ctrl+s"], "app.help": "F", "recipes.filter": ","})
    assert not faults
    assert changed == {"run.stop": "S,ctrl+s", "app.help": "F", "recipes.filter": "comma"}
    assert [keys.shown(key) for key in ("comma", "ctrl+s", "S", "f5", "alt+comma")] == [
        ",",
        "^s",
        "S",
        "f5",
        "alt+,",
    ]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"run.stpo": "S"}, "no action 'run.stpo'; did you mean run.stop"),
        ({"run.stop": "ecsape"}, "run.stop: no key 'ecsape'; did you mean escape"),
        ({"run.stop": "crtl+s"}, "run.stop: no modifier 'crtl'; did you mean ctrl"),
        ({"run.stop": []}, "run.stop: at least one key is needed"),
        ({"run.stop": "p"}, "run.stop and run.pause would both be p"),
        ({"run.stop": "q"}, "run.stop and app.quit would both be q"),
        ({"run.stop": "z"}, "run.stop and curves.zoom would both be z"),
        ({"launch.start": "L"}, "launch.start: L is typed into the fields there"),
        ({"pick.back": "Q"}, "pick.back: Q is typed into the fields there"),
    ],
)
def test_what_cannot_be_is_refused(wanted: dict[str, str | list[str]], told: str) -> None:
    _, faults = keymap(wanted)
    assert told in "\n".join(faults)


def test_two_actions_may_swap_keys_and_far_screens_may_share_one() -> None:
    swapped = {"run.stop": "p", "run.stop_by_signal": "p", "run.pause": "s", "run.resume": "s"}
    assert keymap(swapped)[1] == []
    assert keymap({"recipes.open_run": "s"})[1] == []


def test_a_key_that_moves_leaves_its_fellow_where_it_is() -> None:
    told = complete({"run.pause": "P"})
    assert told == {"run.pause": "P", "run.resume": "p", "inside.picture": "p"}


def test_the_table_itself_has_no_clash() -> None:
    for groups in keys.together():
        assert groups <= set(GROUPS)
    assert keymap({key.id: key.key.split(",") for key in KEYS if key.group != "set"})[1] == []


def test_a_moved_key_works_and_is_shown_in_footer_help_and_palette(
    opened: Open, record: Callable[..., RunFolder]
) -> None:
    record(events.Finished(time=9.0, step=60))

    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "lessons")
        await press(pilot, "F3")
        assert "no run" not in toasts(pilot)
        await press(pilot, "f3")
        await sees(pilot, "✓ finished")
        await sees(pilot, "X delete")
        assert "f3 Runs" in screen(pilot)
        await press(pilot, "d")
        assert "Delete" not in screen(pilot)
        await press(pilot, "question_mark")
        await sees(pilot, "X  put an ended run into the trash")
        await press(pilot, "escape colon")
        await pilot.press(*"put an ended")
        await sees(pilot, "key: X")
        await press(pilot, "escape X")
        await sees(pilot, "y delete it")

    drive(opened(app__runs="f3", run__delete="X"), script, LARGE)


def test_pausing_and_resuming_may_have_different_keys(opened: Open, living: object) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await sees(pilot, "P pause")
        living.recorder.record(events.Paused(time=4.0, step=60))
        await sees(pilot, "p resume")

    drive(opened(run__pause="P"), script)


@pytest.mark.parametrize(
    ("toggle", "keep", "back"),
    [("T", "K", "Q"), ("ctrl+k", "ctrl+a", "ctrl+b"), ("enter", "space", "f2")],
)
def test_moved_keys_work_where_metrics_are_typed(
    opened: Open, record: Callable[..., RunFolder], toggle: str, keep: str, back: str
) -> None:
    folder = record(events.Finished(time=9.0, step=60))
    app = opened(metrics__toggle=toggle, metrics__keep=keep, metrics__back=back)

    async def script(pilot: Pilot[None]) -> None:
        app.show_run(folder)
        await sees(pilot, "[red]lr[/red]")
        await press(pilot, f"m v {toggle}")
        await sees(pilot, "2 of 3 ticked · 1 match")
        await press(pilot, back)
        await until(pilot, lambda: "ticked" not in screen(pilot))
        assert "/3 metrics" not in screen(pilot)
        await press(pilot, f"m {toggle} {keep}")
        await sees(pilot, "2/3 metrics")

    drive(app, script)


def test_wrong_keys_are_told_and_the_defaults_hold(opened: Open) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "did you mean app.quit" in toasts(pilot))
        await sees(pilot, "q leave")

    drive(opened(app__qiut="Q", app__help="F"), script)
