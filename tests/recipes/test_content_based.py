"""Recommendations by what films are: the weights of words, profiles, and that they tell users apart."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer

from recipes.recommenders import _films, _ratings, _words, content_based
from recipes.recommenders._ratings import Ratings
from tests.recipes.conftest import Train
from tests.recipes.shown import rows, shown
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.runs.events import Failed, Finished

USERS, FILMS = 160, 160


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    """Even users like westerns, the others crime, and each has seen a quarter of all films."""
    seen = torch.rand(USERS, FILMS, generator=torch.Generator().manual_seed(0)) < 0.25
    lines = [f"{u},{f},{5 if (u + f) % 2 == 0 else 2}" for u, f in seen.nonzero().tolist()]
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating\n" + "\n".join(lines))
    genres = ("Western|Action", "Crime")
    films = [f"{f},Film {f:03} (19{f % 100:02}),{genres[f % 2]}" for f in range(FILMS)]
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n" + "\n".join(films))
    return tmp_path / "ratings.csv"


def test_the_weights_are_those_of_scikit_learn() -> None:
    documents = [["war", "war", "drama"], ["drama"], [], ["comedy", "drama"], ["comedy"]]
    ours = _words.tf_idf(documents)
    theirs = TfidfVectorizer(analyzer=lambda document: document)
    expected = torch.tensor(theirs.fit_transform(documents).toarray(), dtype=torch.float32)
    assert ours.words == list(theirs.get_feature_names_out())
    torch.testing.assert_close(ours.rows.to_dense(), expected)
    often = _words.tf_idf(documents, least=2)
    assert often.words == ["comedy", "drama"]


def test_kinds_of_words_weigh_the_same_and_empty_rows_stay_empty() -> None:
    first = _words.tf_idf([["a"], ["a", "b"], []])
    second = _words.tf_idf([["x", "y", "z"], [], []])
    both = _words.beside([first, second]).rows.to_dense()  # (3, 5)
    torch.testing.assert_close(both.norm(dim=1), torch.tensor([1.0, 1.0, 0.0]))
    torch.testing.assert_close(both[0, :2].norm(), both[0, 2:].norm())


def test_a_profile_is_the_sum_of_what_counts() -> None:
    films = torch.eye(3).to_sparse()
    train = Ratings(
        torch.tensor([0, 0, 1]),
        torch.tensor([0, 1, 2]),
        torch.tensor([5.0, 2.0, 3.0]),
        ["a", "b"],
        ["x", "y", "z"],
    )
    liked = content_based.profiles(train, films, "liked")
    assert liked.tolist() == [[1, 0, 0], [0, 0, 0]]
    stars = content_based.profiles(train, films, "stars")
    torch.testing.assert_close(stars, torch.tensor([[5 / 29**0.5, 2 / 29**0.5, 0], [0, 0, 1.0]]))
    centred = content_based.profiles(train, films, "centred")
    torch.testing.assert_close(centred, torch.tensor([[0.5**0.5, -(0.5**0.5), 0], [0, 0, 0]]))


def test_genres_and_titles_are_read_beside_the_ratings(tmp_path: Path, csv_file: Path) -> None:
    ratings = _ratings.load(str(csv_file))
    film = ratings.titles.index("Film 004 (1904)")
    assert ratings.genres[film] == ("Western", "Action")
    flags = "0|0|1|0|0|1" + 13 * "|0"
    (tmp_path / "u.item").write_text(f"7|Heat (1995)|01-Jan-1995||url|{flags}\n8|Short (1990)\n")
    films = _films.beside(tmp_path / "u.data")
    assert films == {
        "7": _films.Film("Heat (1995)", ("Adventure", "Comedy")),
        "8": _films.Film("Short (1990)"),
    }
    assert _films.genres_in("(no genres listed)") == ()


def test_words_of_a_title_leave_out_year_and_articles() -> None:
    assert content_based.title_words("Lord of the Rings, The (2001)") == ["lord", "rings"]


def test_users_are_recommended_what_they_like(train: Train, csv_file: Path) -> None:
    history = train("recommenders/content_based", file=csv_file, user="4", features="genres")
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    found, chance = (float(results[n]) for n in ("test/precision@10", "baseline/chance"))
    assert found > 1.3 * chance > 0
    assert float(results["test/precision@10 of both"]) > float(results["baseline/popularity"])
    told = [row[1] for row in rows(history, "recommendations") if row[0] == "recommended"]
    assert len(told) == 10 and all(int(str(title)[5:8]) % 2 == 0 for title in told)
    for row in rows(history, "neighbours"):
        assert not row[1] or int(str(row[0])[5:8]) % 2 == int(str(row[1])[5:8]) % 2
    assert any(row[1] for row in rows(history, "neighbours"))
    profile = shown(history, "profile", data.Bars)
    assert set(profile.labels) == {"Western", "Action"}
    shares = shown(history, "shares", data.Curves)
    assert list(shares.lines[0].x) == pytest.approx([step / 10 for step in range(11)])
    assert max(shares.lines[0].y) > shares.lines[0].y[0]


def test_films_of_which_nothing_is_known_are_refused(train: Train, csv_file: Path) -> None:
    csv_file.with_name("movies.csv").unlink()
    history = train("recommenders/content_based", file=csv_file, features="genres")
    assert isinstance(history.ended, Failed)
    assert "nothing is known of these films" in history.ended.title


def test_a_folder_in_the_place_of_films_is_passed_over_and_a_broken_file_is_told(
    tmp_path: Path,
) -> None:
    (tmp_path / "movies.csv").mkdir()
    assert _films.beside(tmp_path / "ratings.csv") == {}
    (tmp_path / "u.item").write_text("1|" + "x" * 200_000)
    with pytest.raises(WorkbenchError, match="cannot be read as films"):
        _films.beside(tmp_path / "u.data")
