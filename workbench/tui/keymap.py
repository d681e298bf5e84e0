"""The user's own keys: what `[keys]` of the settings says, checked against the one table."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from textual.keys import Keys, _character_to_key

from workbench.errors import unknown
from workbench.settings import Keys as UsersKeys
from workbench.tui import keys
from workbench.tui.key_table import KEYS, Key

_MODIFIERS = {"ctrl", "shift", "alt", "super", "meta", "hyper"}
_NAMES = {key.value for key in Keys} | {_character_to_key(char) for char in string.printable}
# Where letters are typed into fields, a letter cannot be a command.
_TYPED_INTO = {"launch", "set", "pick", "picture"}


def keymap(wanted: UsersKeys) -> tuple[dict[str, str], list[str]]:
    """The keys that change, by id, as Textual writes them; and every fault of `wanted`."""
    ids = {key.id for key in KEYS}
    faults = [f"keys: {unknown('action', name, ids)}" for name in wanted if name not in ids]
    changed = {}
    for name in [name for name in wanted if name in ids]:
        given = wanted[name]
        written = [_written(key) for key in ([given] if isinstance(given, str) else given)]
        faults += [f"keys: {name}: {fault}" for fault in _faults(name, written)]
        changed[name] = ",".join(written)
    return changed, faults or list(_clashes(changed))


def complete(changed: Mapping[str, str]) -> dict[str, str]:
    """What Textual must be told: it drops all keys of a name when one of them moves away from it."""
    moved = {part for key in KEYS if key.id in changed for part in _parts(key.key)}
    shared = {key.id: key.key for key in KEYS if moved & _parts(key.key)}
    return {**shared, **changed}


def _written(key: str) -> str:
    """`?` as Textual calls it, `question_mark`, also behind modifiers."""
    *modifiers, last = key.split("+") if len(key) > 1 and not key.endswith("+") else [key]
    return "+".join([*modifiers, _character_to_key(last) if len(last) == 1 else last])


def _faults(name: str, written: Iterable[str]) -> Iterator[str]:
    keys_ = list(written)
    if not keys_:
        yield "at least one key is needed"
    for key in keys_:
        *modifiers, last = key.split("+")
        known = key in _NAMES or len(last) == 1 or last in _NAMES
        if not known:
            yield unknown("key", last, _NAMES)
        elif not set(modifiers) <= _MODIFIERS:
            yield unknown("modifier", next(m for m in modifiers if m not in _MODIFIERS), _MODIFIERS)
        elif name.partition(".")[0] in _TYPED_INTO and key in _typed():
            yield f"{keys.shown(key)} is typed into the fields there; take one with ctrl"


def _clashes(changed: Mapping[str, str]) -> Iterator[str]:
    """Two actions that would have one key on one screen, unless the table gives them one as well."""
    told = set()
    for groups in keys.together() if changed else ():
        here = [key for key in KEYS if key.group in groups]
        for one, other in combinations(here, 2):
            if one.id not in changed and other.id not in changed:
                continue
            shared = _now(one, changed) & _now(other, changed)
            if shared and not (_parts(one.key) & _parts(other.key)) and (one.id, other.id) not in told:
                told.add((one.id, other.id))
                yield f"keys: {one.id} and {other.id} would both be {keys.shown(min(shared))}"


def _now(key: Key, changed: Mapping[str, str]) -> set[str]:
    return _parts(changed.get(key.id, key.key))


def _parts(key: str) -> set[str]:
    return set(key.split(","))


def _typed() -> set[str]:
    return {_character_to_key(char) for char in string.printable if char.isprintable()}
