"""Which protocol a terminal is known for."""

from __future__ import annotations

import pytest

from workbench.tui.graphics import Protocol, protocol
from workbench.tui.look import found

KITTY = {"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({}, "blocks"),
        ({"TERM": "dumb", "KITTY_WINDOW_ID": "1"}, "blocks"),
        ({"TERM": "xterm-256color"}, "blocks"),
        ({"TERM": "xterm-kitty"}, "kitty"),  # all that comes along over SSH
        ({"TERM": "xterm-ghostty"}, "kitty"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "sixel"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "sixel"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "sixel"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "240802"}, "sixel"),
        # An editor that was opened out of kitty is not kitty.
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "vscode", "KITTY_WINDOW_ID": "1"}, "blocks"),
        ({"TERM": "foot", "KITTY_WINDOW_ID": "1"}, "sixel"),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "WezTerm"}, "blocks"),
        ({"TERM": "screen", "KITTY_WINDOW_ID": "1"}, "blocks"),
        (KITTY | {"TMUX": "/tmp/tmux-0/default,1,0"}, "blocks"),
        (KITTY | {"STY": "1.pts-0.host"}, "blocks"),
        (KITTY | {"ZELLIJ": "0"}, "blocks"),
        (KITTY | {"TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"}, "blocks"),
    ],
)
def test_a_terminal_is_known_by_its_environment(environ: dict[str, str], kind: Protocol) -> None:
    assert protocol("auto", environ) == kind


def test_a_setting_overrules_what_is_known() -> None:
    assert protocol("sixel", KITTY) == "sixel"
    assert protocol("kitty", {"TERM": "tmux-256color", "TMUX": "1"}) == "kitty"
    assert protocol("blocks", KITTY) == "blocks"
    assert found(environ=KITTY, pictures="off").pictures == "off"


def test_without_colours_or_unicode_there_are_no_pictures() -> None:
    assert found(environ=KITTY).pictures == "kitty"
    assert found(environ=KITTY | {"NO_COLOR": "1"}, pictures="kitty").pictures == "blocks"
    assert found("ascii", KITTY, "sixel").pictures == "blocks"
    assert found("ascii", KITTY, "off").pictures == "off"
