"""Textual's driver for a terminal, whose writes are timed and whose own word on its size counts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp


class MeteredDriver(LinuxDriver):
    """Tells the application's link how long the terminal took for each write."""

    def __init__(self, app: WorkbenchApp, **options: Any) -> None:
        super().__init__(app, **options)
        if self._file is not None:
            self._file = cast("Any", app.link.through(self._file))

    def _get_terminal_size(self) -> tuple[int, int]:
        """Columns and lines of the terminal.

        Textual believes `$COLUMNS` and `$LINES` first, which a shell may have exported from
        another window: the screen would be drawn in the wrong size and never follow a resizing.
        """
        try:
            columns, lines = os.get_terminal_size(self.fileno)
        except OSError:
            columns, lines = 0, 0
        return (columns, lines) if columns and lines else super()._get_terminal_size()
