"""What the text of one file tells, read with `ast`; the file is never imported."""

from __future__ import annotations

import ast
import contextlib
import re
import threading
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from workbench.garbage import uncollected

# The filters of warnings are the whole interpreter's.
_ONE_AT_A_TIME = threading.Lock()
_MOST_ATTEMPTS = 5


class Source(msgspec.Struct, frozen=True):
    """What was read in one file.

    Attributes:
        kind: the name of the base class that makes it a recipe; empty where none does.
        doc: the whole docstring.
        fault: why it cannot be parsed; empty where it can.
        modules: what is imported at the top, by the names of top-level modules.
        shared: names of imported things that may be shared files beside it (`_name`).
    """

    kind: str = ""
    doc: str = ""
    fault: str = ""
    modules: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()


def read(file: Path) -> Source:
    """Parse a file; one with a fault in its text is told by its fault.

    Raises:
        OSError: when it cannot be read.
        RecursionError, MemoryError: when there is no room to parse it.
    """
    text = file.read_bytes()
    try:
        tree = _parse(text, file)
    except SyntaxError as fault:
        where = f"line {fault.lineno}: " if fault.lineno else ""
        return Source(fault=f"{where}{fault.msg}")
    except ValueError as fault:
        return Source(fault=str(fault) or type(fault).__name__)
    return Source(
        kind=next(filter(None, map(_recipe_kind, tree.body)), ""),
        doc=ast.get_docstring(tree) or "",
        modules=tuple(dict.fromkeys(_modules(tree.body))),
        shared=tuple(dict.fromkeys(name for name in _last_names(tree.body) if name.startswith("_"))),
    )


def _parse(text: bytes, file: Path) -> ast.Module:
    """The tree of a text.

    CPython counts the depth of the tree that it hands out for the whole interpreter: where another
    thread parses (Textual parses actions with `ast`), it ends in "SystemError: AST constructor
    recursion depth mismatch". Threads change in the middle only where garbage is collected.
    """
    for _ in range(_MOST_ATTEMPTS - 1):
        with contextlib.suppress(SystemError):
            return _parse_once(text, file)
    return _parse_once(text, file)


def _parse_once(text: bytes, file: Path) -> ast.Module:
    with _ONE_AT_A_TIME, warnings.catch_warnings(), uncollected():
        warnings.simplefilter("ignore")  # of an invalid escape; they would be printed over the screen
        return ast.parse(text, filename=str(file))


def _recipe_kind(node: ast.stmt) -> str:
    """The base class that makes a class a recipe: its name ends as the workbench's own do."""
    if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
        return ""
    bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
    return next((base for base in bases if re.search(r"(Training|Recipe)$", base)), "")


def _modules(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _last_names(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The last part of whatever is imported at the top of a file."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
            yield from (name.rpartition(".")[2] for name in names)
