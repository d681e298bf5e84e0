"""Words without a network: an utterance as a row of templates, each stretched and squeezed in time.

Source: H. Ney, The use of a one-stage dynamic programming algorithm for connected word recognition,
1984; the warping of time: H. Sakoe and S. Chiba, 1978.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from recipes.audio import _edits

SILENCE = ""
QUIET = 0.3  # of the way from the weakest to the strongest moment: weaker ones are not the word's
COSTS = (0.0, 0.25, 0.5, 1.0)  # of a word that begins, in moments that fit badly
AT_ONCE = 64  # utterances

# Shapes: N utterances, B bands, T moments, K templates, L moments of the longest.


@dataclass
class Templates:
    """Words as they were said once: moments (K, L, B), how many of each count (K,), and the words.

    The last is one moment of silence, which may last as long as it likes and is no word.
    """

    moments: Tensor
    lengths: Tensor
    words: list[str]


class Said(NamedTuple):
    """Utterances (N, B, T), how many moments of each count (N,), and what is said in them."""

    utterances: Tensor
    lasting: Tensor
    texts: list[str]


def strung(
    train: Said, validation: Said, test: Said, words: Sequence[str], each: int
) -> list[str] | None:
    """What is heard in the test part by so many templates of each word from the training part.

    A word costs what is best on the validation part. None where a word is never said alone.
    """
    alone = zip(train.texts, train.utterances, train.lasting.tolist(), strict=True)
    known = templates([(text, one[:, :count]) for text, one, count in alone], words, each)
    if known is None:
        return None

    def heard(part: Said, cost: float) -> list[str]:
        return [" ".join(row) for row in recognised(part.utterances, part.lasting, known, cost)]

    cost = min(COSTS, key=lambda one: _edits.rate(validation.texts, heard(validation, one)))
    return heard(test, cost)


def templates(
    spoken: Sequence[tuple[str, Tensor]], words: Sequence[str], each: int
) -> Templates | None:
    """The first so many utterances (B, T) of single words of each kind; None where a word has none."""
    found: dict[str, list[Tensor]] = {word: [] for word in words}
    quiet = []
    for word, one in spoken:
        if word in found and len(found[word]) < each:
            loud = _loud(one)
            found[word].append(one[:, loud.nonzero()[0, 0] : loud.nonzero()[-1, 0] + 1].T)  # (L, B)
            quiet.append(one[:, ~loud])
    if not words or not all(found.values()):
        return None
    kept = [(word, one) for word, ones in found.items() for one in ones]
    rest = torch.cat(quiet, dim=1)
    silence = rest.mean(1) if rest.shape[1] else torch.stack([one.amin(0) for _, one in kept]).mean(0)
    everything = [*kept, (SILENCE, silence[None])]
    lengths = torch.tensor([len(one) for _, one in everything])
    longest = int(lengths.max())
    moments = torch.stack([F.pad(one, (0, 0, 0, longest - len(one))) for _, one in everything])
    return Templates(moments, lengths, [word for word, _ in everything])


def _loud(one: Tensor) -> Tensor:
    """Which moments (T,) of (B, T) are louder than the noise around; at least one is."""
    level = one.mean(0)  # (T,)
    return level >= level.min() + QUIET * (level.max() - level.min())


def recognised(utterances: Tensor, lasting: Tensor, known: Templates, cost: float) -> list[list[str]]:
    """The row of words that fits each utterance (N, B, T) of (N,) moments best.

    Each moment of the utterance is laid on one of a template: the same as before, the next, or the one
    after the next. Behind its last begins any other, at a `cost` if it is a word. Distances are mean
    squares.
    """
    found = []
    for part, ends in zip(utterances.split(AT_ONCE), lasting.split(AT_ONCE), strict=True):
        found += _recognised(part[:, :, : int(ends.max())], ends.tolist(), known, cost)
    return found


def _recognised(
    utterances: Tensor, lasting: list[int], known: Templates, cost: float
) -> list[list[str]]:
    k, longest, bands = known.moments.shape
    n = len(utterances)
    far = torch.cdist(utterances.mT, known.moments.reshape(1, -1, bands)).square() / bands
    far = far.reshape(n, -1, k, longest)  # (N, T, K, L)
    entry = torch.full((k,), cost)
    entry[-1] = 0  # silence
    # How much the best way to each template's moment cost, and at which moment its word began.
    paid = torch.full((n, k, longest), torch.inf)
    since = torch.zeros(n, k, longest, dtype=torch.long)
    last = (known.lengths - 1).expand(n, k)[..., None]  # (N, K, 1)
    so_far = torch.zeros(n)  # of the best row of whole words
    rows: list[list[tuple[str, int]]] = [[] for _ in range(n)]
    for moment in range(far.shape[1]):
        ways = torch.stack([paid, _later(paid, 1), _later(paid, 2)])  # (3, N, K, L)
        begun = torch.stack([since, _later(since, 1), _later(since, 2)])
        best, way = ways.min(0)
        since = begun.gather(0, way[None])[0]
        fresh = so_far[:, None] + entry  # (N, K)
        is_fresh = fresh < best[..., 0]
        best[..., 0] = torch.where(is_fresh, fresh, best[..., 0])
        since[..., 0] = torch.where(is_fresh, moment, since[..., 0])
        paid = best + far[:, moment]
        so_far, which = paid.gather(2, last)[..., 0].min(1)  # (N,) each
        begins = since.gather(2, last)[..., 0].gather(1, which[:, None])[:, 0]
        for row, word, begin in zip(rows, which.tolist(), begins.tolist(), strict=True):
            row.append((known.words[word], begin))
    return [_followed(row[:end]) for row, end in zip(rows, lasting, strict=True)]


def _later(values: Tensor, by: int) -> Tensor:
    """(N, K, L) moved on by so many moments of the template."""
    filling = torch.inf if values.is_floating_point() else 0
    return F.pad(values, (by, 0), value=filling)[..., : values.shape[2]]


def _followed(row: list[tuple[str, int]]) -> list[str]:
    """The words, from the last one backwards."""
    words, end = [], len(row)
    while end > 0:
        word, end = row[end - 1]
        words.append(word)
    return [word for word in reversed(words) if word != SILENCE]
