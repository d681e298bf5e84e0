"""`workbench` alone: the screen, with nothing loaded that it does not show."""

from __future__ import annotations

import argparse
import sys


def open_workbench(args: argparse.Namespace) -> int:
    """The screen; where there is no terminal, the default recipe with plain progress."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        from workbench.tui.app import run_app  # noqa: PLC0415 - only for who opens the screen

        return run_app(args.checkpoints, args.recipes)
    from workbench.cli.launching import run_default  # noqa: PLC0415 - numpy and plotext

    return run_default(args)
