"""Foreign runs for the list of all runs: searched for now and then, looked at as they grow."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from workbench.runs.folder import Manifest
from workbench.runs.foreign.folder import ForeignFolder
from workbench.runs.foreign.glance import last_step
from workbench.runs.foreign.history import status_now
from workbench.runs.foreign.search import Found, search
from workbench.runs.listing import RunSummary

SEARCH_INTERVAL_S = 5.0
# A large tree is searched for at most this share of the time.
SEARCH_SHARE = 0.02


class ForeignListing:
    """Reads the foreign runs below one folder again and again; only what grew is read anew."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._found = Found(())
        self._due = 0.0
        self._known: dict[str, tuple[float, Manifest, int]] = {}

    def read(self) -> list[RunSummary]:
        """All runs that are there, in no order."""
        began = time.monotonic()
        if began >= self._due:
            self._found = search(self.root)
            took_s = time.monotonic() - began
            self._due = began + max(SEARCH_INTERVAL_S, took_s / SEARCH_SHARE)
        return [summary for folder in self._found.runs if (summary := self._summary(folder))]

    def _summary(self, folder: ForeignFolder) -> RunSummary | None:
        written = folder.written()
        if not written:
            return None  # deleted since the last search
        known = self._known.get(folder.name)
        if known is None or known[0] != written:
            known = self._known[folder.name] = (written, folder.manifest(), last_step(folder))
        _, manifest, step = known
        status = replace(status_now(folder, step), remedy=self._found.cut_short)
        return RunSummary(folder, manifest, status)
