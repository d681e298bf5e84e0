"""The command `workbench`: reads the call, hands it to the command's module, reports its errors."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from workbench import units
from workbench.cli import parser
from workbench.errors import UsageError, WorkbenchError

DONE = 0
FAILED = 1
WRONG = 2
INTERRUPTED = 130
PREEMPTED = 143  # what a shell says of a program that SIGTERM ended
PIPE_CLOSED = 141  # what a shell says of a program that SIGPIPE ended

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the call says (default: `sys.argv`) and return the exit status.

    0 done, 1 the run failed or was lost, 2 the call was wrong, 130 interrupted, 143 preempted.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows a `?`
    try:
        status = _call(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        return PIPE_CLOSED
    except WorkbenchError as fault:
        report(fault)
        return WRONG if isinstance(fault, UsageError) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def report(fault: WorkbenchError) -> None:
    """Title and remedy on the standard error output."""
    for text in filter(None, (fault.title, fault.remedy)):
        print(units.plain(text, keep_newlines=True), file=sys.stderr)


def command(args: argparse.Namespace) -> Command:
    """The function that does the parsed command, imported now."""
    function: Command = getattr(import_module(f"workbench.cli.{args.module}"), args.function)
    return function


def _call(argv: Sequence[str]) -> int:
    args = parser.parse(argv)
    return command(args)(args)


def _silence_stdout() -> None:
    """Let the interpreter's last flush go nowhere: the reader has left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
