"""A run's folder: its name, its files, and `run.json`, which is written once."""

from __future__ import annotations

import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from workbench import paths
from workbench.errors import NotFoundError, UsageError, WorkbenchError, unknown
from workbench.params import Value

FORMAT = 1
NUMBER_DIGITS = 4
RESERVE_BYTES = 16_384
TRIALS = "trials"  # the runs of a study's trials, in its folder
COPY_SIGN = "~"  # no recipe's name has it: `images-cnn-0001~2` is the second of that name in the trash

_NUMBERED = re.compile(r"(?P<stem>.+)-(?P<number>\d+)")
_ASIDE = re.compile(r"\..+\.\d+")
_STEP_FILE = re.compile(r"step-(\d{8,18})\.pt")
_MOST_DIGITS = 18


class RecipeReference(msgspec.Struct, frozen=True):
    """Which code a run runs; `sha256` is that of the file at launch."""

    id: str
    file: str
    sha256: str = ""


class Parent(msgspec.Struct, frozen=True):
    """Where a fork came from."""

    run: str
    checkpoint: str
    step: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What `run.json` says: all that was decided before the run began."""

    format: int = FORMAT
    name: str
    recipe: RecipeReference
    parameters: dict[str, Value] = {}
    seed: int = 0
    device: str = "auto"
    created: float = msgspec.field(default_factory=lambda: round(time.time(), 3))
    host: str = msgspec.field(default_factory=socket.gethostname)
    parent: Parent | None = None
    folds: int = 0
    scoring: str = ""
    versions: dict[str, str] = {}
    git_commit: str = ""


@dataclass(frozen=True)
class RunFolder:
    """The paths inside one run's folder."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def full_name(self) -> str:
        """The name by which it is found among all runs: of a study's trial `STUDY/TRIAL`."""
        above = self.path.parent
        is_trial = above.name == TRIALS and _is_run(RunFolder(above.parent))
        return f"{above.parent.name}/{self.name}" if is_trial else self.name

    @property
    def read_only(self) -> bool:
        """Whether another program wrote it, so that it can only be looked at."""
        return False

    @property
    def manifest_file(self) -> Path:
        return self.path / "run.json"

    @property
    def events_file(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def control_file(self) -> Path:
        return self.path / "control.jsonl"

    @property
    def output_file(self) -> Path:
        return self.path / "output.log"

    @property
    def lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def reserve_file(self) -> Path:
        return self.path / ".reserve"

    @property
    def marks_file(self) -> Path:
        """Star and note, which people give."""
        return self.path / "marks.json"

    @property
    def start_file(self) -> Path:
        """The checkpoint that a fork begins from."""
        return self.path / "start.pt"

    @property
    def figures_dir(self) -> Path:
        return self.path / "figures"

    @property
    def launching_file(self) -> Path:
        """Locked by the client that is starting a worker."""
        return self.path / ".launching"

    def keep_reserve(self) -> None:
        """Keep back room for the last record of a run whose disk is full."""
        if not self.reserve_file.exists():
            self.reserve_file.write_bytes(bytes(RESERVE_BYTES))

    def remove_leftovers(self) -> None:
        """Delete what writers that died left half-written; for who holds the lock, and writes alone."""
        for file in [*self.path.glob(".*"), *self.figures_dir.glob(".*")]:
            if _ASIDE.fullmatch(file.name):
                file.unlink(missing_ok=True)

    def manifest(self) -> Manifest:
        """What `run.json` says.

        Raises:
            WorkbenchError: when it is missing, damaged or of a newer format.
        """
        try:
            manifest = msgspec.json.decode(self.manifest_file.read_bytes(), type=Manifest)
        except FileNotFoundError:
            raise NotFoundError(f"{self.path} is not a run: it has no run.json") from None
        except (OSError, ValueError) as fault:
            raise WorkbenchError(f"{self.manifest_file} cannot be read: {fault}") from None
        if manifest.format > FORMAT:
            raise WorkbenchError(
                f"{self.name} was written by a newer workbench (format {manifest.format})",
                "update the workbench to open it",
            )
        return manifest

    def checkpoint(self, name: str) -> Path:
        """The path of one of this run's checkpoints: `last.pt` or `last`, `step-00000500.pt` or `500`.

        Raises:
            NotFoundError: naming those that are there.
        """
        wanted = name if name.endswith(".pt") else f"{name}.pt"
        if name.isdecimal() and len(name) <= _MOST_DIGITS:
            wanted = step_file(int(name))
        found = {path.name: path for path in self.path.glob("*.pt")}
        if wanted not in found:
            there = f"there are: {', '.join(sorted(found))}" if found else "it has none yet"
            raise NotFoundError(f"no checkpoint of {self.name} {wanted!r}", there)
        return found[wanted]


def run_stem(recipe_id: str) -> str:
    """The part of a run's name that its recipe gives: `images/cnn` becomes `images-cnn`."""
    return re.sub(r"[^a-z0-9_]+", "-", recipe_id.lower()).strip("-") or "run"


def create(manifest: Manifest, checkpoints: Path, name: str = "") -> tuple[RunFolder, Manifest]:
    """Make the folder of a new run, numbered after the last of its recipe, or of that `name`.

    The number is taken by `mkdir`, which is atomic: two terminals never get the same one. The folder
    counts as a run from the moment that `run.json` is in it, which is written last.

    Raises:
        WorkbenchError: when the place cannot be written to.
    """
    try:
        if name:
            folder = RunFolder(checkpoints / name)
            folder.path.mkdir(exist_ok=True)  # what was left of it without a run.json is no run
        else:
            folder = _make_numbered(checkpoints, run_stem(manifest.recipe.id))
        named = msgspec.structs.replace(manifest, name=folder.name)
        try:
            if not name:  # else a study makes many, and leaves that to their workers
                folder.keep_reserve()
            write_atomically(folder.manifest_file, msgspec.json.format(msgspec.json.encode(named)))
        except BaseException:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        return folder, named
    except OSError as fault:
        raise WorkbenchError(
            f"no run can be recorded in {checkpoints}: {fault.strerror or fault}",
            f"make room or give another folder with --checkpoints or ${paths.CHECKPOINTS_VARIABLE}",
        ) from None


def find(name: str, checkpoints: Path) -> RunFolder:
    """The run of that name, or `STUDY/TRIAL`; a trailing number alone is enough where it is unique.

    Raises:
        UsageError: when the name is no plain name.
        NotFoundError: with the nearest names.
    """
    study, _, trial = name.partition("/")
    if _is_plain(study) and _is_plain(trial):
        return find(trial, find(study, checkpoints).path / TRIALS)
    try:
        folder = RunFolder(paths.inside(checkpoints, name))
    except ValueError:
        raise UsageError(
            f"{name!r} is not the name of a run", "a run is named like images-cnn-0001"
        ) from None
    if _is_run(folder):
        return folder
    names = [other.name for other in all_runs(checkpoints)]
    if name.isdecimal():
        wanted = name.lstrip("0")
        same = [n for n in names if (m := _NUMBERED.fullmatch(n)) and m["number"].lstrip("0") == wanted]
        if len(same) == 1:
            return RunFolder(checkpoints / same[0])
    raise NotFoundError(unknown("run", name, names), f"runs are looked for in {checkpoints}")


def _is_plain(name: str) -> bool:
    """Whether it can be the name of a folder's entry."""
    try:
        paths.inside(Path(), name)
    except ValueError:
        return False
    return True


def all_runs(checkpoints: Path) -> Iterator[RunFolder]:
    """Every folder with a `run.json`, in no order; nothing where there is no such place.

    Raises:
        WorkbenchError: when the place cannot be read.
    """
    try:
        entries = list(os.scandir(checkpoints))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as fault:
        raise WorkbenchError(f"{checkpoints} cannot be read: {fault.strerror}") from None
    for entry in entries:
        folder = RunFolder(Path(entry.path))
        if not entry.name.startswith(".") and _is_run(folder):
            yield folder


def trash_dir(checkpoints: Path) -> Path:
    """Where deleted runs lie until they are deleted for good."""
    return checkpoints / ".trash"


def name_in_trash(path: Path) -> str:
    """The name that a run in the trash had."""
    name, sign, count = path.name.rpartition(COPY_SIGN)
    return name if sign and count.isdecimal() else path.name


def take_name(name: str, checkpoints: Path) -> RunFolder:
    """An empty folder of that name, or with the next free number where it is taken.

    Raises:
        OSError: when the place cannot be written to.
    """
    folder = RunFolder(checkpoints / name)
    try:
        folder.path.mkdir()
    except FileExistsError:
        numbered = _NUMBERED.fullmatch(name)
        return _make_numbered(checkpoints, numbered["stem"] if numbered else name)
    return folder


def step_file(step: int) -> str:
    """The name of a checkpoint that is kept under its step."""
    return f"step-{step:08d}.pt"


def step_in(file: str) -> int | None:
    """The step that a checkpoint's name tells; None for any other name."""
    found = _STEP_FILE.fullmatch(file)
    return int(found[1]) if found else None


def aside(path: Path) -> Path:
    """Where this process writes what is to become `path`, in the same folder."""
    return path.with_name(f".{path.name}.{os.getpid()}")


def write_atomically(path: Path, data: bytes) -> None:
    """Write aside, flush to the disk, rename: `path` is either the old file or the whole new one."""
    unfinished = aside(path)
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _is_run(folder: RunFolder) -> bool:
    try:
        return folder.manifest_file.is_file()
    except OSError:
        return False  # a folder that only its owner may enter, a name longer than a name can be


def _make_numbered(checkpoints: Path, stem: str) -> RunFolder:
    checkpoints.mkdir(parents=True, exist_ok=True)
    number = _last_number(checkpoints, stem)
    while True:
        number += 1
        folder = RunFolder(checkpoints / f"{stem}-{number:0{NUMBER_DIGITS}d}")
        try:
            folder.path.mkdir()
        except FileExistsError:
            continue  # another terminal was faster
        return folder


def _last_number(checkpoints: Path, stem: str) -> int:
    """Those in the trash count too: they can come back under their own names."""
    names = [entry.name for entry in os.scandir(checkpoints)]
    with suppress(FileNotFoundError):  # nothing was deleted yet
        names += [name_in_trash(Path(entry.name)) for entry in os.scandir(trash_dir(checkpoints))]
    matches = (_NUMBERED.fullmatch(name) for name in names)
    return max((int(m["number"]) for m in matches if m and m["stem"] == stem), default=0)
