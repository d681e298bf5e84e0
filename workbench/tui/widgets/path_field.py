"""A file or folder in a form: beside it stands whether it is there."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import partial

from textual.content import Content
from textual.message import Message

from workbench import units
from workbench.tui.text import GOOD, MUTED, WARNING, content
from workbench.tui.widgets.parameter_field import ParameterField


class PathField(ParameterField):
    """A row for a path; it is looked for in a thread, for a file system may take its time."""

    @dataclass
    class Looked(Message):
        """What is at a path."""

        path: str
        found: Content

    def on_mount(self) -> None:
        self._look()

    def take(self, raw: object) -> None:
        super().take(raw)
        self._look()

    def _look(self) -> None:
        if self.value:
            look = partial(self._find, str(self.value))
            self.run_worker(look, group="path", thread=True, exclusive=True)
        else:
            self.remark(Content.styled("a path; empty for none", MUTED))

    def _find(self, path: str) -> None:
        self.post_message(self.Looked(path, what_is_at(path)))

    def on_path_field_looked(self, message: Looked) -> None:
        message.stop()
        if message.path == self.value:  # not one that was typed over meanwhile
            self.remark(message.found)


def what_is_at(path: str) -> Content:
    """A file with its size, a folder, or why neither is there."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a text as the recipe will get it
    except FileNotFoundError:
        home = path.startswith("~")
        return Content.styled("not there; write out ~" if home else "nothing is there", WARNING)
    except OSError as fault:
        return content(f"cannot be read: {fault.strerror}", WARNING)
    if stat.S_ISDIR(found.st_mode):
        return Content.styled("a folder", GOOD)
    return Content.styled(f"a file, {units.size(found.st_size)}", GOOD)
