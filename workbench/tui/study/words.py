"""What is told of a study in words: its head, and what it searches and how."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from workbench import units
from workbench.tui.study.facts import StudyFacts
from workbench.tui.text import ACCENT, MUTED, STRONG, WARNING, content, joined, stacked
from workbench.tui.widgets.recipe_page import value_text
from workbench.tuning.methods import PRUNERS, SAMPLERS, SEARCHES
from workbench.tuning.points import word
from workbench.tuning.space import Dimension
from workbench.tuning.standing import Standing, after
from workbench.tuning.study import Plan

_GAP = "\n\n"


def best_words(facts: StudyFacts) -> Content:
    """The best trial so far, or how many are on the front."""
    plan = facts.plan
    if plan is None:
        return Content("")
    if plan.has_several:
        count = len(facts.outstanding)
        said = f"{count} trial{'' if count == 1 else 's'} on the Pareto front"
        return content(said if count else "", MUTED)
    if facts.best is None:
        return Content("")
    value = Content.styled(units.number(facts.best.value), STRONG)
    return joined(
        content(f"best {plan.metric} ", MUTED), value, content(f" in {facts.best.full_name}", MUTED)
    )


def plan_words(facts: StudyFacts) -> Content:
    """What to know of the metric, what is searched, what is the same in every trial, and how."""
    plan = facts.plan
    if plan is None:
        return content(facts.fault or "the study is not read yet", MUTED)
    searched = {dimension.name: _searched(dimension, facts) for dimension in plan.space.searched}
    fixed = {name: content(word(value)) for name, value in plan.space.fixed.items()}
    parts = [
        content(facts.caution, WARNING),
        _table("Searched", searched),
        _table("The same in every trial", fixed),
        _table("How", _method(plan, facts.now or after(plan, {}))),
    ]
    return Content(_GAP).join([part for part in parts if part])


def _searched(began: Dimension, facts: StudyFacts) -> Content:
    """How a parameter is searched now, how it was at first, and the best trial's value of it."""
    first, name = began.words(), began.name
    now = first if facts.now is None else facts.now.words(name)
    frozen = facts.now is not None and name in facts.now.frozen
    told = ["frozen"] if frozen else []
    told += [f"at first {first}"] if now != first else []
    best = {} if facts.best is None else facts.best.parameters
    told += [f"best {word(best[name])}"] if name in best else []
    said = "".join(f"   {one}" for one in told)
    return joined(content(value_text(now), ACCENT), content(said, MUTED))


def _method(plan: Plan, now: Standing) -> dict[str, Content]:
    counted = ", ".join(f"{one.metric} ({one.direction})" for one in plan.objectives)
    told = {
        "recipe": (plan.recipe.id, ""),
        "what counts": (counted, ""),
        **_choice(plan),
        "trials": (f"{now.trials:,}" if now.trials else "no limit", ""),
        "minutes": (units.number(now.minutes) if now.minutes else "no limit", ""),
        "jobs": (str(now.jobs), "at the same time"),
        "device": (plan.device, ""),
        "seed": (str(plan.seed), ""),
        "storage": (plan.storage or "a journal in its folder", ""),
    }
    return {
        name: joined(content(value), content(f"   {text}" if text else "", MUTED))
        for name, (value, text) in told.items()
    }


def _choice(plan: Plan) -> dict[str, tuple[str, str]]:
    """Who chooses the trials, and how they are compared."""
    folds = {"folds": (str(plan.folds), "of each trial; their mean counts")} if plan.folds else {}
    if plan.search:
        return {"search": (plan.search, SEARCHES.get(plan.search, "")), **folds}
    sampler = SAMPLERS.get(plan.sampler)
    return {
        "sampler": (plan.sampler, "" if sampler is None else sampler.text),
        "pruner": (plan.pruner, PRUNERS.get(plan.pruner, "")),
        **folds,
    }


def _table(title: str, rows: Mapping[str, Content]) -> Content:
    if not rows:
        return Content("")
    width = max(len(units.plain(name)) for name in rows)
    lines = [joined(content(f"{units.plain(name):<{width}}  "), value) for name, value in rows.items()]
    return stacked(Content.styled(title, STRONG), *lines)
