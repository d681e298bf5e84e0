"""scikit-learn's wines as a CSV file, such as one would have of one's own."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from sklearn.datasets import load_wine

from workbench.paths import data_dir
from workbench.runs.folder import write_atomically


def csv_file() -> Path:
    """178 wines, 13 measurements and their cultivar; it is written where it is not there yet."""
    file = data_dir() / "wine.csv"
    if not file.exists():
        bunch, text = load_wine(), io.StringIO()
        to = csv.writer(text)
        to.writerow([*bunch.feature_names, "cultivar"])
        for numbers, kind in zip(bunch.data.tolist(), bunch.target, strict=True):
            to.writerow([*numbers, bunch.target_names[kind]])
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, text.getvalue().encode())
    return file
