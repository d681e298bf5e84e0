"""Pictures in the terminal's own graphics: there where they are seen, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec import Raw
from textual.pilot import Pilot

from workbench.figures.data import ImageGrid, encode
from workbench.runs import events
from workbench.runs.folder import RunFolder
from workbench.settings import Loaded, Settings
from workbench.tui import look
from workbench.tui.app import WorkbenchApp
from workbench.tui.look import Look
from workbench.workers.standby import Standby

from .conftest import LivingRun
from .driving import drive, press, screen, sees, until
from .terminals import Terminal

HANDED_OVER = re.compile(rb"\x1b_Ga=T,U=1,f=24,o=z,s=\d+,v=\d+,i=(\d+),")
DROPPED = re.compile(rb"\x1b_Ga=d,d=I,i=(\d+),q=2\x1b\\")
HOLDER = "\U0010eeee"


@pytest.fixture
def pictured(living: LivingRun) -> LivingRun:
    """A run whose figures are three images, at two steps."""
    for step in (60, 70):
        images = np.full((3, 8, 8), step, dtype=np.uint8)
        figure = Raw(encode(ImageGrid("Digits", images, ["one", "two", "three"])))
        living.recorder.record(events.FigureShown(time=4.0, step=step, name="Digits", figure=figure))
    return living


def watched(terminal: Terminal) -> None:
    """Open the page of the newest run, and there its last figure."""
    terminal.sees("? help")
    terminal.press("2")
    terminal.sees("● running")
    terminal.press("\r")
    terminal.sees("━━ train")
    terminal.press("2")
    terminal.sees("1/3 Tally")
    terminal.press("k")
    terminal.sees("3/3 Digits")


def test_kitty_gets_pictures_and_drops_them_when_the_tab_is_left(
    terminal: Callable[..., Terminal], pictured: LivingRun
) -> None:
    assert pictured.folder.path.is_dir()
    one = terminal(TERM="xterm-kitty", COLORTERM="")
    watched(one)
    while one.sent.count(HOLDER.encode()) < 3 * 64 and len(HANDED_OVER.findall(one.sent)) < 3:
        one.read(0.05)
    one.press(",")
    one.sees("1 newer")
    one.press("1")
    one.sees("━━ train")
    before = len(one.sent)
    one.press("2")
    one.sees("3/3 Digits")
    while len(HANDED_OVER.findall(one.sent[before:])) < 3:
        one.read(0.05)
    assert one.leave() == 0
    assert set(DROPPED.findall(one.sent)) == set(HANDED_OVER.findall(one.sent))
    assert one.sent.rindex(b"\x1b_Ga=d") < one.sent.rindex(b"\x1b[?1049l")


def test_behind_tmux_nothing_but_characters_is_sent(
    terminal: Callable[..., Terminal], pictured: LivingRun
) -> None:
    assert pictured.folder.path.is_dir()
    one = terminal(TERM="tmux-256color", TMUX="/tmp/tmux-0/default,1,0", KITTY_WINDOW_ID="1")
    watched(one)
    one.sees("▀▀▀▀▀▀▀▀")
    assert one.leave() == 0
    assert not re.search(rb"\x1b[_P]", one.sent)
    assert HOLDER.encode() not in one.sent


def opened(
    checkpoints: Path, recipes: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> WorkbenchApp:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(look, "_now", [Look()])
    loaded = Loaded(Settings(pictures=kind))
    return WorkbenchApp(checkpoints, [recipes], standby=Standby(), loaded=loaded)


def written(app: WorkbenchApp, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to the terminal beside the screen from now on."""
    sent: list[str] = []
    monkeypatch.setattr(app._driver, "write", sent.append)
    return sent


async def open_digits(pilot: Pilot[None], folder: RunFolder) -> None:
    app = pilot.app
    assert isinstance(app, WorkbenchApp)
    app.show_run(folder)
    await sees(pilot, "● running")
    await press(pilot, "2")
    await sees(pilot, "1/3 Tally")
    await press(pilot, "up")


def test_pictures_are_covered_by_a_dialog_and_come_back(
    checkpoints: Path, recipes: Path, pictured: LivingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(checkpoints, recipes, monkeypatch, "kitty")

    async def script(pilot: Pilot[None]) -> None:
        sent = written(app, monkeypatch)
        await open_digits(pilot, pictured.folder)
        await until(pilot, lambda: HOLDER in screen(pilot))
        assert "three" in screen(pilot)
        await press(pilot, "s")
        await sees(pilot, "Stop lessons-count-0001?")
        assert HOLDER not in screen(pilot)
        await press(pilot, "n")
        await until(pilot, lambda: HOLDER in screen(pilot))
        assert len(HANDED_OVER.findall("".join(sent).encode())) == 3, "they are in the terminal already"
        await press(pilot, "right")
        await until(pilot, lambda: HOLDER not in screen(pilot))
        assert len(DROPPED.findall("".join(sent).encode())) == 3

    drive(app, script)


def test_sixels_are_painted_after_their_cells_and_never_over_what_covers_them(
    checkpoints: Path, recipes: Path, pictured: LivingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(checkpoints, recipes, monkeypatch, "sixel")

    async def script(pilot: Pilot[None]) -> None:
        sent = written(app, monkeypatch)

        def painted() -> int:
            return "".join(sent).count("\x1bP")

        await open_digits(pilot, pictured.folder)
        await until(pilot, lambda: painted() >= 3)
        paintings = [one for one in sent if "\x1bP" in one]
        assert all(
            re.fullmatch(r"(\x1b7\x1b\[\d+;\d+H\x1bP[^\x1b]*\x1b\\\x1b8)+", p) for p in paintings
        )
        sent.clear()
        await press(pilot, "question_mark")
        await sees(pilot, "A run")
        assert not painted()
        await press(pilot, "escape")
        await until(pilot, lambda: painted() == 3)
        sent.clear()
        app.notify("a message\n" * 12)
        await sees(pilot, "a message")
        await press(pilot, "comma")
        await sees(pilot, "1 newer")
        assert painted() < 3
        await press(pilot, "1")
        await sees(pilot, "━━ train")
        sent.clear()
        await pilot.pause(0.5)
        assert not painted()

    drive(app, script)


def test_pictures_that_are_off_are_told_in_words(
    checkpoints: Path, recipes: Path, pictured: LivingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(checkpoints, recipes, monkeypatch, "off")

    async def script(pilot: Pilot[None]) -> None:
        await open_digits(pilot, pictured.folder)
        await sees(pilot, "8 x 8")
        assert "three" in screen(pilot)
        assert "▀" not in screen(pilot)

    drive(app, script)
