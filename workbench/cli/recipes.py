"""`workbench list` and `workbench show`: what recipes there are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench import units
from workbench.catalog import RecipeInfo, discover
from workbench.cli import output
from workbench.errors import NotFoundError, WorkbenchError, unknown

if TYPE_CHECKING:
    from workbench.params import Parameter
    from workbench.schema import Schema

_INDENT = "  "


def list_recipes(args: argparse.Namespace) -> int:
    """Recipes by topic, sound and broken; no recipe is imported for it."""
    topics = discover(args.recipes).topics()
    if args.topic:
        if args.topic not in topics:
            raise NotFoundError(unknown("topic", args.topic, topics), "`workbench list` shows all")
        topics = {args.topic: topics[args.topic]}
    if args.json:
        output.write_json([_as_data(info) for infos in topics.values() for info in infos])
        return 0
    for topic, infos in topics.items():
        _list_topic(topic, infos)
    return 0


def _list_topic(topic: str, infos: Sequence[RecipeInfo]) -> None:
    output.say(output.styled(units.plain(topic), "bold"))
    room = max(len(units.plain(info.name)) for info in infos)
    for info in infos:
        output.say(f"{_INDENT}{units.plain(info.name):{room}}  {_remark(info)}")


def _remark(info: RecipeInfo) -> str:
    """The title, or what keeps the recipe from running."""
    if info.error:
        return output.styled(f"broken: {units.plain(info.error)}", "red")
    if info.missing:
        needs = f"needs {', '.join(info.missing)}: {info.remedy}"
        return f"{units.plain(info.title)} {output.styled(f'({needs})', 'yellow')}"
    return units.plain(info.title)


def show_recipe(args: argparse.Namespace) -> int:
    """A recipe's text, its parameters with their bounds, and where its source lies."""
    # Only this command reads parameters, which may start a process.
    from workbench.schema import Schema  # noqa: PLC0415
    from workbench.workers.launch import schema_of  # noqa: PLC0415

    info = discover(args.recipes).find(args.name)
    try:
        schema, fault = schema_of(info), None
    except WorkbenchError as raised:
        schema, fault = Schema(), raised
    if args.json:
        shown = {**_as_data(info), "doc": info.doc, "parameters": schema.parameters}
        shown |= {"marks": schema.marks, "within_s": schema.within_s}
        output.write_json(shown | ({"error": fault.title} if fault else {}))
    else:
        output.say(output.styled(units.plain(info.id), "bold"))
        output.say(units.plain(info.doc, keep_newlines=True) + "\n")
        _show_marks(schema)
        _show_parameters(schema.parameters)
        output.say(f"source: {units.plain(str(info.file))}")
    if fault is not None:
        raise fault
    return 0


def _show_marks(schema: Schema) -> None:
    if not schema.marks:
        return
    within = units.duration(schema.within_s)
    output.say(f"reaches on two CPU cores, within {within}, in the mean over three seeds:")
    for mark in schema.marks:
        output.say(_INDENT + units.plain(mark.text()))
    output.say()


def _show_parameters(parameters: Sequence[Parameter]) -> None:
    if not parameters:
        return
    rows = [
        [p.name, output.number(p.default) or "–", p.bounds(), "live" if p.live else "", p.help]
        for p in parameters
    ]
    output.write_table(["parameter", "default", "accepts", "", "what it is"], rows, right=[1])
    output.say()


def _as_data(info: RecipeInfo) -> dict[str, object]:
    return {
        "id": info.id,
        "topic": info.topic,
        "name": info.name,
        "title": info.title,
        "summary": info.summary,
        "kind": info.kind,
        "file": str(info.file),
        "error": info.error,
        "missing": info.missing,
        "install": info.remedy,
    }
