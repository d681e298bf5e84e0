"""TF-IDF: which words say something about a text, and how much."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

# Shapes: D documents, V words.


class Weighed(NamedTuple):
    """Words (V) with their inverse document frequencies (V,), and rows (D, V), sparse, of length 1."""

    words: list[str]
    idf: Tensor
    rows: Tensor


def tf_idf(documents: Sequence[Sequence[str]], least: int = 1) -> Weighed:
    """Counts of words in each document times ln((1 + D) / (1 + documents with it)) + 1, normalised.

    Words that fewer than `least` documents have are left out. A document without words is a row of
    zeros. After K. Spärck Jones, 1972, smoothed as scikit-learn does.
    """
    spread = Counter(word for document in documents for word in set(document))
    words = sorted(word for word, number in spread.items() if number >= least)
    column = {word: index for index, word in enumerate(words)}
    idf = torch.tensor([math.log((1 + len(documents)) / (1 + spread[word])) + 1 for word in words])
    cells = [
        (row, column[word], count)
        for row, document in enumerate(documents)
        for word, count in Counter(document).items()
        if word in column
    ]
    places = torch.tensor([cell[:2] for cell in cells], dtype=torch.long).reshape(-1, 2).T  # (2, cells)
    values = torch.tensor([cell[2] for cell in cells], dtype=torch.float32) * idf[places[1]]
    shape = (len(documents), len(words))
    return Weighed(words, idf, normalised(places, values, shape))


def normalised(places: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    """A sparse matrix of values (cells,) at places (2, cells), each row divided by its length."""
    squares = torch.zeros(shape[0], device=values.device).index_add(0, places[0], values.square())
    lengths = squares.sqrt()[places[0]].clamp(min=torch.finfo(torch.float32).tiny)  # (cells,)
    return torch.sparse_coo_tensor(places, values / lengths, shape, check_invariants=False).coalesce()


def beside(parts: Sequence[Weighed]) -> Weighed:
    """Several kinds of words of the same documents, each as heavy as the others."""
    joined = torch.cat([part.rows for part in parts], dim=1).coalesce()  # (D, V)
    rows = normalised(joined.indices(), joined.values(), (joined.shape[0], joined.shape[1]))
    words = [word for part in parts for word in part.words]
    return Weighed(words, torch.cat([part.idf for part in parts]), rows)
