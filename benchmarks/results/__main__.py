"""`python -m benchmarks.results [RECIPE…] [--write FILE]`: 1 where a mark is missed or a run fails."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.results import kept, page, running
from benchmarks.results.plan import Variant, variants
from benchmarks.results.running import Task
from benchmarks.results.standing import Standing
from workbench import schema as schemas
from workbench.catalog import RecipeInfo, discover
from workbench.errors import WorkbenchError
from workbench.workers.launch import schema_of
from workbench.workers.standby import Standby

Faults = defaultdict[str, list[str]]
INTERRUPTED = 130  # as shells say that Ctrl-C ended a program


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the recipes that the call names, all by default; those that were are not run again."""
    args = _parser().parse_args(argv)
    catalog = discover()
    try:
        wanted = [catalog.find(word) for word in args.recipes] or list(catalog)
        shown = list(catalog) if args.write else wanted
        missing = [info for info in shown if info.missing]
        planned = _planned([info for info in shown if not info.missing])
    except WorkbenchError as fault:
        print(fault, file=sys.stderr)
        return 2
    for info in missing:
        print(f"{info.id} is not run: {info.remedy}", file=sys.stderr)
    asked = [one for one in planned if one.info in wanted]
    try:
        faults = _run(asked, args)
    except KeyboardInterrupt:
        print("\ninterrupted; the same call goes on where it was", file=sys.stderr)
        return INTERRUPTED
    standings = {one.name: _standing(one, args.device, faults) for one in planned}
    if args.write:
        args.write.write_text(page.render([*standings.values()], missing), encoding="utf-8")
    print(page.table(row for one in asked for row in standings[one.name].rows()))
    short = [line for one in asked for line in standings[one.name].shortcomings()]
    print("".join(f"{line}\n" for line in short), end="", file=sys.stderr)
    return 1 if short else 0


def _planned(infos: Sequence[RecipeInfo]) -> list[Variant]:
    """All variants of all recipes, which have to be imported once for it.

    Raises:
        WorkbenchError: when one of them is broken.
    """
    standby = Standby()
    if any(schemas.cached(info) is None for info in infos):
        standby.start()
    try:
        return [one for info in infos for one in variants(info, schema_of(info, standby))]
    finally:
        standby.close()


def _run(asked: Sequence[Variant], args: argparse.Namespace) -> Faults:
    """Run what is not measured yet; why runs gave nothing, by the variant's name."""
    faults: Faults = defaultdict(list)

    def report(task: Task, result: kept.Measured | str) -> None:
        if isinstance(result, str):
            faults[task.variant.name].append(f"seed {task.seed} {result}")
            print(f"{task.name}: {result}", file=sys.stderr, flush=True)
        else:
            print(f"{task.name}: {result.seconds:.1f} s", file=sys.stderr, flush=True)

    tasks = [
        Task(one, seed)
        for one in asked
        for seed in one.seeds
        if args.again or _is_due(one, seed, args.device)
    ]
    running.run_all(tasks, jobs=args.jobs, device=args.device, report=report)
    return faults


def _is_due(variant: Variant, seed: int, device: str) -> bool:
    """Whether it was never measured, or was too slow on a busy machine."""
    before = kept.of(variant, device).get(seed)
    return before is None or before.was_disturbed(variant.within_s)


def _standing(variant: Variant, device: str, faults: Faults) -> Standing:
    return Standing(variant, kept.of(variant, device), faults[variant.name])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.results",
        description="What the recipes reach. Runs lie in the folder `results` of the checkpoints.",
    )
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help="images/cnn, or cnn; default: all")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page of all recipes")
    parser.add_argument(
        "--jobs",
        type=int,
        default=running.most_jobs(),
        help="runs at the same time (default: one for every two cores)",
    )
    parser.add_argument("--device", default="cpu", help="what to run on (default: cpu)")
    parser.add_argument("--again", action="store_true", help="run also what was measured before")
    return parser


if __name__ == "__main__":
    sys.exit(main())
