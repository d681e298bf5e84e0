"""Requests to a study: each is answered once, also where the storage was gone in between."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.runs import control, events
from workbench.runs.history import History
from workbench.runs.recorder import Recorder
from workbench.tuning.asked import Asked
from workbench.tuning.storage import StorageGoneError
from workbench.tuning.study import StudyFolder

Make = Callable[..., StudyFolder]


def test_a_request_that_needs_the_storage_waits_for_it_and_holds_up_no_stop(study: Make) -> None:
    folder = study()
    gone = [True]
    done: list[str] = []

    def change(request: control.AnyRequest) -> events.ParameterSet | None:
        if gone.pop():
            raise StorageGoneError("gone")
        done.append(request.id)
        return None

    asked = Asked(folder.run, Recorder(folder.run.events_file), change)
    queued = control.ask(folder.run.control_file, control.Enqueue(values={}))
    stop = control.ask(folder.run.control_file, control.Stop(when="epoch"))
    with pytest.raises(StorageGoneError):
        asked.read(3)
    assert (asked.stop, done) == ("after", [])
    assert set(History(folder.run).read_all().answers) == {stop.id}
    gone.append(False)
    asked.read(3)
    asked.read(3)
    assert done == [queued.id]
    assert set(History(folder.run).read_all().answers) == {stop.id, queued.id}


def test_what_is_refused_is_answered_with_the_reason(study: Make) -> None:
    folder = study()

    def change(_: control.AnyRequest) -> events.ParameterSet | None:
        raise ValueError("it cannot be")

    asked = Asked(folder.run, Recorder(folder.run.events_file), change)
    request = control.ask(folder.run.control_file, control.SetParameter(name="x", value=1))
    again = control.ask(folder.run.control_file, control.SaveCheckpoint())
    probe = control.ask(folder.run.control_file, control.Probe())
    asked.read(0)
    answers = History(folder.run).read_all().answers
    assert [getattr(answers[one.id], "refused", "") for one in (request, again, probe)] == [
        "it cannot be",
        "a study has no checkpoint: what it knows is on the disk already",
        "a study has no network of its own: probe one of its trials",
    ]
