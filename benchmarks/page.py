"""Results as Markdown: one section a number, and the page `docs/benchmarks.md` of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.measuring import Measured, Result, amount

HEAD = """# Benchmarks

This page is written by `COMMAND`, in one run on one machine. What is compared is measured in turns,
A B A B, so that both meet the same disturbances; medians are compared. A number marked MISS did not
keep its target in this run.
"""


def render(results: Sequence[Result], machine: Mapping[str, str], date: str, command: str) -> str:
    """The whole page, and the command that writes it."""
    facts = {"Date": date, **machine}
    parts = [
        HEAD.replace("COMMAND", command),
        _table(("", ""), facts.items(), "--"),
        _table(("number", "target", "found", ""), map(_summary, results), "----"),
        *map(section, results),
    ]
    return "\n".join(parts)


def section(result: Result) -> str:
    """What was measured, the numbers, and whether they keep the target."""
    rows = [_row(measured) for measured in result.measured]
    head = ("measured", "median", "least", "most", "times")
    lines = [f"- {_verdict(check.ok)}: {check.text}" for check in result.checks]
    lines += [f"- {note}" for note in result.notes]
    return "\n".join(
        [
            f"## {result.title}\n",
            f"{result.what}\n",
            f"Target: {result.target}. **{_verdict(result.ok)}**\n",
            _table(head, rows, "-rrrr"),
            *lines,
            f"\nAlone: `python -m benchmarks {result.name}`\n",
        ]
    )


def _summary(result: Result) -> tuple[str, ...]:
    found = "; ".join(check.found for check in result.checks)
    return result.title, result.target, found, _verdict(result.ok)


def _row(measured: Measured) -> tuple[str, ...]:
    numbers = (measured.median, min(measured.values), max(measured.values))
    return (measured.what, *(amount(n, measured.unit) for n in numbers), str(len(measured.values)))


def _verdict(ok: bool) -> str:
    return "pass" if ok else "MISS"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> str:
    """A table; `r` in `sides` sets a column to the right."""
    rules = ["--:" if side == "r" else "---" for side in sides]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rules, *rows)) + "\n"
