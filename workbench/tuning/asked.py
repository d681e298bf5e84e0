"""What people ask of a study while it runs, read from its `control.jsonl`. Imports Optuna."""

from __future__ import annotations

from collections.abc import Callable

from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.runs.recorder import Recorder, now
from workbench.tuning.storage import StorageGoneError


class Asked:
    """Requests obeyed so far.

    Attributes:
        stop: how the study is to end before its time: `now`, or `after` the trials at work; else empty.
        stopped_by: who asked for it, a client or a signal's name.
        paused: no trial begins, and those at work stand still.

    `change` does what else is asked; it raises ValueError for what it refuses, and StorageGoneError for
    what is to be asked again.
    """

    def __init__(
        self,
        folder: RunFolder,
        recorder: Recorder,
        change: Callable[[control.AnyRequest], events.ParameterSet | None],
    ) -> None:
        self._reader = control.ControlReader(folder.control_file)
        self._recorder = recorder
        self._change = change
        self._waiting = _since_last_launch(self._reader.read())
        self._signal = ""
        self.stop = ""
        self.stopped_by = ""
        self.paused = False

    def signal(self, name: str) -> None:
        """A signal asks to leave; safe to call from a signal handler."""
        self._signal = name

    def read(self, step: int) -> None:
        """Take in what was asked since the last call; costs one `stat` where nothing was.

        Raises:
            StorageGoneError: when the storage kept something from being done; the next call does it.
        """
        if self._signal and self.stop != "now":
            self._stop("now", self._signal, step)
        waiting, self._waiting = [*self._waiting, *self._reader.read()], []
        gone: StorageGoneError | None = None
        for request in waiting:
            try:
                answer: events.Event | None = self._obey(request, step)
            except ValueError as fault:
                answer = events.Answered(time=now(), request=request.id, refused=str(fault))
            except StorageGoneError as fault:  # which must not keep a stop behind it from being read
                gone = fault
                self._waiting.append(request)
                continue
            self._recorder.record(answer or events.Answered(time=now(), request=request.id))
        if gone is not None:
            raise gone

    def _obey(self, request: control.AnyRequest, step: int) -> events.ParameterSet | None:
        """Do what is asked; the answer where that is more than that it was done.

        Raises:
            ValueError: with what speaks against it.
            StorageGoneError: when it is to be asked again.
        """
        match request:
            case control.Stop(when=when, client=client):
                self._stop("now" if when == "now" else "after", client, step)
            case control.Pause() if not self.paused:
                self.paused = True
                self._recorder.record(events.Paused(time=now(), step=step))
            case control.Resume() if self.paused:
                self.paused = False
                self._recorder.record(events.Resumed(time=now(), step=step))
            case control.Pause() | control.Resume():
                return None
            case control.Launch():
                raise ValueError("this study is alive already")
            case control.SaveCheckpoint():
                raise ValueError("a study has no checkpoint: what it knows is on the disk already")
            case control.Probe():
                raise ValueError("a study has no network of its own: probe one of its trials")
            case control.SetParameter() | control.Enqueue() | control.Prune():
                return self._change(request)
        return None

    def _stop(self, how: str, by: str, step: int) -> None:
        if self.stop == "now":
            return
        self.stop, self.stopped_by = how, by
        self._recorder.record(
            events.Stopping(time=now(), step=step, by=by, when="now" if how == "now" else "epoch")
        )


def _since_last_launch(requests: list[control.AnyRequest]) -> list[control.AnyRequest]:
    launches = [index for index, one in enumerate(requests) if isinstance(one, control.Launch)]
    return requests[launches[-1] + 1 :] if launches else requests
