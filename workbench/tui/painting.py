"""Answers a key before the next frame is made."""

from __future__ import annotations

from textual.screen import Screen
from textual.widget import Widget


def paint_now(*widgets: Widget) -> None:
    """Send what changed in `widgets`, all on one screen and where they were in the last frame.

    A frame waits for its turn of up to 17 ms, and for whatever else goes into it, such as curves.
    """
    screen: Screen[object] = widgets[0].screen
    if screen.is_current and not screen.app._batch_count:
        screen._compositor.update_widgets(set(widgets))
        behind = screen.app._background_screens
        screen.app._display(screen, screen._compositor.render_update(screen_stack=behind))
