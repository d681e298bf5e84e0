"""`workbench` alone: the screen, with nothing loaded that it does not show."""

from __future__ import annotations

import argparse
import gc
import os
import sys

from workbench.catalog import discovering
from workbench.errors import UsageError

_DUMB = "this terminal cannot show the screens: $TERM says that it is a dumb one"
_WITHOUT_SCREENS = (
    "without them: `workbench watch RUN` follows a run in plain lines, `workbench runs --json` and "
    "`workbench list --json` are for programs, `workbench --help` shows the rest; "
    "if it is no dumb terminal, set TERM: TERM=xterm-256color workbench"
)


def open_workbench(args: argparse.Namespace) -> int:
    """The screen; where there is no terminal, the default recipe with plain progress."""
    if args.watch is not None and not args.watch.is_dir():
        raise UsageError(f"there is no folder {args.watch}")
    served = bool(os.environ.get("TEXTUAL_DRIVER"))  # a server shows the screens; there is no terminal
    if served or (sys.stdin.isatty() and sys.stdout.isatty()):
        if not served and os.environ.get("TERM", "dumb") in {"dumb", "unknown", ""}:
            raise UsageError(_DUMB, _WITHOUT_SCREENS)
        return _show(args)
    if args.watch is not None:
        raise UsageError(
            "the screen needs a terminal", f"plain text tells: workbench watch {args.watch}"
        )
    from workbench.cli.launching import run_default  # noqa: PLC0415 - numpy and plotext

    return run_default(args)


def _show(args: argparse.Namespace) -> int:
    """The recipes are looked for while Textual loads, so that the first picture shows them."""
    # What is loaded stays: to look through it for garbage, again and again, takes a tenth of the start.
    gc.disable()
    discovered = discovering(args.recipes)
    from workbench.tui.app import run_app  # noqa: PLC0415 - only for who opens the screen

    return run_app(args.checkpoints, args.recipes, args.watch, args.settings, discovered)
