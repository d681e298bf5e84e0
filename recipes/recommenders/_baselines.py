"""What can be predicted and recommended without learning what single users like."""

from __future__ import annotations

import torch
from torch import Tensor

from recipes.recommenders._ranking import Score
from recipes.recommenders._ratings import Ratings

BIAS_SWEEPS = 20

# Shapes: N ratings, U users, F films.


def popularity(train: Ratings) -> Score:
    """The same for everyone: how many have rated each film."""
    counts = torch.bincount(train.films, minlength=len(train.titles)).float()  # (F,)
    return lambda users: counts.expand(len(users), -1)


def biases(train: Ratings, damping: float) -> tuple[Tensor, Tensor]:
    """What users (U,) and films (F,) add to the mean: damped least squares, in turns.

    `damping` is how many ratings of just the mean each user and film is taken to have besides.
    """
    rest = train.stars - train.stars.mean()  # (N,)
    user_bias = rest.new_zeros(len(train.user_ids))
    film_bias = rest.new_zeros(len(train.titles))
    for _ in range(BIAS_SWEEPS):
        film_bias = _damped_means(rest - user_bias[train.users], train.films, len(film_bias), damping)
        user_bias = _damped_means(rest - film_bias[train.films], train.users, len(user_bias), damping)
    return user_bias, film_bias


def _damped_means(values: Tensor, groups: Tensor, count: int, damping: float) -> Tensor:
    sums = values.new_zeros(count).index_add(0, groups, values)
    counts = torch.bincount(groups, minlength=count)
    return sums / (counts + damping).clamp(min=1)  # nothing where nobody rated and nothing damps
