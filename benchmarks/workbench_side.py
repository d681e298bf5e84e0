"""Opens a run in a fresh process: `python -m benchmarks.workbench_side FOLDER` prints JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.memory import peak_mb, resident_mb
from workbench.runs.folder import RunFolder
from workbench.runs.history import History

COLUMNS = 200


def main() -> None:
    """Read everything and the points of each curve, and say what that cost."""
    before = resident_mb()
    began = time.perf_counter()
    history = History(RunFolder(Path(sys.argv[1]))).read_all()
    drawn = [series.points(COLUMNS) for series in history.series.values()]
    took = time.perf_counter() - began
    after = resident_mb()
    if not all(len(points.x) for points in drawn):
        raise SystemExit("a series has nothing to draw")
    points = sum(map(len, history.series.values()))
    print(
        json.dumps({"s": took, "MB": after - before, "peak_MB": peak_mb() - before, "points": points})
    )


if __name__ == "__main__":
    main()
