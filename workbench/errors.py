"""The one base class of errors that a user reads: a title, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import ClassVar, Literal

FaultKind = Literal["error", "out_of_memory", "disk_full", "not_finite", "refused"]
SHOWN_FAULTS = 6  # of one file or folder; more would be the same again


class WorkbenchError(Exception):
    """A fault that is the user's to mend, not a bug: shown as two short texts, never as a traceback.

    Args:
        title: what is wrong, in one sentence.
        remedy: what to do about it; empty where nothing can be advised.

    Attributes:
        kind: what the record of a run that it ends tells apart.
    """

    kind: ClassVar[FaultKind] = "refused"

    def __init__(self, title: str, remedy: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.title}\n{self.remedy}" if self.remedy else self.title


class UsageError(WorkbenchError):
    """The call was wrong: nothing was started. The command line leaves with status 2."""


class NotFoundError(UsageError):
    """A recipe, run, parameter or file that does not exist."""


def refuse(faults: Sequence[str]) -> None:
    """Raise one UsageError that holds every fault; nothing happens where there is none.

    Raises:
        UsageError: with the fault itself where there is one, else with all of them.
    """
    if len(faults) == 1:
        raise UsageError(faults[0])
    if faults:
        raise UsageError(f"{len(faults)} faults, so nothing was started", "\n".join(faults))


class Faults:
    """What is wrong with data, collected while they are read and then told together.

    The first few are named and the others counted, so a million wrong lines take no room.

    Args:
        where: the file or folder that has them.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self.count = 0
        self._named: list[str] = []
        self._remedies: dict[str, None] = {}

    def add(self, fault: str, remedy: str) -> None:
        """One more, as a phrase that follows a colon; what mends several is told once."""
        self.count += 1
        self._remedies[remedy] = None
        if len(self._named) < SHOWN_FAULTS:
            self._named.append(fault)

    def tell(self) -> None:
        """Raise them all; nothing happens where there is none.

        Raises:
            WorkbenchError: with the fault itself where there is one, else with their number.
        """
        if self.count == 1:
            raise WorkbenchError(f"{self.where}: {self._named[0]}", *self._remedies)
        if self.count:
            more = self.count - len(self._named)
            rest = [f"and {more:,} more"] if more else []
            title = f"{self.where} has {self.count:,} faults"
            raise WorkbenchError(title, "\n".join([*self._named, *rest, *self._remedies]))


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known words closest to `word`, best first, at most `most`."""
    candidates = list(known)
    close = get_close_matches(word, candidates, n=most, cutoff=0.5)
    inside = [name for name in candidates if word and word.lower() in name.lower()]
    return list(dict.fromkeys([*close, *inside]))[:most]


def unknown(kind: str, word: str, known: Iterable[str]) -> str:
    """One sentence that says `word` is no known `kind`, and which names are nearest."""
    candidates = sorted(known)
    near = nearest(word, candidates)
    if near:
        return f"no {kind} {word!r}; did you mean {_listed(near)}?"
    if not candidates:
        return f"no {kind} {word!r}; there are none"
    shown = ", ".join(candidates[:8]) + (", …" if len(candidates) > 8 else "")
    return f"no {kind} {word!r}; there are: {shown}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" or {names[-1]}"
