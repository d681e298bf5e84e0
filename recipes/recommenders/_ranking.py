"""How good the first ten recommendations are, measured over all users of a part at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from recipes.recommenders._ratings import GOOD, Ratings

LENGTH = 10
USERS_AT_A_TIME = 32

Score = Callable[[Tensor], Tensor]  # users (U,) to scores (U, F), higher is better

# Shapes: U users at a time, F films.


def precision_and_recall(score: Score, known: Ratings, unseen: Ratings) -> tuple[float, float]:
    """Precision@10 and recall@10: means over the users who have a good film in `unseen`.

    All films are ranked that the user has not rated in `known`, which holds what was trained on and
    what was selected by. Precision is the share of good ones among the first ten, recall the share of
    the good ones that are among them. Both are NaN where no user has a good film.
    """
    good = unseen.part(unseen.stars >= GOOD)
    users = good.users.unique()
    if not len(users):
        return float("nan"), float("nan")
    precisions, recalls = [], []
    for some in users.split(USERS_AT_A_TIME):
        first = ranked(score(some), some, known)  # (U, LENGTH)
        is_good = _marked(good, some, len(known.titles))  # (U, F)
        hits = is_good.gather(1, first).sum(1)  # (U,)
        precisions.append(hits / LENGTH)
        recalls.append(hits / is_good.sum(1))
    return float(torch.cat(precisions).mean()), float(torch.cat(recalls).mean())


def ranked(scores: Tensor, users: Tensor, known: Ratings, length: int = LENGTH) -> Tensor:
    """The `length` best films (U, length) for each user, without those that he has rated already."""
    unrated = scores.masked_fill(_marked(known, users, scores.shape[1]), -torch.inf)
    return unrated.topk(min(length, scores.shape[1])).indices


def _marked(ratings: Ratings, users: Tensor, films: int) -> Tensor:
    """Which films (U, F) each of the users has a rating of."""
    row = torch.full((len(ratings.user_ids),), -1, device=users.device)
    row[users] = torch.arange(len(users), device=users.device)
    rows = row[ratings.users]  # (N,)
    marks = torch.zeros(len(users), films, dtype=torch.bool, device=users.device)
    marks[rows[rows >= 0], ratings.films[rows >= 0]] = True
    return marks
