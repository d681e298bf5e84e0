"""What people ask of a study while it runs, read from its `control.jsonl`."""

from __future__ import annotations

from workbench.runs import control, events
from workbench.runs.folder import RunFolder
from workbench.runs.recorder import Recorder, now


class Asked:
    """Requests obeyed so far.

    Attributes:
        stop: how the study is to end before its time: `now`, or `after` the trials at work; else empty.
        stopped_by: who asked for it, a client or a signal's name.
        paused: no trial begins, and those at work stand still.
    """

    def __init__(self, folder: RunFolder, recorder: Recorder) -> None:
        self._reader = control.ControlReader(folder.control_file)
        self._recorder = recorder
        self._waiting = _since_last_launch(self._reader.read())
        self._signal = ""
        self.stop = ""
        self.stopped_by = ""
        self.paused = False

    def signal(self, name: str) -> None:
        """A signal asks to leave; safe to call from a signal handler."""
        self._signal = name

    def read(self, step: int) -> None:
        """Take in what was asked since the last call; costs one `stat` where nothing was."""
        if self._signal and self.stop != "now":
            self._stop("now", self._signal, step)
        waiting, self._waiting = self._waiting, []
        for request in waiting + self._reader.read():
            refused = self._obey(request, step)
            self._recorder.record(events.Answered(time=now(), request=request.id, refused=refused))

    def _obey(self, request: control.AnyRequest, step: int) -> str:
        """Do what is asked; what speaks against it, or nothing."""
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
                return ""
            case control.Launch():
                return "this study is alive already"
            case control.SaveCheckpoint():
                return "a study has no checkpoint: what it knows is on the disk already"
            case control.SetParameter():
                return "a study takes no values while it runs: stop it, then resume it with others"
        return ""

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
