"""The command line as a whole: a call becomes a namespace, with the settings that it leaves open."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from typing import NoReturn

from workbench import paths, settings
from workbench.cli.commands import COMMANDS, add_watched
from workbench.cli.folders import folder
from workbench.errors import UsageError, unknown

_SHOWS_SCREENS = {"opening", "web"}
_LIVES_WITH_FAULTS = {*_SHOWS_SCREENS, "configuring"}


class _Parser(argparse.ArgumentParser):
    """Refuses a wrong call as the rest of the workbench does: title, remedy, status 2."""

    def error(self, message: str) -> NoReturn:
        invalid = re.match(r"argument COMMAND: invalid choice: '(.*)' \(choose from", message)
        title = unknown("command", invalid[1], COMMANDS) if invalid else message
        raise UsageError(title, f"`{self.prog} --help` shows what there is")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The call as a namespace with `module` and `function`, `recipes`, `checkpoints` and `settings`.

    Raises:
        UsageError: when the call or the user's settings are wrong.
    """
    whole = build(argv)
    args, rest = whole.parse_known_args(argv)
    # argparse fills a list of words once: those that stand after an option are left over.
    if rest and hasattr(args, "words") and not any(word.startswith("-") for word in rest):
        args.words = [*args.words, *rest]
    elif rest:
        whole.error(f"unrecognized: {' '.join(rest)}")
    if args.watch is not None and args.module not in _SHOWS_SCREENS:
        whole.error("--watch is for the screens, which open without a command or by `web`")
    args.recipes = [*args.recipes, *getattr(args, "more_recipes", [])]
    _take_settings(args)
    return args


def _take_settings(args: argparse.Namespace) -> None:
    """Fill in what the call leaves to the settings; faults end all but what helps to mend them."""
    args.settings = settings.load()
    if args.settings.error is not None and args.module not in _LIVES_WITH_FAULTS:
        raise args.settings.error
    values = args.settings.settings
    args.checkpoints = args.checkpoints or values.checkpoints_dir
    # The catalogue looks into those of the environment by itself.
    ours = [] if os.environ.get(paths.RECIPES_VARIABLE) else values.recipe_dirs
    args.given_recipes = args.recipes
    args.writes_to = [*args.recipes, *ours]
    args.recipes = [*ours, *args.recipes]  # of two recipes of one name the later folder's is taken


def build(argv: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The parser of the whole command line; of `argv`, no more than that call needs."""
    whole = _Parser(
        prog="workbench",
        description="A training workbench in the terminal; without a command it opens the screen.",
        allow_abbrev=False,
    )
    whole.set_defaults(module="opening", function="open_workbench")
    _add_places(whole, "recipes", default=[], checkpoints=None)
    add_watched(whole, default=None)
    commands = whole.add_subparsers(metavar="COMMAND", parser_class=_Parser, title="commands")
    for name, command in COMMANDS.items() if argv is None or argv else ():
        one = commands.add_parser(name, help=command.text, description=command.text, allow_abbrev=False)
        if argv is not None and name not in argv:
            continue
        one.set_defaults(module=command.module, function=command.function)
        _add_places(one, "more_recipes", default=argparse.SUPPRESS, checkpoints=argparse.SUPPRESS)
        command.add(one)
    return whole


def _add_places(
    to: argparse.ArgumentParser, dest: str, *, default: object, checkpoints: object
) -> None:
    to.add_argument(
        "--recipes",
        metavar="DIR",
        dest=dest,
        action="append",
        type=folder,
        default=default,
        help="look for recipes here too; may be given several times",
    )
    to.add_argument(
        "--checkpoints",
        metavar="DIR",
        type=folder,
        default=checkpoints,
        help=f"where runs are kept (default: ${paths.CHECKPOINTS_VARIABLE}, else as set in "
        "config.toml, else ./checkpoints)",
    )
