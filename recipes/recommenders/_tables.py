"""Tables that every recommender shows: films that are near each other, and what one user is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from recipes.recommenders import _ranking
from recipes.recommenders._ratings import Ratings
from workbench.figures.data import Table

SHOWN_FILMS, SHOWN_NEIGHBOURS, SHOWN_FAVOURITES = 12, 3, 5
LEAST_RATED = 20  # fewer ratings say little about a film

# Shapes: S films shown, F films.


def neighbours(title: str, train: Ratings, cosines_of: Callable[[Tensor], Tensor]) -> Table:
    """The films nearest to the best known ones, by their cosines to all: films (S,) to (S, F)."""
    counts = torch.bincount(train.films, minlength=len(train.titles))  # (F,)
    shown = counts.topk(min(SHOWN_FILMS, len(counts))).indices
    cosines = cosines_of(shown).clone()  # (S, F)
    cosines[:, counts < min(LEAST_RATED, int(counts.max()))] = -torch.inf
    cosines.scatter_(1, shown[:, None], -torch.inf)  # not the film itself
    values, nearest = cosines.topk(min(SHOWN_NEIGHBOURS, len(counts) - 1))
    titles = train.titles
    rows: list[list[str]] = [
        [titles[film], *(f"{titles[j]} {v:.2f}" for v, j in zip(vs, js, strict=True) if v > -1)]
        for film, vs, js in zip(shown.tolist(), values.tolist(), nearest.tolist(), strict=True)
    ]
    columns = ["film", "nearest, with its cosine", "second", "third"]
    filled = [row + [""] * (len(columns) - len(row)) for row in rows]
    return Table(title=title, columns=columns, rows=filled)


def recommendations(user: int, scores: Tensor, known: Ratings, called: str) -> Table:
    """What one user liked best, and what is recommended to him by scores (F,), `called` so."""
    best = _ranking.ranked(scores[None], torch.tensor([user], device=scores.device), known)[0]
    own = known.part(known.users == user)
    favourites = own.stars.argsort(descending=True, stable=True)[:SHOWN_FAVOURITES]
    titles = known.titles
    rows: list[list[Any]] = [
        ["liked", titles[own.films[i]], own.stars[i], scores[own.films[i]]] for i in favourites.tolist()
    ]
    rated = set(own.films.tolist())  # where there are few films, they reach into the ranking
    rows += [
        ["recommended", titles[film], None, scores[film]] for film in best.tolist() if film not in rated
    ]
    columns = ["", "film", "stars given", called]
    return Table(f"Recommendations for user {known.user_ids[user]}", columns=columns, rows=rows)
