"""What is known of a recipe: its text, parameters, faults and past runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from workbench import units
from workbench.catalog import RecipeInfo
from workbench.errors import WorkbenchError
from workbench.params import Parameter, Value
from workbench.schema import Schema
from workbench.tui import keys
from workbench.tui.past_runs import past_runs
from workbench.tui.text import (
    ACCENT,
    BAD,
    MUTED,
    STRONG,
    WARNING,
    Calm,
    content,
    joined,
    stacked,
)

if TYPE_CHECKING:
    from workbench.runs.listing import RunSummary

# A list's item, an indented block, a table's row, or a heading such as `Data:`.
_HEADING = re.compile(r"[A-Z][\w ]{1,24}:(?= |$)")
_OWN_LINE = re.compile(rf" {{4}}|[-*|>]|\d+[.)] |{_HEADING.pattern}")


class RecipePage(VerticalScroll):
    """A page to read, in one column."""

    DEFAULT_CSS = """
    RecipePage {
        padding: 0 2;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
        & > Calm { height: auto; max-width: 96; }
        &.-code { overflow-x: auto; }
        &.-code > Calm { width: auto; max-width: 100000; text-wrap: nowrap; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Calm()

    def show(
        self, recipe: RecipeInfo | None, schema: Schema | None, runs: Iterable[RunSummary]
    ) -> None:
        """Show one recipe; `schema` is None where its parameters are not known yet."""
        self.query_one(Calm).show(
            Content.styled("no recipe matches", MUTED) if recipe is None else page(recipe, schema, runs)
        )

    def put(self, shown: Content) -> None:
        """Show another view of the recipe."""
        self.query_one(Calm).show(shown)

    def say(self, error: WorkbenchError) -> None:
        """Show why there is no recipe to show."""
        self.query_one(Calm).show(
            stacked(content(error.title, BAD), content(error.remedy, MUTED, lines=True))
        )


def page(recipe: RecipeInfo, schema: Schema | None, runs: Iterable[RunSummary]) -> Content:
    """The whole page as one text."""
    past = past_runs(runs, schema)
    told = [_title(recipe), _faults(recipe, schema), _text(recipe)]
    parts = [*told, _marks(schema), _parameters(schema), past]
    return Content("\n\n").join([part for part in parts if part])


def _title(recipe: RecipeInfo) -> Content:
    kind = "a recipe" if recipe.kind == "Recipe" else recipe.kind
    under = Content.styled(f"{units.plain(recipe.id)} · {units.plain(kind)}", MUTED)
    return stacked(content(recipe.title or recipe.name, f"{STRONG} {ACCENT}"), under)


def _faults(recipe: RecipeInfo, schema: Schema | None) -> Content:
    if recipe.error:
        remedy = f"mend {recipe.file}, then press {keys.shown_for('recipes.reload')} to read it again"
        return stacked(
            joined(Content.styled("✗ broken: ", BAD), content(recipe.error, BAD)),
            content(remedy, MUTED),
        )
    if recipe.missing:
        listed = ", ".join(recipe.missing)
        return stacked(
            joined(Content.styled("! not installed: ", WARNING), content(listed, WARNING)),
            joined(Content.styled("install it with  ", MUTED), content(recipe.remedy, STRONG)),
        )
    if schema is not None and schema.error:
        return stacked(
            joined(Content.styled("✗ cannot be imported: ", BAD), content(schema.error, BAD)),
            content(schema.remedy, MUTED, lines=True),
        )
    return Content("")


def _text(recipe: RecipeInfo) -> Content:
    rest = recipe.doc.partition("\n")[2].strip("\n")
    lines = [_with_heading(line) for line in reflowed(rest).split("\n")]
    return stacked(*lines) if rest else Content("")


def _with_heading(line: str) -> Content:
    """The line, its heading set apart where it has one: `Data: …`."""
    heading = _HEADING.match(line)
    end = heading.end() if heading else 0
    return joined(content(line[:end], STRONG), content(line[end:]))


def reflowed(text: str) -> str:
    """Paragraphs joined, to be wrapped anew; lists, indented blocks and `Data: …` lines stay lines."""
    lines: list[str] = []
    for line in text.split("\n"):
        starts_anew = not line or _OWN_LINE.match(line) or not lines or not lines[-1]
        if starts_anew or lines[-1].startswith("    "):
            lines.append(line)
        else:
            lines[-1] += " " + line.strip()
    return "\n".join(lines)


def _marks(schema: Schema | None) -> Content:
    """What is promised of a run with default parameters."""
    if schema is None or not schema.marks:
        return Content("")
    within = f"in {units.duration(schema.within_s)} on two CPU cores, in the mean over three seeds"
    heading = joined(Content.styled("Reaches", STRONG), Content.styled(f"  {within}", MUTED))
    return stacked(heading, *(content(mark.text()) for mark in schema.marks))


def _parameters(schema: Schema | None) -> Content:
    heading = Content.styled("Parameters", STRONG)
    if schema is None:
        return stacked(heading, Content.styled("read as soon as torch is loaded, or on Enter", MUTED))
    if not schema.parameters:
        return Content("") if schema.error else stacked(heading, Content.styled("none", MUTED))
    names = max(len(parameter.name) for parameter in schema.parameters)
    defaults = max(len(value_text(parameter.default)) for parameter in schema.parameters)
    widths = (names, min(max(defaults, 8), 16))
    return stacked(heading, *(_parameter(parameter, *widths) for parameter in schema.parameters))


def _parameter(parameter: Parameter, names: int, defaults: int) -> Content:
    name = content(f"{parameter.name:<{names}}  ")
    default = content(f"{value_text(parameter.default):<{defaults}}", ACCENT)
    live = Content.styled("  live", WARNING) if parameter.live else Content("")
    return joined(name, default, content(f"  {parameter.bounds()}", MUTED), live)


def value_text(value: Value) -> str:
    """A parameter's value as a form and a table show it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)
