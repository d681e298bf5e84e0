"""`workbench tune --enqueue`, `--prune` and `--note`: single trials of a study, by hand."""

from __future__ import annotations

import argparse

from workbench import units
from workbench.cli import output
from workbench.cli.arguments import assignments, refuse
from workbench.errors import UsageError
from workbench.runs import control, events
from workbench.tuning import hands_on, study
from workbench.tuning.study import StudyFolder
from workbench.workers import launch

_WAYS = ("enqueue", "prune", "note")
_CALLS = {
    "enqueue": "workbench tune --enqueue STUDY name=value …",
    "prune": "workbench tune --prune STUDY TRIAL",
    "note": "workbench tune --note STUDY TRIAL 'TEXT'",
}
_OTHER_OPTIONS = (
    *("resume", "show", "trials", "minutes", "jobs", "sampler", "pruner", "metric", "direction"),
    *("search", "folds", "seed", "device", "storage", "study"),
)


def is_meant(args: argparse.Namespace) -> bool:
    """Whether the call is about single trials."""
    return any(getattr(args, way) for way in _WAYS)


def change(args: argparse.Namespace) -> int:
    """Do what the call asks of one trial, and say what became of it.

    Raises:
        UsageError: when the call is incomplete, or the study refuses.
    """
    (way, *more) = [way for way in _WAYS if getattr(args, way)]
    given = [*more, *(name for name in _OTHER_OPTIONS if getattr(args, name) is not None)]
    if given:
        raise UsageError(f"--{way} stands alone: --{given[0]} cannot be given with it", _CALLS[way])
    name, slash, trial = getattr(args, way).partition("/")
    args.words = [trial, *args.words] if slash else args.words
    found = study.find(name, args.checkpoints)
    if not args.words or (way == "prune" and len(args.words) > 1):
        raise UsageError(f"--{way} takes a study and what is to be done", _CALLS[way])
    if way == "note":
        return _note(found, *args.words)
    request, done = _enqueue(found, args) if way == "enqueue" else _prune(found, args)
    answer = launch.wait_for_answer(found.run, request)
    if answer is None:
        output.say("asked; the driver has not come to it yet")
    elif isinstance(answer, events.Answered):
        refuse([units.plain(answer.refused)] if answer.refused else [])
        output.say(done)
    return 0


def _enqueue(found: StudyFolder, args: argparse.Namespace) -> tuple[control.Request, str]:
    request = hands_on.enqueue(found, assignments(args.words))
    return request, f"{found.name}: queued, and begins before any that is drawn"


def _prune(found: StudyFolder, args: argparse.Namespace) -> tuple[control.Request, str]:
    run = hands_on.trial(found, args.words[0]).name
    return hands_on.prune(found, run), f"{found.name}/{run}: writes a checkpoint and ends as pruned"


def _note(found: StudyFolder, run: str, *text: str) -> int:
    hands_on.note(found, run, " ".join(text))
    output.say(f"{found.name}/{hands_on.trial(found, run).name}: noted")
    return 0
