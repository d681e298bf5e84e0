"""`python -m workbench.workers work FOLDER [PIPE] | standby | answer`: what clients start."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from workbench.workers.worker import daemonize, work_and_leave


def main(arguments: list[str]) -> int:
    """Start what the first argument names."""
    match arguments:
        case ["work", folder, *rest]:
            if daemonize():
                work_and_leave(Path(folder), warm=False, jobs=rest[0] if rest else "")
            return 0
        case ["standby"]:
            from workbench.workers.standby_server import serve  # noqa: PLC0415 - imports torch

            serve()
        case ["answer"]:
            return _answer()
    print(__doc__, file=sys.stderr)
    return 2


def _answer() -> int:
    """One job from standard input, answered on the last line of standard output."""
    import msgspec  # noqa: PLC0415

    from workbench.workers.protocol import Describe, Rehearse  # noqa: PLC0415
    from workbench.workers.standby_server import answer_here  # noqa: PLC0415

    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Describe | Rehearse)
    answers = os.dup(1)
    os.dup2(2, 1)
    os.write(answers, b"\n" + msgspec.json.encode(answer_here(job)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
