"""Textual's driver for a browser, which ends with the server, and even where the screens hang."""

from __future__ import annotations

import contextlib
import os
import threading
from functools import partial
from typing import Any

from textual.app import App
from textual.drivers.web_driver import WebDriver
from textual.messages import ExitApp

_LEAVING_S = 10.0
# What the server says to the screens, and not to the workers that they start.
_OF_THE_SERVER = ("TEXTUAL_DRIVER", "TEXTUAL_FPS", "TEXTUAL_COLOR_SYSTEM", "COLUMNS", "ROWS")


class ServedDriver(WebDriver):
    """Leaves when the tab is closed or the server is gone, whatever the application is doing."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._write = partial(_write_while_read, self.fileno)
        for name in _OF_THE_SERVER:
            os.environ.pop(name, None)

    def run_input_thread(self) -> None:
        """Take in what the server sends; its silence for good is the end."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(ExitApp())
            self._leave_surely()

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        """Do what the server asks for."""
        super().on_meta(packet_type, payload)
        if packet_type == "quit":
            self._leave_surely()

    def _leave_surely(self) -> None:
        """Where the application hangs, it would keep this process for ever."""
        end = threading.Timer(_LEAVING_S, os._exit, [1])
        end.daemon = True
        end.start()


def _write_while_read(fileno: int, data: bytes) -> int:
    with contextlib.suppress(BrokenPipeError):  # the server is gone, and we are leaving
        return os.write(fileno, data)
    return len(data)
