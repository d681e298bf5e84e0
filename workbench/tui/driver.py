"""Textual's driver for a terminal, whose writes are timed."""

from __future__ import annotations

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
