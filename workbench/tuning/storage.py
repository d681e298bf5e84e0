"""Optuna's storage of a study: opening it, and what it raises when it is gone. Imports Optuna."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage, get_storage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from optuna.storages.journal._storage import JournalOperation

from workbench.errors import WorkbenchError
from workbench.tuning.address import HIDDEN, STORAGE_VARIABLE, secrets, without_secret
from workbench.tuning.study import StudyFolder

STALE_LOCK_S = 1.0
# What need not be on the disk before what is written next.
_UNFLUSHED = {
    JournalOperation.SET_TRIAL_PARAM,
    JournalOperation.SET_TRIAL_INTERMEDIATE_VALUE,
    JournalOperation.SET_TRIAL_SYSTEM_ATTR,  # what a sampler planned for a trial
}
# What is flushed with the beginning of the next trial, or when there is time.
_FLUSHED_LATER = {*_UNFLUSHED, JournalOperation.SET_TRIAL_STATE_VALUES}


class StorageGoneError(WorkbenchError):
    """The storage cannot be used now; what was asked of it did not happen, and may be asked again."""


class Storage:
    """Where a study is kept: its own journal, or at an `address`, which holds the password."""

    def __init__(self, folder: StudyFolder, address: str) -> None:
        self._folder = folder
        self._address = address
        self.where = without_secret(address) or str(folder.journal_file)

    @property
    def is_shared(self) -> bool:
        """Whether drivers of other studies may be at work on it."""
        return bool(self._address)

    def open(self, *, has_begun: bool) -> BaseStorage:
        """As Optuna takes it; what a driver that was killed left half-written is cleared away.

        Raises:
            StorageGoneError: when the file of a study that `has_begun` is not there: a new one would
                know none of its trials.
        """
        file = self._file()
        if has_begun and file is not None and not file.exists():
            raise StorageGoneError(
                f"the study's storage {self.where} is not there any more",
                f"bring it back, then: {self._resumption}",
            )
        if self._address:
            return get_storage(self._address)
        journal = self._folder.journal_file
        _drop_stale_lock(journal.with_name(f"{journal.name}.lock"))
        _drop_torn_line(journal)
        return _OwnJournal(_Journal(str(journal)))

    def _file(self) -> Path | None:
        """The file that the storage is; None for a server's, or an address of SQLite's own."""
        if not self._address:
            return self._folder.journal_file
        name = self._address.partition(":///")[2].partition("?")[0]
        is_file = self._address.startswith("sqlite") and name and not name.startswith("file:")
        return Path(name) if is_file else None

    @contextmanager
    def reaching(self, *more: type[Exception]) -> Iterator[None]:
        """Turn what a storage raises that is gone into a StorageGoneError, without any password."""
        try:
            yield
        except (*_faults(), *more) as fault:
            said = str(fault.__cause__ or fault).strip().partition("\n")[0]
            # Not chained: what a driver of a data base says may hold the address.
            raise StorageGoneError(
                f"the study's storage {self.where} cannot be used: {self._without_secrets(said)}",
                f"when it can be reached again: {self._resumption}",
            ) from None

    @property
    def _resumption(self) -> str:
        command = f"workbench tune --resume {self._folder.name}"
        whole = f", with the whole address in ${STORAGE_VARIABLE}"
        return command + (whole if HIDDEN in self.where else "")

    def _without_secrets(self, text: str) -> str:
        if self._address:
            text = text.replace(self._address, self.where)
        for secret in secrets(self._address):
            text = text.replace(secret, HIDDEN)
        return text


@contextmanager
def together(storage: BaseStorage) -> Iterator[None]:
    """Write the parameters that are set inside at once, at the end, where the storage can do so."""
    if not isinstance(storage, _OwnJournal):
        yield
        return
    with storage.together():
        yield


def flush(storage: BaseStorage) -> None:
    """Wait until all that was written is on the disk; costs nothing where it is, or is not our file."""
    if isinstance(storage, _OwnJournal):
        storage.flush()


class _OwnJournal(JournalStorage):
    """Optuna's storage over a journal; a trial's parameters can be written at once.

    Each line by itself costs a lock, which is a file made and deleted, and a look at what others wrote.
    """

    _held: list[dict[str, Any]] | None = None

    def __init__(self, journal: _Journal) -> None:
        super().__init__(journal)
        self._journal = journal

    def flush(self) -> None:
        self._journal.flush()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold back what is written inside; nothing is written where it is left by an error."""
        held: list[dict[str, Any]] = []
        self._held = held
        try:
            yield
        finally:
            self._held = None
        if held:
            with self._thread_lock:
                self._backend.append_logs(held)
                self._sync_with_backend()

    def _write_log(self, op_code: int, extra_fields: dict[str, Any]) -> None:
        if self._held is None or op_code != JournalOperation.SET_TRIAL_PARAM:
            super()._write_log(op_code, extra_fields)
            return
        worker_id = self._replay_result.worker_id
        self._held.append({"op_code": op_code, "worker_id": worker_id, **extra_fields})

    def _sync_with_backend(self) -> None:
        if not self._held:
            super()._sync_with_backend()


class _Journal(JournalFileBackend):
    """Optuna's journal, written so that neither a missing file nor a full disk loses what is in it.

    Optuna's own would begin it anew where it was taken away, and go on behind a line that it wrote in
    part. It also waits for the disk at every line. Here the beginning of a trial is flushed, and with
    it all that stands before, while the sampler is at work; whoever builds on it, or has nothing else
    to do, calls `flush`.
    """

    def __init__(self, path: str) -> None:
        self._alone = JournalFileSymlinkLock(path)
        super().__init__(path, lock_obj=self._alone)
        self._path = path
        self._unflushed = False
        self._disk = ThreadPoolExecutor(1, "journal")
        self._flushing: Future[None] | None = None

    def flush(self) -> None:
        """Wait until beginnings and ends of trials are on the disk; costs nothing where they are."""
        flushing, self._flushing = self._flushing, None
        if flushing is not None:
            flushing.result()
        if self._unflushed:
            self._flush()

    def _flush(self) -> None:
        self._unflushed = False  # what is written from now on may come too late for this time
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.fsync(file)
            finally:
                os.close(file)
        except OSError:
            self._unflushed = True
            raise

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        lines = b"".join(json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs)
        self._alone.acquire()
        try:
            self._append(lines)
        finally:
            self._alone.release()
        codes = {log["op_code"] for log in logs}
        if codes <= _UNFLUSHED:
            return
        self._unflushed = True
        if not codes <= _FLUSHED_LATER:
            self._flushing = self._disk.submit(self._flush)

    def _append(self, lines: bytes) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            size = os.fstat(file).st_size
            try:
                while lines:  # only a disk about to be full writes less
                    lines = lines[os.write(file, lines) :]
            except OSError:
                os.ftruncate(file, size)
                raise
        finally:
            os.close(file)


def _faults() -> tuple[type[Exception], ...]:
    """What a storage raises that is gone, full, or does not know the study any more."""
    known: list[type[Exception]] = [optuna.exceptions.StorageInternalError, OSError, KeyError]
    for module, name in (("sqlalchemy.exc", "SQLAlchemyError"), ("redis.exceptions", "RedisError")):
        if module in sys.modules:  # else nothing of it can have been raised
            known.append(getattr(sys.modules[module], name))
    return tuple(known)


def _drop_stale_lock(link: Path) -> None:
    """Remove the lock that a driver which was killed as it wrote left: Optuna would wait 30 s for it.

    Whoever lives holds it for the time of one write. Of this study's drivers only this one is alive.
    """
    held = _made(link)
    deadline = time.monotonic() + STALE_LOCK_S
    while held is not None and _made(link) == held:
        if time.monotonic() > deadline:
            link.unlink(missing_ok=True)
            return
        time.sleep(STALE_LOCK_S / 20)


def _made(link: Path) -> tuple[int, int] | None:
    """Which link it is and when it was made; None where there is none."""
    try:
        found = link.lstat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_ctime_ns


def _drop_torn_line(journal: Path) -> None:
    """Cut off a last line that a killed driver left half-written: Optuna would stumble over it."""
    try:
        with journal.open("r+b") as file:
            whole = file.read()
            end = whole.rfind(b"\n") + 1
            if end < len(whole):
                file.truncate(end)
                os.fsync(file.fileno())
    except FileNotFoundError:
        return
