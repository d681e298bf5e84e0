"""A standby that has torch loaded, for as long as a benchmark needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workbench.workers.standby import Standby

PATIENCE_S = 120.0


@contextmanager
def warm_standby() -> Iterator[Standby]:
    """Start one, wait until it is ready, and close it at the end.

    Raises:
        RuntimeError: when it does not become ready.
    """
    standby = Standby()
    standby.start()
    try:
        if not standby.wait(PATIENCE_S):
            raise RuntimeError("the standby did not start")
        yield standby
    finally:
        standby.close()
