"""What was heard wrong: insertions, deletions and substitutions, and their rate.

Source: V. Levenshtein, Binary codes capable of correcting deletions, insertions, and reversals, 1966;
the alignment: R. Wagner and M. Fischer, The string-to-string correction problem, 1974.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import torch
from torch import Tensor
from torchmetrics import Metric

Pair = tuple[str | None, str | None]


def table(truth: Sequence[str], heard: Sequence[str]) -> list[list[int]]:
    """The fewest edits from each beginning of `truth` (rows) to each of `heard` (columns)."""
    rows = [list(range(len(heard) + 1))]
    for count, wanted in enumerate(truth, 1):
        row = [count]
        for place, found in enumerate(heard):
            replaced = rows[-1][place] + (wanted != found)
            row.append(min(replaced, rows[-1][place + 1] + 1, row[-1] + 1))
        rows.append(row)
    return rows


def distance(truth: Sequence[str], heard: Sequence[str]) -> int:
    """The fewest edits that make one of the other."""
    return table(truth, heard)[-1][-1]


def pairs(truth: Sequence[str], heard: Sequence[str]) -> list[Pair]:
    """What was heard for what, by the fewest edits: None for what was missed, or said by nobody."""
    rows = table(truth, heard)
    i, j = len(truth), len(heard)
    found: list[Pair] = []
    while i or j:
        if i and j and rows[i][j] == rows[i - 1][j - 1] + (truth[i - 1] != heard[j - 1]):
            i, j = i - 1, j - 1
            found.append((truth[i], heard[j]))
        elif i and rows[i][j] == rows[i - 1][j] + 1:
            i -= 1
            found.append((truth[i], None))
        else:
            j -= 1
            found.append((None, heard[j]))
    return found[::-1]


def rate(truths: Iterable[Sequence[str]], heards: Iterable[Sequence[str]]) -> float:
    """Edits of all texts by the length of all that was said; infinity where nothing was."""
    edits = length = 0
    for truth, heard in zip(truths, heards, strict=True):
        edits += distance(truth, heard)
        length += len(truth)
    return edits / length if length else float("inf") if edits else 0.0


def marked(truth: str, heard: str) -> str:
    """The text with its edits: [missed], {added}, [said>heard]."""
    signs = {"missed": "[{0}]", "added": "{{{1}}}", "replaced": "[{0}>{1}]", "": "{0}"}
    shown = []
    for kind, run in groupby(pairs(truth, heard), _kind):
        said, found = ("".join(one or "" for one in side) for side in zip(*run, strict=True))
        shown.append(signs[kind].format(said, found))
    return "".join(shown)


def _kind(pair: Pair) -> str:
    wanted, found = pair
    if wanted == found:
        return ""
    return "added" if wanted is None else "missed" if found is None else "replaced"


class ErrorRate(Metric):
    """`rate` over a whole split: of characters, or of the words between blanks."""

    full_state_update = False
    higher_is_better = False

    def __init__(self, *, words: bool = False) -> None:
        super().__init__()
        self.words = words
        self.add_state("edits", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("length", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, heard: Sequence[str], truth: Sequence[str]) -> None:
        """Counts a batch of texts."""
        for said, wanted in zip(heard, truth, strict=True):
            one, other = (text.split() if self.words else list(text) for text in (wanted, said))
            self.edits += distance(one, other)
            self.length += len(one)

    def compute(self) -> Tensor:
        """Edits for each that was said, 0 at best; above 1 where more was added than said."""
        return self.edits / self.length
