"""How far one run has been pressed to stop, and when the next rung is offered."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

PATIENCE_S = 10.0
_SIGNALS = ("SIGTERM", "SIGKILL")


@dataclass
class StopLadder:
    """Ask, SIGTERM, SIGKILL: `said` tells which was last, in words.

    Attributes:
        rung: the next signal to offer; the last one again where there is none harder.
    """

    said: str = "stopping"
    rung: str = _SIGNALS[0]
    clock: Callable[[], float] = time.monotonic
    _due: float | None = field(default=None, init=False)

    def asked(self, later: str = "") -> None:
        """The worker was asked to leave, now or `later`, which may be long, so that nothing is due."""
        self.said = f"asked to stop {later}".rstrip()
        self._due = None if later else self.clock() + PATIENCE_S

    def sent(self, signal: str) -> None:
        """A signal was sent: the next one is due in PATIENCE_S."""
        self.said, self.rung = f"{signal} sent", _SIGNALS[-1]
        self._due = self.clock() + PATIENCE_S

    def wait(self) -> None:
        """Offer nothing more by itself."""
        self._due = None

    @property
    def due(self) -> bool:
        """Whether the next rung is to be offered now."""
        return self._due is not None and self.clock() >= self._due

    @property
    def line(self) -> str:
        """What was done, and what comes when."""
        if self._due is None:
            return f"{self.said} · s offers {self.rung}"
        left_s = max(math.ceil(self._due - self.clock()), 0)
        return f"{self.said} · {self.rung} is offered in {left_s} s, with s now"
