"""Sound files of one's own with what is said in them: a .txt beside each, or one transcripts.csv."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from recipes import _csv
from recipes.audio._sounds import SUFFIXES, read_sound
from workbench.errors import WorkbenchError, nearest

TABLE = "transcripts.csv"
SHORTEST_S, LONGEST_S = 0.1, 30.0
SHOWN_FAULTS = 10
SPACE = re.compile(r"\s+")


class Spoken(NamedTuple):
    """A sound (S,), its text in small letters with single blanks, and the folder that it lies in."""

    wave: Tensor
    text: str
    group: str


def read(folder: str, rate_hz: int) -> list[Spoken]:
    """All sounds below a folder, sorted by their paths, with their texts.

    A text lies in a file of the sound's name that ends in .txt, or in `transcripts.csv` in the folder,
    whose columns `file` (a path in the folder) and `text` name what is used.

    Raises:
        WorkbenchError: with all faults together: no folder, sounds without a text or that cannot be
            read, texts without a sound, empty texts, sounds that are too short or too long.
    """
    root = Path(folder).expanduser()
    if not folder or not root.is_dir():
        raise WorkbenchError(
            f"{folder!r} is no folder" if folder else "dataset=folder needs a folder",
            f"give one with folder=PATH; it holds sounds, each with a .txt of its name, or a {TABLE}",
        )
    files = sorted(file for file in root.rglob("*") if file.suffix.lower() in SUFFIXES)
    table = root / TABLE
    texts, faults = _listed(table, root, files) if table.is_file() else _beside(files, root)
    if not files:
        faults = [f"there are no sounds in {root}: files that end in {', '.join(sorted(SUFFIXES))}"]
    found = []
    for file, text in texts.items():
        one = _spoken(file, text, root, rate_hz)
        faults += [one] if isinstance(one, str) else []
        found += [] if isinstance(one, str) else [one]
    if faults:
        more = [f"and {len(faults) - SHOWN_FAULTS} more"] if len(faults) > SHOWN_FAULTS else []
        lines = [*faults[:SHOWN_FAULTS], *more]
        raise WorkbenchError(f"{root} cannot be used: {len(faults)} faults", "\n".join(lines))
    return found


def _spoken(file: Path, text: str, root: Path, rate_hz: int) -> Spoken | str:
    """The sound with its text, or what is wrong with them."""
    name, said = file.relative_to(root), SPACE.sub(" ", text).strip().lower()
    if not said:
        return f"{name}: its text is empty"
    try:
        wave = read_sound(file, rate_hz)
    except WorkbenchError as fault:
        return fault.title
    if not SHORTEST_S <= len(wave) / rate_hz <= LONGEST_S:
        return f"{name} lasts {len(wave) / rate_hz:.1f} s: {SHORTEST_S} to {LONGEST_S:g} s are used"
    return Spoken(wave, said, name.parent.as_posix())


def _beside(files: list[Path], root: Path) -> tuple[dict[Path, str], list[str]]:
    """The text of each file from the .txt beside it, and what is wrong."""
    texts, faults = dict[Path, str](), list[str]()
    for file in files:
        try:
            texts[file] = file.with_suffix(".txt").read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            faults.append(f"{file.relative_to(root)} has no {file.with_suffix('.txt').name} beside it")
        except (OSError, UnicodeDecodeError) as fault:
            faults.append(f"{file.with_suffix('.txt').relative_to(root)} cannot be read: {fault}")
    return texts, faults


def _listed(table: Path, root: Path, files: list[Path]) -> tuple[dict[Path, str], list[str]]:
    """The text of each file that the table names, and what is wrong with its lines."""
    names, lines = _csv.lines(str(table), what="texts", each="sound")
    missing = [name for name in ("file", "text") if name not in names]
    if missing:
        columns = ", ".join(names)
        return {}, [f"{TABLE} has no column {name!r}; it has {columns}" for name in missing]
    known = {file.relative_to(root).as_posix(): file for file in files}
    texts, faults = dict[Path, str](), list[str]()
    for number, cells in lines:
        row = dict(zip(names, cells, strict=False))
        wanted, text = row.get("file", "").strip(), row.get("text", "")
        if wanted in known:
            texts[known[wanted]] = text
        else:
            near = nearest(wanted, known, most=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            faults.append(f"{TABLE}, line {number}: there is no sound {wanted!r}{hint}")
    return texts, faults
