"""`python -m benchmarks [NUMBER…] [--write FILE]` measures, prints, and leaves with 1 on a miss."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine, numbers, page


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the call names, all numbers by default; 0 when all of them keep their targets."""
    parser = _parser()
    args = parser.parse_args(argv)
    unknown = [name for name in args.numbers if name not in numbers.ALL]
    if unknown:
        parser.error(f"no number {', '.join(unknown)}; there are: {', '.join(numbers.ALL)}")
    if args.write and args.numbers:
        parser.error("--write is for all numbers together: they stand on one page of one run")
    # A user's modules are compiled once; compiling Textual at each start would take two thirds of it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    everything, command = _kind(args)
    return _run(args.numbers or everything, args.write, command)


def _kind(args: argparse.Namespace) -> tuple[Sequence[str], str]:
    """The numbers that go onto one page, and the command that writes it."""
    if args.gpu:
        return numbers.GPU_NAMES, "make bench-gpu"
    if args.inside:
        return numbers.INSIDE_NAMES, "make bench"
    return (numbers.LONG_NAMES, "make bench-long") if args.long else (numbers.NAMES, "make bench")


def _run(names: Sequence[str], file: Path | None, command: str) -> int:
    date, facts = time.strftime("%Y-%m-%d %H:%M %Z"), machine.describe()
    results = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        results.append(numbers.measure_apart(name))
        print(page.section(results[-1]), flush=True)
    if file is not None:
        file.write_text(page.render(results, facts, date, command), encoding="utf-8")
    return 0 if all(result.ok for result in results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the numbers.")
    parser.add_argument(
        "numbers",
        nargs="*",
        metavar="NUMBER",
        help=", ".join(numbers.ALL),
    )
    parser.add_argument("--gpu", action="store_true", help="the numbers that need a CUDA device")
    parser.add_argument("--inside", action="store_true", help="those of looking into a network")
    parser.add_argument("--long", action="store_true", help="the numbers that take many minutes")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the page of all numbers")
    return parser


if __name__ == "__main__":
    sys.exit(main())
