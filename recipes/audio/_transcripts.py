"""Sound files of one's own with what is said in them: a .txt beside each, or one transcripts.csv."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from recipes import _csv, _files
from recipes.audio._sounds import MEND, SUFFIXES, UnreadableError, read_sound
from workbench.errors import Faults, WorkbenchError, nearest

TABLE = "transcripts.csv"
HOLDS = f"sounds, each with a .txt of its name beside it, or a {TABLE}"
SHORTEST_S, LONGEST_S = 0.1, 30.0
SPACE = re.compile(r"\s+")


class Spoken(NamedTuple):
    """A sound (S,), its text in small letters with single blanks, and the folder that it lies in."""

    wave: Tensor
    text: str
    group: str


def read(folder: str, rate_hz: int) -> list[Spoken]:
    """All sounds below a folder, sorted by their paths, with their texts.

    A text lies in a file of the sound's name that ends in .txt, or in `transcripts.csv` in the folder,
    whose columns `file` (a path in the folder) and `text` name what is used. Hidden files and folders
    are passed over.

    Raises:
        WorkbenchError: with all faults together: sounds without a text or that cannot be read, texts
            without a sound, empty texts, sounds that are too short or too long. At once when the folder
            or soundfile is missing, since then no file can be read.
    """
    if not folder:
        raise WorkbenchError(
            "dataset=folder needs a folder", f"give one with folder=PATH; it holds {HOLDS}"
        )
    root = _files.folder(folder, HOLDS)
    files = [file for file in _files.below(root) if file.suffix.lower() in SUFFIXES]
    if not files:
        kinds = ", ".join(sorted(SUFFIXES))
        raise WorkbenchError(f"there are no sounds in {root}", f"give files that end in {kinds}")
    table = root / TABLE
    if table.is_file():
        texts, faults = _listed(table, root, files)
    else:
        faults = Faults(str(root))
        texts = _beside(files, root, faults)
    found = [_spoken(file, text, root, rate_hz, faults) for file, text in texts.items()]
    faults.tell()
    return [one for one in found if one is not None]


def _spoken(file: Path, text: str, root: Path, rate_hz: int, faults: Faults) -> Spoken | None:
    """The sound with its text; None where something is wrong with them."""
    name, said = file.relative_to(root), SPACE.sub(" ", text).strip().lower()
    if not said:
        faults.add(f"the text of {name} is empty", "write what is said, or remove the sound")
        return None
    try:
        wave = read_sound(file, rate_hz)
    except UnreadableError as fault:
        faults.add(f"{name} {fault}", MEND)
        return None
    seconds = len(wave) / rate_hz
    if not SHORTEST_S <= seconds <= LONGEST_S:
        between = f"{SHORTEST_S:g} to {LONGEST_S:g} s"
        faults.add(f"{name} lasts {seconds:.1f} s", f"cut sounds and texts to {between}")
        return None
    return Spoken(wave, said, name.parent.as_posix())


def _beside(files: list[Path], root: Path, faults: Faults) -> dict[Path, str]:
    """The text of each file from the .txt beside it."""
    texts = {}
    for file in files:
        place = file.with_suffix(".txt")
        if not place.is_file():
            name = file.relative_to(root)
            faults.add(f"{name} has no {place.name} beside it", "write what is said in it there")
            continue
        try:
            texts[file] = _files.text(str(place), "a text", "give a text in UTF-8")
        except WorkbenchError as fault:
            faults.add(fault.title, fault.remedy)
    return texts


def _listed(table: Path, root: Path, files: list[Path]) -> tuple[dict[Path, str], Faults]:
    """The text of each file that the table names, and what is wrong with its lines."""
    sheet = _csv.read(str(table), what="texts", each="sound")
    name, said = sheet.places(["file", "text"])
    known = {file.relative_to(root).as_posix(): file for file in files}
    texts = {}
    for number, cells in sheet.lines:
        wanted = cells[name].strip()
        if wanted in known:
            texts[known[wanted]] = cells[said]
        else:
            near = nearest(wanted, known, most=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            sheet.faults.add(
                f"line {number}: there is no sound {wanted!r}{hint}", "name sounds of the folder"
            )
    return texts, sheet.faults
