"""What a person may ask of a study that runs, as fields of a form that check what is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.params import Parameter, Value
from workbench.tui.widgets.recipe_page import value_text
from workbench.tuning import methods, space
from workbench.tuning.space import Dimension
from workbench.tuning.study import CHANGEABLE, JOBS, MINUTES, Plan

if TYPE_CHECKING:
    from workbench.tuning.standing import Standing


class Searched(Parameter, frozen=True, kw_only=True):
    """How a parameter is searched from now on: another range, a part of its list, or one value.

    `began` is how the study began with it, `now` how it is searched; `recipe` has the recipe's bounds,
    where they are known.
    """

    began: Dimension
    now: Dimension
    sampler: str
    recipe: Parameter | None = None

    def parse(self, raw: object) -> Value:
        """The text as it is, once the driver would take it.

        Raises:
            ValueError: with what speaks against it.
        """
        text = str(raw).strip()
        found = space.changed(self.began, text)
        if fault := methods.change_fault(self.sampler, "", self.began, found):
            raise ValueError(fault)
        if not isinstance(found, Dimension):
            _refuse_outside(self.now, found)
        elif self.recipe is not None and found.kind != "choice":
            self.recipe.parse(found.low)
            self.recipe.parse(found.high)
        return text

    def bounds(self) -> str:
        """What it accepts, in words."""
        if self.began.kind == "choice":
            return f"some of {self.began.words()}"
        return self.began.words() if self.recipe is None else self.recipe.bounds()


class Wanted(Parameter, frozen=True, kw_only=True):
    """A value for one trial; empty, it is drawn."""

    began: Dimension
    now: Dimension

    def parse(self, raw: object) -> Value:
        """The value, or an empty text.

        Raises:
            ValueError: with what speaks against it.
        """
        text = str(raw).strip()
        if not text:
            return ""
        found = space.changed(self.began, text)
        if isinstance(found, Dimension):
            raise ValueError(f"{self.name}={text}: a trial takes one value")
        _refuse_outside(self.now, found)
        return found

    def bounds(self) -> str:
        """What it accepts, in words."""
        return self.now.words()


def settable(
    plan: Plan, now: Standing, recipe: Sequence[Parameter]
) -> tuple[list[Parameter], dict[str, Value]]:
    """What can be set while the study runs, and what holds."""
    if plan.search:  # which is laid out when it begins
        return [JOBS, MINUTES], {one.name: now.words(one.name) for one in (JOBS, MINUTES)}
    known = {parameter.name: parameter for parameter in recipe}
    searched = [
        Searched(
            name=began.name,
            kind="text",
            default="",
            began=began,
            now=now.dimension(began.name),
            sampler=plan.sampler,
            recipe=known.get(began.name),
        )
        for began in plan.space.searched
        if plan.sampler != "grid"
    ]
    fields = [*reversed(CHANGEABLE), *searched]
    return fields, {one.name: _typed(now.words(one.name)) for one in fields}


def wanted(plan: Plan, now: Standing, values: Mapping[str, Value]) -> list[Parameter]:
    """A field for each searched parameter, which begins with the one of `values`, or what is frozen."""
    held = {**values, **now.frozen}
    return [
        Wanted(
            name=began.name,
            kind="text",
            default=_typed(held.get(began.name, "")),
            began=began,
            now=now.dimension(began.name),
        )
        for began in plan.space.searched
    ]


def _typed(value: Value) -> Value:
    """As a person would type it; numbers stay numbers."""
    return value_text(value) if isinstance(value, bool) else value


def _refuse_outside(now: Dimension, value: Value) -> None:
    if now.kind != "choice" and not space.contains(now, value):
        raise ValueError(
            f"{now.name}={value_text(value)} lies outside of what is searched, "
            f"{now.words()}: widen that first"
        )
