"""Neighbours: cosines as scikit-learn has them, damped, and that like-minded users are found."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from sklearn.metrics.pairwise import cosine_similarity

from recipes.recommenders import _ratings, collaborative
from recipes.recommenders._ratings import Ratings
from tests.recipes.conftest import Train
from tests.recipes.shown import rows, shown
from workbench.figures import data
from workbench.runs.events import Failed, Finished

USERS, FILMS = 100, 160


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    """Even users like even films, odd users odd ones; each has rated a third of all."""
    seen = torch.rand(USERS, FILMS, generator=torch.Generator().manual_seed(0)) < 0.33
    lines = [f"{u},{f},{5 if (u + f) % 2 == 0 else 2}" for u, f in seen.nonzero().tolist()]
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating\n" + "\n".join(lines))
    return tmp_path / "ratings.csv"


@pytest.mark.parametrize("rows_at_a_time", [3, 100])
def test_the_nearest_are_those_by_scikit_learns_cosine(
    rows_at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collaborative, "ROWS_AT_A_TIME", rows_at_a_time)
    generator = torch.Generator().manual_seed(0)
    table = torch.randint(1, 6, (11, 7), generator=generator).float()
    expected = torch.from_numpy(cosine_similarity(table.numpy())).float()
    expected.fill_diagonal_(-1)
    cosines, indices = collaborative.nearest(table, 4, damping=0)
    torch.testing.assert_close(cosines, expected.topk(4).values)
    torch.testing.assert_close(expected.gather(1, indices), cosines)
    assert collaborative.nearest(table, 50, damping=0)[0].shape == (11, 10)


def test_damping_draws_cosines_of_little_in_common_to_zero() -> None:
    table = torch.tensor([[1.0, 1, 1, 0], [1, 1, 1, 0], [1, 0, 0, 0]])
    cosines, indices = collaborative.nearest(table, 2, damping=2)
    assert indices.tolist() == [[1, 2], [0, 2], [0, 1]]
    assert cosines[0].tolist() == pytest.approx([3 / 5, 3**-0.5 * 1 / 3])


def test_an_empty_row_is_near_to_none() -> None:
    cosines, indices = collaborative.nearest(torch.tensor([[0.0, 0], [1, 0], [1, 1]]), 5, damping=0)
    assert cosines[:, 0].tolist() == pytest.approx([0, 0.5**0.5, 0.5**0.5])
    assert indices[1:].tolist() == [[2], [1]]


def test_weights_have_the_nearest_of_each_row_and_nothing_else() -> None:
    cosines, indices = torch.tensor([[0.5], [0.25], [1.0]]), torch.tensor([[2], [0], [1]])
    expected = [[0, 0, 0.5], [0.25, 0, 0], [0, 1.0, 0]]
    assert collaborative.weights(cosines, indices).to_dense().tolist() == expected


def test_ratings_count_for_what_was_chosen() -> None:
    train = Ratings(
        torch.tensor([0, 0, 1]),
        torch.tensor([0, 1, 1]),
        torch.tensor([5.0, 2.0, 3.0]),
        ["a", "b"],
        ["x", "y"],
    )
    assert collaborative.table(train, "liked").tolist() == [[1, 0], [0, 0]]
    assert collaborative.table(train, "stars").tolist() == [[5, 2], [0, 3]]
    assert collaborative.table(train, "centred").tolist() == [[1.5, -1.5], [0, 0]]


def test_scores_are_sums_over_neighbours_in_both_ways(csv_file: Path) -> None:
    recipe = collaborative.Collaborative(collaborative.Collaborative.Params(file=str(csv_file)))
    recipe._read()
    users = torch.tensor([3, 17])
    for way, index in (("item-item", 5), ("user-user", 5)):
        found = recipe.score(way, 4)(users)
        assert found.shape == (2, len(recipe.train.titles))
        cosines, others = (
            part[index if way == "item-item" else 17, :4] for part in recipe.nearest[way]
        )
        told = recipe.table[17, others] if way == "item-item" else recipe.table[others, index]
        torch.testing.assert_close(found[1, index], (cosines * told).sum())


def test_like_minded_users_are_found_and_popularity_is_beaten(train: Train, csv_file: Path) -> None:
    history = train("recommenders/collaborative", file=csv_file, user="8", doublings=3)
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    popular = float(results["baseline/popularity"])
    for way in collaborative.WAYS:
        assert float(results[f"test/precision@10 of {way}"]) > 1.3 * popular > 0
    assert all(int(str(row[0])) % 2 == 0 for row in rows(history, "users"))
    told = [row[1] for row in rows(history, "recommendations") if row[0] == "recommended"]
    assert len(told) == 10 and all(int(str(title).split()[1]) % 2 == 0 for title in told)
    assert [row[0] for row in rows(history, "because")] == told
    known = _ratings.load(str(csv_file))
    own = {known.titles[f] for f in known.films[known.users == known.user_ids.index("8")].tolist()}
    assert all(set(row[1:]) - {""} <= own for row in rows(history, "because"))
    tried = shown(history, "neighbours tried", data.Curves)
    assert [list(line.x) for line in tried.lines] == [[5, 10, 20]] * 2


def test_an_unknown_user_is_refused(train: Train, csv_file: Path) -> None:
    history = train("recommenders/collaborative", file=csv_file, user="800")
    assert isinstance(history.ended, Failed) and "no user '800'" in history.ended.title
