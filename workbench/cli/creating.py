"""`workbench new`: writes a recipe to start from."""

from __future__ import annotations

import argparse
import keyword
import re
from pathlib import Path

from workbench import paths, units
from workbench.catalog import discover
from workbench.cli import output, templates
from workbench.errors import UsageError, WorkbenchError

_TEMPLATES = {"training": templates.TRAINING, "recipe": templates.RECIPE}
_NAME = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")


def new_recipe(args: argparse.Namespace) -> int:
    """Write the file and say how to run it; nothing that exists is touched."""
    topic, name = _checked(args.name)
    folder = args.folder or _default_folder(args.writes_to)
    file = folder / topic / f"{name}.py"
    text = _TEMPLATES[args.kind].substitute(
        title=name.replace("_", " ").capitalize(),
        class_name="".join(part.capitalize() for part in name.split("_")),
    )
    _write(file, text)
    output.say(str(file))
    known = any(info.file == file for info in discover(args.recipes))
    place = "" if known else f" --recipes {folder}"
    output.say_aside(units.plain(f"run it with: workbench run {args.name}{place}"))
    return 0


def _checked(word: str) -> tuple[str, str]:
    topic, _, name = word.partition("/")
    if not _NAME.fullmatch(word) or keyword.iskeyword(topic) or keyword.iskeyword(name):
        raise UsageError(
            f"{word!r} is no name for a recipe",
            "topic and name, lower-case letters, digits and _: my_topic/my_recipe",
        )
    return topic, name


def _default_folder(given: list[Path]) -> Path:
    """The user's first folder of recipes, else `recipes` in the working directory."""
    return [*given, *paths.recipe_dirs(), Path("recipes").absolute()][0]


def _write(file: Path, text: str) -> None:
    if file.exists():
        raise UsageError(f"{file} exists already", "choose another name")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as fault:
        raise WorkbenchError(f"{file} cannot be written: {fault.strerror}") from None
