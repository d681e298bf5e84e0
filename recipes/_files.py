"""Files and folders of the user's: what they hold, or why they cannot be read."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import UsageError, WorkbenchError, nearest

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def text(file: str, kind: str, remedy: str) -> str:
    """The text of a file in UTF-8; `kind` it is to be, and what to give instead of a wrong one.

    Raises:
        WorkbenchError: when it is missing, a folder, not to be opened, or no such text.
    """
    place = Path(file).expanduser()
    try:
        raw = place.read_bytes()
    except FileNotFoundError:
        raise missing(file, "file") from None
    except IsADirectoryError:
        raise WorkbenchError(f"{file} is a folder, not {kind}", remedy) from None
    except OSError as fault:
        raise WorkbenchError(f"{file} cannot be read as {kind}: {fault.strerror}", remedy) from None
    if raw.startswith(_UTF_16):
        raise WorkbenchError(f"{file} is written in UTF-16", "save it as UTF-8")
    if b"\0" in raw:
        raise WorkbenchError(
            f"{file} is no text: it holds zero bytes, as programs' own files do", remedy
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise WorkbenchError(
            f"{file}, line {line}: the byte {raw[fault.start]:#x} is no UTF-8", "save it as UTF-8"
        ) from None


def folder(path: str, holds: str) -> Path:
    """A folder that is there; what it `holds` is told to who gave none.

    Raises:
        WorkbenchError: when it is missing, or a file.
    """
    place = Path(path).expanduser()
    remedy = f"give one with folder=PATH; it holds {holds}"
    if place.is_dir():
        return place
    if place.exists():
        raise WorkbenchError(f"{path} is a file, not a folder", remedy)
    raise missing(path, "folder", remedy)


def listed(place: Path) -> list[Path]:
    """What lies in a folder, sorted; hidden files and folders, other programs' own, are passed over.

    Raises:
        WorkbenchError: when it cannot be listed.
    """
    try:
        return sorted(one for one in place.iterdir() if not one.name.startswith("."))
    except OSError as fault:
        raise WorkbenchError(
            f"{place} cannot be listed: {fault.strerror}", "make it readable"
        ) from None


def below(place: Path) -> list[Path]:
    """The files of a folder and its subfolders, as `listed`; links to folders are not followed.

    Raises:
        WorkbenchError: when one of the folders cannot be listed.
    """
    found: list[Path] = []
    for one in listed(place):
        found += below(one) if one.is_dir() and not one.is_symlink() else [one]
    return found


def missing(path: str, kind: str, remedy: str = "") -> WorkbenchError:
    """What to raise of a file or folder that is not there, with names beside it that are like it."""
    place = Path(path).expanduser().absolute()
    above = next((one for one in place.parents if one.is_dir()), place.parent)
    if above != place.parent:
        return WorkbenchError(
            f"there is no {kind} {path}", f"{above} has no {place.relative_to(above).parts[0]}"
        )
    try:
        near = nearest(place.name, [one.name for one in above.iterdir()])
    except OSError:  # what may be entered and not listed
        near = []
    beside = f"{above} has {', '.join(near)}" if near else remedy or "give a path that is there"
    return WorkbenchError(f"there is no {kind} {path}", beside)


def refuse_unread(dataset: str, reading: str, **given: str) -> None:
    """Refuse files and columns that are given and not read, since another data set is chosen.

    Args:
        dataset: the one that is chosen.
        reading: the one that would read them.
        given: values of parameters by their names; empty: not given.

    Raises:
        UsageError: naming all of them.
    """
    unread = {name: value for name, value in given.items() if value}
    if dataset != reading and unread:
        listed = ", ".join(f"{name}={value}" for name, value in unread.items())
        raise UsageError(
            f"dataset={dataset} does not read {listed}",
            f"set dataset={reading}, or leave {' and '.join(unread)} empty",
        )
