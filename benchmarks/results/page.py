"""What the recipes reach, as Markdown: the page `docs/results.md`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.results.standing import Row, Standing
from workbench.catalog import RecipeInfo

HEAD = """# Results

What the recipes reach with their default parameters, on data that training never saw: written by
`make results` from real runs, each on two processor cores. Means and standard deviations are over
seeds 0, 1 and 2; seconds are from the launch to the end, the median of the runs beside what a run may
take. What is marked MISSED is below its mark, what is TOO SLOW over its time. A recipe whose code has
not changed since is not run again, unless it took too long while the machine had other work. One alone:
`python -m benchmarks.results images/cnn`.
"""

COLUMNS = ("recipe", "metric", "found", "mark", "baseline", "seconds", "")


def render(standings: Sequence[Standing], missing: Sequence[RecipeInfo]) -> str:
    """The whole page; `missing` are recipes for which a package is not installed."""
    parts = [HEAD, table(row for one in standings for row in one.rows())]
    measured = [one for standing in standings for one in standing.measured.values()]
    if measured:
        machines = "; ".join(sorted({one.machine for one in measured}))
        loads = sorted(one.load for one in measured)
        parts.append(
            f"Measured on: {machines}. The load average was {loads[0]:g} to {loads[-1]:g} when runs "
            "ended: what else the machine did has made them longer.\n"
        )
    if missing:
        parts.append("Not run, because a package is missing:\n")
        parts.append("".join(f"- `{info.id}`: `{info.remedy}`\n" for info in missing))
    return "\n".join(parts)


def table(rows: Iterable[Row]) -> str:
    """One line a mark."""
    lines = [_line(COLUMNS), _line("---" for _ in COLUMNS)]
    return "\n".join([*lines, *(_line(_cells(row)) for row in rows)]) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    return (row.name, row.metric, row.found, row.goal, row.baseline, row.seconds, row.verdict)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
