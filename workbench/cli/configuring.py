"""`workbench config`: where the settings stand, and what they are."""

from __future__ import annotations

import argparse

from workbench import paths, settings
from workbench.cli import output
from workbench.settings import Loaded
from workbench.units import plain


def show_config(args: argparse.Namespace) -> int:
    """The file's path and a `config.toml` of what holds, or of the defaults.

    Raises:
        UsageError: with all faults of the settings, unless only the defaults are asked for.
    """
    loaded: Loaded = Loaded() if args.template else args.settings
    if loaded.error is None:
        loaded = _with_keys_checked(loaded)
    if loaded.error is not None:
        raise loaded.error
    file = paths.config_file()
    there = "" if file.exists() else "  (not there yet: what follows can stand in it)"
    output.say(plain(f"# {file}{there}"))
    output.say(settings.template(loaded).rstrip("\n"))
    return 0


def _with_keys_checked(loaded: Loaded) -> Loaded:
    from workbench.tui.keymap import keymap  # noqa: PLC0415 - it brings Textual

    _, faults = keymap(loaded.settings.keys)
    return Loaded(faults=tuple(faults)) if faults else loaded
