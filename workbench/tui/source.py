"""A recipe's source with its syntax in the theme's colours; to be made in a thread."""

from __future__ import annotations

from pathlib import Path

from pygments.token import Token
from textual.content import Content
from textual.highlight import HighlightTheme, highlight

from workbench import units
from workbench.tui.text import (
    ACCENT,
    BAD,
    FAINT,
    GOOD,
    INTERRUPTED,
    MUTED,
    STRONG,
    WARNING,
    content,
    joined,
)

MOST_LINES = 3000


class _Colours(HighlightTheme):
    """Few colours: what is fixed by the language, texts, numbers, and names where they are made."""

    STYLES = {
        Token.Comment: MUTED,
        Token.Error: BAD,
        Token.Keyword: ACCENT,
        Token.Keyword.Constant: WARNING,
        Token.Keyword.Namespace: ACCENT,
        Token.Literal.Number: WARNING,
        Token.Literal.String: GOOD,
        Token.Literal.String.Doc: MUTED,
        Token.Name.Builtin.Pseudo: MUTED,
        Token.Name.Class: STRONG,
        Token.Name.Decorator: INTERRUPTED,
        Token.Name.Function: STRONG,
        Token.Operator.Word: ACCENT,
    }


def source_of(file: Path) -> Content:
    """The numbered lines of a file, or why it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as fault:
        return content(f"{file} cannot be read: {fault.strerror}", BAD)
    lines = text.expandtabs(4).split("\n")
    shown = units.plain("\n".join(lines[:MOST_LINES]), keep_newlines=True).rstrip("\n")
    coloured = highlight(shown, language="python", theme=_Colours)
    more = len(lines) - MOST_LINES
    rest = [Content.styled(f"and {more:,} lines more in {file}", MUTED)] if more > 0 else []
    return Content("\n").join([content(str(file), MUTED), *_numbered(coloured), *rest])


def _numbered(text: Content) -> list[Content]:
    lines = text.split("\n", allow_blank=True)
    width = len(str(len(lines)))
    return [
        joined(Content.styled(f"{number:>{width}}  ", FAINT), line)
        for number, line in enumerate(lines, 1)
    ]
