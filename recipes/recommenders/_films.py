"""What is known of films besides their ratings: title and genres."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from workbench.errors import WorkbenchError

NO_GENRES = "(no genres listed)"
FIRST_FLAG = 5  # of u.item's columns, where those of its genres begin
FLAGS = (
    *("unknown", "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary"),
    *("Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi"),
    *("Thriller", "War", "Western"),
)


class Film(NamedTuple):
    """Title, empty where none is known, and genres."""

    title: str = ""
    genres: tuple[str, ...] = ()


def genres_in(text: str) -> tuple[str, ...]:
    """Those of a text with bars between them, as MovieLens has it."""
    return tuple(part for part in text.split("|") if part and part != NO_GENRES)


def beside(file: Path) -> dict[str, Film]:
    """Films by their ids, from MovieLens's own files beside its ratings; empty where none are there.

    Raises:
        WorkbenchError: when such a file is there and cannot be read.
    """
    for name, delimiter, quoting, encoding in (
        ("u.item", "|", csv.QUOTE_NONE, "latin-1"),
        ("movies.csv", ",", csv.QUOTE_MINIMAL, "utf-8-sig"),
    ):
        place = file.with_name(name)
        if place.is_file():
            try:
                with place.open(encoding=encoding, errors="replace", newline="") as lines:
                    rows = csv.reader(lines, delimiter=delimiter, quoting=quoting)
                    return {row[0]: _film(row, name) for row in rows if len(row) > 1}
            except (OSError, csv.Error) as fault:
                raise WorkbenchError(
                    f"{place} cannot be read as films: {fault}", "mend it, or move it elsewhere"
                ) from None
    return {}


def _film(row: list[str], file: str) -> Film:
    if file == "movies.csv":
        return Film(row[1], genres_in(row[2]) if len(row) > 2 else ())
    flags = zip(FLAGS, row[FIRST_FLAG:], strict=False)  # a shortened file has fewer
    return Film(row[1], tuple(genre for genre, flag in flags if flag.strip() == "1"))
