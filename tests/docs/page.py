"""The page on recipes, taken apart: its files, its commands, its tables."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"
TEXT = PAGE.read_text(encoding="utf-8")

_FILE = re.compile(r"^`(\S+\.py)`\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"`workbench ([^`]+)`")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)]+)\)")


def files() -> dict[str, str]:
    """The text of each file that the page shows, by its path."""
    return dict(_FILE.findall(TEXT))


def shell_lines() -> list[list[str]]:
    """The words of each line of the shell blocks, comments left out."""
    lines = [line for block in _SHELL.findall(TEXT) for line in block.splitlines()]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def calls() -> list[list[str]]:
    """What stands behind `workbench` in the shell blocks."""
    return [words[1:] for words in shell_lines() if words[0] == "workbench"]


def named_commands() -> set[str]:
    """The commands that sentences name."""
    return {call.split()[0] for call in _NAMED.findall(prose())}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table whose first column has that heading."""
    block = TEXT.partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()[2:]]


def prose() -> str:
    """The page without its files and shell blocks."""
    return _FENCED.sub("", TEXT)


def links() -> list[str]:
    """Where its sentences link to."""
    return _LINK.findall(prose())


def anchors() -> set[str]:
    """What a link within the page can name."""
    titles = _HEADING.findall(prose())
    return {"#" + re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
