"""`workbench` alone: the screen, with nothing loaded that it does not show."""

from __future__ import annotations

import argparse
import sys

from workbench.errors import UsageError


def open_workbench(args: argparse.Namespace) -> int:
    """The screen; where there is no terminal, the default recipe with plain progress."""
    if args.watch is not None and not args.watch.is_dir():
        raise UsageError(f"there is no folder {args.watch}")
    if sys.stdin.isatty() and sys.stdout.isatty():
        from workbench.tui.app import run_app  # noqa: PLC0415 - only for who opens the screen

        return run_app(args.checkpoints, args.recipes, args.watch, args.settings)
    if args.watch is not None:
        raise UsageError(
            "the screen needs a terminal", f"plain text tells: workbench watch {args.watch}"
        )
    from workbench.cli.launching import run_default  # noqa: PLC0415 - numpy and plotext

    return run_default(args)
