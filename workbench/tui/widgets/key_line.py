"""The footer: the keys that do something here, as many as there is room for."""

from __future__ import annotations

from dataclasses import replace

from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen

from workbench.tui import keys
from workbench.tui.text import ACCENT, MUTED, WARNING, Calm, joined

_GAP = "  "


class KeyLine(Calm):
    """One line; the way out, and at its right end the keys good everywhere, are never left out."""

    DEFAULT_CSS = """
    KeyLine {
        height: 1;
        padding: 0 1;
        background: $panel;
        text-wrap: nowrap;
    }
    """

    _said = ""

    def say(self, text: str) -> None:
        """Show `text` before the keys that are good everywhere."""
        if text != self._said:
            self._said = text
            self._fill()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def on_resize(self) -> None:
        self._fill()

    def _bindings_changed(self, _screen: Screen[object]) -> None:
        self._fill()

    def _fill(self) -> None:
        active: dict[str | None, Binding] = {}
        for one in self.screen.active_bindings.values():
            if one.binding.show and one.binding.id:
                active.setdefault(one.binding.id, one.binding)
        self.show(footer(list(active.values()), self.content_size.width, self._said))


def footer(bindings: list[Binding], width: int, said: str = "") -> Content:
    """The keys in their order; those good everywhere, with what is `said` before them, at the right."""
    known = sorted(bindings, key=lambda one: keys.rank(one.id))
    anywhere = [one for one in known if (one.id or "").startswith("app.")]
    here = [one for one in known if one not in anywhere]
    right = _right(anywhere, said)
    if _length(here) > width - right.cell_length:
        right = _right([_telling(one) for one in anywhere], said)
    room = width - right.cell_length
    left = _fitting(here, room)
    return joined(left, Content(" " * max(room - left.cell_length, 0)), right)


def _right(bindings: list[Binding], said: str) -> Content:
    words = [Content.styled(said, WARNING)] if said else []
    return Content(_GAP).join([*words, *(_entry(one) for one in bindings)])


def _telling(binding: Binding) -> Binding:
    """Help as what it is where keys are left out: the place that has them all."""
    return replace(binding, description="all keys") if binding.id == "app.help" else binding


def _length(bindings: list[Binding]) -> int:
    return sum(_entry(one).cell_length + len(_GAP) for one in bindings)


def _entry(binding: Binding) -> Content:
    key = Content.styled(keys.shown_for(binding.id or ""), ACCENT)
    return joined(key, Content.styled(f" {binding.description}", MUTED))


def _fitting(bindings: list[Binding], room: int) -> Content:
    """The ways out, and of the others the first ones that there is room for; all in their order."""
    entries = [joined(_entry(one), Content(_GAP)) for one in bindings]
    out = [keys.leads_out(one.id) for one in bindings]
    left = room - sum(entry.cell_length for entry, leads in zip(entries, out, strict=True) if leads)
    line = Content("")
    for entry, leads in zip(entries, out, strict=True):
        left -= 0 if leads else entry.cell_length
        if leads or left >= 0:
            line = joined(line, entry)
    return line if line.cell_length <= room else Content("")
