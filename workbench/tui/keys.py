"""Looks keys up in the table, as the user has them, for bindings, footer, palette and help screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from textual.binding import Binding, BindingType
from textual.keys import key_to_character

from workbench.tui.key_table import GROUPS, KEYS, Key

# Groups whose keys are good on one screen; one not listed is alone with what is good everywhere.
_TOGETHER = (
    {"recipes", "layers"},
    {"rehearsal", "layers"},
    {"runs", "run"},
    {"devices", "run"},
    {"run", "tabs", "curves", "log", "find"},
    {"run", "tabs", "figures"},
    {"run", "steer", "studytabs", "study", "trials"},
    {"run", "steer", "studytabs", "study", "log", "find"},
    {"inside", "insidetabs", "findings"},
    {"inside", "insidetabs", "insidelayers"},
    {"inside", "insidetabs", "look"},
    {"inside", "insidetabs", "overtime"},
    {"launch", "choice", "switch"},
    {"set", "launch", "choice", "switch"},
    {"enqueue", "launch"},
)
_EVERYWHERE = {"app", "move"}

_SHOWN_AS = {
    "slash": "/",
    "colon": ":",
    "asterisk": "*",
    "question_mark": "?",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "plus": "+",
    "minus": "-",
    "comma": ",",
    "full_stop": ".",
    "escape": "esc",
    "ctrl+l": "^l",
    "ctrl+r": "^r",
    "ctrl+t": "^t",
    "ctrl+d": "^d",
    "ctrl+u": "^u",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}

_changed: dict[str, str] = {}


def bindings(*groups: str) -> list[BindingType]:
    """Textual's bindings for groups of keys, or for single ones by their id."""
    return [
        Binding(
            key.key,
            key.action,
            key.label,
            show=bool(key.label),
            key_display=shown(key.key),
            priority=key.priority,
            id=key.id,
        )
        for key in KEYS
        if key.group in groups or key.id in groups
    ]


def together() -> Iterator[set[str]]:
    """The groups of each screen: within one of them a key must mean one thing."""
    listed = set().union(*_TOGETHER)
    alone = [{group} for group in GROUPS if group not in listed]
    for groups in [*_TOGETHER, *alone]:
        yield groups | _EVERYWHERE


def use(changed: Mapping[str, str]) -> None:
    """Show these keys, by id, in the place of the table's: there is one user a process."""
    _changed.clear()
    _changed.update(changed)


def shown_for(key_id: str) -> str:
    """The key that does what `key_id` names, as the user has it."""
    return shown(_changed.get(key_id) or next(key.key for key in KEYS if key.id == key_id))


def shown(key: str) -> str:
    """A key as the footer and the help write it: `/`, `esc`, `^l`."""
    first = key.partition(",")[0]
    *modifiers, last = first.split("+")
    if first in _SHOWN_AS or not modifiers:
        return _SHOWN_AS.get(first) or _character(first)
    start = "".join("^" if one == "ctrl" else f"{one}+" for one in modifiers)
    return start + (_SHOWN_AS.get(last) or _character(last))


def _character(name: str) -> str:
    """`comma` as `,`; what prints nothing keeps its name."""
    char = key_to_character(name)
    return char if char and char.isprintable() and char != " " else name


def named(binding_id: str | None) -> Key | None:
    """The key of that id."""
    return next((key for key in KEYS if key.id == binding_id), None)


def leads_out(binding_id: str | None) -> bool:
    """Whether it leads out of where one is, which a footer never leaves out."""
    return (binding_id or "").partition(".")[2] in {"back", "leave", "all"}


def rank(binding_id: str | None) -> int:
    """The place of a binding in the table; keys that are not in it come last."""
    ids = [key.id for key in KEYS]
    return ids.index(binding_id) if binding_id in ids else len(ids)
