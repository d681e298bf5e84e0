"""`python -m workbench.debugging ADDRESS`: the inspecting worker, started cold by its client."""

from __future__ import annotations

import sys

from workbench.workers.worker import leave


def main(arguments: list[str]) -> int:
    """Serve the client that listens at the address."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    from workbench.debugging.server import serve  # noqa: PLC0415 - imports torch

    return serve(arguments[0])


if __name__ == "__main__":
    leave(lambda: main(sys.argv[1:]))
