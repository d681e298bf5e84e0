"""`workbench web`: the screens in a browser."""

from __future__ import annotations

import argparse
import importlib.util
import shlex
import socket
from urllib.parse import quote

from workbench import paths
from workbench.catalog import install_command
from workbench.cli import output
from workbench.errors import UsageError
from workbench.web import token as tokens
from workbench.workers.protocol import python_module

_SERVER = "textual_serve"
_OPEN_TO_OTHERS = (
    "warning: {host} can be reached by other machines. Everything goes over the network as plain text, "
    "the token too, and whoever has the token can do here what you can. "
    "Safer: leave out --host, and from the other machine: {tunnel}"
)


def serve_web(args: argparse.Namespace) -> int:
    """Serve the screens until ctrl+c or SIGTERM; each tab of a browser is a sitting of its own.

    Raises:
        UsageError: when the extra is missing, the token is no secret, or we cannot listen there.
    """
    fixed = tokens.take()
    if args.watch is not None and not args.watch.is_dir():
        raise UsageError(f"there is no folder {args.watch}")
    if importlib.util.find_spec(_SERVER) is None:
        raise UsageError("the screens in a browser need an optional part", install_command([_SERVER]))
    from workbench.web.guard import Guard, is_loopback  # noqa: PLC0415 - of the extra
    from workbench.web.server import WorkbenchServer, serve  # noqa: PLC0415 - of the extra

    token = fixed or tokens.new()
    shown = f"${tokens.VARIABLE}" if fixed else quote(token)

    def announce(port: int) -> None:
        tunnel = f"ssh -L {port}:127.0.0.1:{port} {socket.gethostname()}"
        if not is_loopback(args.host):
            output.say_aside(_OPEN_TO_OTHERS.format(host=args.host, tunnel=tunnel))
        output.say(f"The workbench is open at\n\n  {_url(args.host, port)}?token={shown}\n")
        output.say(f"From another machine: {tunnel}\nthen the same address there, with 127.0.0.1.")
        output.say("ctrl+c ends it; runs train on.")

    serve(WorkbenchServer(child_command(args), Guard(token, args.host)), args.host, args.port, announce)
    return 0


def child_command(args: argparse.Namespace) -> str:
    """The shell's line that opens the same workbench for one tab."""
    # What the browser's terminal shows, whatever that of the server does.
    shows = ["TERM=xterm-256color", "COLORTERM=truecolor"]
    if args.settings.settings.characters == "auto":
        shows.append(f"{paths.setting_variable('characters')}=unicode")
    words = ["--checkpoints", str(args.checkpoints)]
    for folder in args.given_recipes:
        words += ["--recipes", str(folder)]
    if args.watch is not None:
        words += ["--watch", str(args.watch)]
    # `exec`, so that signals reach the program and no shell waits beside it.
    return "exec " + shlex.join(["env", *shows, *python_module("workbench", *words)])


def _url(host: str, port: int) -> str:
    """Where the page is, as one types it."""
    name = socket.gethostname() if host in {"0.0.0.0", "::", ""} else host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"
