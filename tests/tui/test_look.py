"""What a terminal can show, and how the screens look where that is little."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from workbench.runs.states import State
from workbench.settings import Loaded, Settings
from workbench.tui import look, text
from workbench.tui.app import WorkbenchApp
from workbench.tui.look import Look, ascii_twin, found, speaks_unicode
from workbench.workers.standby import Standby

from .driving import drive, press, screen, sees


@pytest.mark.parametrize(
    ("environ", "speaks"),
    [
        ({}, True),
        ({"LANG": "en_GB.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LANG": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),  # Python put it there
        ({"LANG": "C", "LC_CTYPE": "en_GB.UTF-8"}, True),
        ({"LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_ALL": "POSIX", "LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, False),
    ],
)
def test_the_locale_says_whether_there_is_unicode(environ: dict[str, str], speaks: bool) -> None:
    assert speaks_unicode(environ) is speaks


def test_a_setting_overrules_the_locale_and_no_color_is_obeyed() -> None:
    assert found("unicode", {"LANG": "C"}).unicode
    assert not found("ascii", {"LANG": "en_GB.UTF-8"}).unicode
    assert found(environ={"NO_COLOR": "1"}) == Look(colour=False)
    assert found(environ={"NO_COLOR": ""}) == Look()


def test_every_sign_has_a_twin_of_its_own() -> None:
    signs = [ascii_twin(text.state_sign(state)) for state in State]
    assert all(sign.isascii() and len(sign) == 1 for sign in signs)
    assert len(set(signs)) == len({text.state_sign(state) for state in State})
    assert ascii_twin("━━──│┤╭▏…") == "==--|++|~"
    assert ascii_twin("\u2800\u2801\u28c0\u28ff") == " '.:"
    assert ascii_twin("日x") == "??x"  # as many cells as before


def test_without_unicode_no_page_shows_a_character_beyond_ascii(
    checkpoints: Path, recipes: Path, record: object
) -> None:
    record()
    loaded = Loaded(Settings(characters="ascii"))
    app = WorkbenchApp(checkpoints, [recipes], standby=Standby(), loaded=loaded)

    async def script(pilot: Pilot[None]) -> None:
        await sees(pilot, "x broken")
        await press(pilot, "2")
        await sees(pilot, "? lost")
        await press(pilot, "enter")
        await sees(pilot, "What happened")
        await press(pilot, "1")
        await sees(pilot, "* train")
        for key in ("1", "2", "3", "4", "5", "6", "7", "question_mark", "escape", "Y"):
            await press(pilot, key)
            assert screen(pilot).isascii(), screen(pilot)

    drive(app, script)
    look.use(Look())
