"""What a worker does with requests between two steps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from workbench.params import Params, choice, number
from workbench.runs import control, events
from workbench.runs.control import Request, SetParameter
from workbench.runs.folder import RunFolder
from workbench.runs.history import History
from workbench.runs.progress import ProgressMeter
from workbench.runs.recorder import Recorder
from workbench.runs.states import State
from workbench.runs.steering import CONTROL_INTERVAL_S, NothingToSaveError, Steering

Ask = Callable[[Request], Request]


class Trained:
    """A recipe as far as steering touches it."""

    class Params(Params):
        rate: float = number(0.1, low=0, high=1, live=True)
        activation: str = choice("relu", "tanh", live=True)
        width: int = number(8)

    def __init__(self) -> None:
        self.params = self.Params()
        self.told: list[str] = []

    def parameter_changed(self, name: str) -> None:
        self.told.append(name)


@pytest.fixture
def meter(recorder: Recorder) -> ProgressMeter:
    return ProgressMeter(recorder, device="cpu", attempt=1, step=7, goal=None)


@pytest.fixture
def ask(folder: RunFolder) -> Ask:
    """Appends a request, due at the next look between two steps."""

    def append(request: Request) -> Request:
        control.ask(folder.control_file, request)
        time.sleep(1.2 * CONTROL_INTERVAL_S)
        return request

    return append


@pytest.fixture
def recipe() -> Trained:
    return Trained()


@pytest.fixture
def steering(folder: RunFolder, recorder: Recorder, meter: ProgressMeter, recipe: Trained) -> Steering:
    control.ask(folder.control_file, control.Launch())
    return Steering(folder.control_file, recorder, meter, recipe)


def answer(folder: RunFolder, request: Request) -> str | None:
    """Why a request was refused; empty when it was done, None when it was not looked at."""
    record = History(folder).read_all().answers.get(request.id)
    return record.refused if isinstance(record, events.Answered) else None


def state(folder: RunFolder) -> State:
    return History(folder).read_all().recorded.state


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nothing_asked_changes_nothing(folder: RunFolder, steering: Steering) -> None:
    for _ in range(1000):
        steering.between_steps()
    assert not (steering.stopping or steering.stopping_after_epoch or steering.stopped_by)
    assert not folder.events_file.read_bytes()


def test_a_stop_is_recorded_with_who_asked_and_answered(
    folder: RunFolder, steering: Steering, ask: Ask
) -> None:
    request = ask(control.Stop(client="me@box:1"))
    steering.between_steps()
    assert (steering.stopping, steering.stopped_by) == (True, "me@box:1")
    status = History(folder).read_all().recorded
    assert (status.state, status.step, status.reason) == (State.STOPPING, 7, "asked by me@box:1")
    assert answer(folder, request) == ""


def test_a_stop_at_the_end_of_the_epoch_lets_the_epoch_end(
    steering: Steering, ask: Ask, meter: ProgressMeter
) -> None:
    meter.epochs = 3
    ask(control.Stop(when="epoch"))
    steering.between_steps()
    assert (steering.stopping, steering.stopping_after_epoch) == (False, True)
    assert meter.stopping
    ask(control.Stop())
    steering.between_steps()
    assert steering.stopping, "now overrules the end of the epoch"


def test_where_there_are_no_epochs_the_end_of_the_epoch_is_now(steering: Steering, ask: Ask) -> None:
    ask(control.Stop(when="epoch"))
    steering.between_steps()
    assert steering.stopping


def test_a_signal_is_obeyed_between_two_steps_even_when_no_look_is_due(
    folder: RunFolder, steering: Steering
) -> None:
    steering.between_steps()
    steering.signal("SIGTERM")
    assert not steering.stopping
    steering.between_steps()
    assert (steering.stopping, steering.stopped_by) == (True, "SIGTERM")
    steering.between_steps()
    assert folder.events_file.read_text().count('"stopping"') == 1


def test_what_was_asked_before_the_last_launch_was_for_its_forerunner(
    folder: RunFolder, recorder: Recorder, meter: ProgressMeter
) -> None:
    control.ask(folder.control_file, control.Launch())
    before = [control.Stop(), control.Pause(), control.SaveCheckpoint()]
    for request in before:
        control.ask(folder.control_file, request)
    control.ask(folder.control_file, control.Launch())
    steering = Steering(folder.control_file, recorder, meter)
    steering.between_steps()
    assert not steering.stopping
    assert [answer(folder, request) for request in before] == [None] * 3


def test_what_was_asked_after_the_launch_is_obeyed_though_it_came_before_the_worker(
    folder: RunFolder, recorder: Recorder, meter: ProgressMeter
) -> None:
    control.ask(folder.control_file, control.Launch())
    early = control.ask(folder.control_file, control.Stop())
    steering = Steering(folder.control_file, recorder, meter)
    assert not steering.stopping
    steering.between_steps()
    assert steering.stopping
    assert answer(folder, early) == ""


def test_a_second_launch_of_a_living_run_is_refused(
    folder: RunFolder, steering: Steering, ask: Ask
) -> None:
    request = ask(control.Launch())
    steering.between_steps()
    assert answer(folder, request) == "this run is alive already"


def test_a_live_parameter_takes_a_new_value_and_the_recipe_is_told(
    folder: RunFolder, steering: Steering, ask: Ask, recipe: Trained
) -> None:
    request = ask(control.SetParameter(name="rate", value=0.5))
    steering.between_steps()
    assert (recipe.params.rate, recipe.told) == (0.5, ["rate"])
    (change,) = History(folder).read_all().parameters_set
    assert (change.step, change.name, change.old, change.value) == (7, "rate", 0.1, 0.5)
    assert change.request == request.id


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (
            SetParameter(name="width", value=16),
            "width cannot be set while the run is alive; these can: rate, activation",
        ),
        (SetParameter(name="rat", value=0.5), "rat cannot be set while the run is alive"),
        (SetParameter(name="rate", value=2.0), "rate=2 is out of bounds (0 to 1)"),
        (SetParameter(name="rate", value="fast"), "rate='fast' is not a number"),
        (SetParameter(name="activation", value="tan"), "no choice 'tan'; did you mean tanh"),
        (SetParameter(name="params", value=1), "params cannot be set"),
    ],
)
def test_another_parameter_or_value_is_refused_with_a_reason(
    folder: RunFolder, steering: Steering, recipe: Trained, asked: Request, reason: str
) -> None:
    before = recipe.params.as_dict()
    control.ask(folder.control_file, asked)
    steering.between_steps()
    assert reason in str(answer(folder, asked))
    assert (recipe.params.as_dict(), recipe.told) == (before, [])


def test_a_run_without_a_recipe_takes_no_parameter(
    folder: RunFolder, recorder: Recorder, meter: ProgressMeter, ask: Ask
) -> None:
    steering = Steering(folder.control_file, recorder, meter)
    request = ask(control.SetParameter(name="rate", value=0.5))
    steering.between_steps()
    assert answer(folder, request) == "this run has no parameters that it would take while running"


def test_a_checkpoint_is_written_when_it_is_asked_for(
    folder: RunFolder, steering: Steering, ask: Ask
) -> None:
    request = ask(control.SaveCheckpoint())
    steering.between_steps()
    assert answer(folder, request) == "this recipe has nothing to save"
    reasons: list[str] = []
    steering.save_now = reasons.append
    request = ask(control.SaveCheckpoint())
    steering.between_steps()
    assert (answer(folder, request), reasons) == ("", ["asked"])


def test_nothing_can_be_saved_before_someone_knows_how(steering: Steering) -> None:
    with pytest.raises(NothingToSaveError):
        steering.save_now("asked")


def test_only_who_knows_a_network_takes_a_request_for_a_probe(
    folder: RunFolder, steering: Steering, ask: Ask
) -> None:
    refused = ask(control.Probe())
    steering.between_steps()
    assert "no network is being trained" in (answer(folder, refused) or "")
    taken: list[str] = []
    steering.look_inside = taken.append
    request = ask(control.Probe())
    steering.between_steps()
    assert taken == [request.id]
    assert answer(folder, request) is None  # it answers for itself, when it has looked


@pytest.fixture
def paused(folder: RunFolder, steering: Steering, ask: Ask) -> threading.Thread:
    """The thread that stands still between two steps."""
    ask(control.Pause())
    worker = threading.Thread(target=steering.between_steps, daemon=True)
    worker.start()
    wait_for(lambda: state(folder) is State.PAUSED)
    return worker


def test_a_paused_run_goes_on_when_asked_and_its_pause_counts_not_as_work(
    folder: RunFolder, paused: threading.Thread, ask: Ask, meter: ProgressMeter
) -> None:
    worked_s = meter.elapsed_s
    time.sleep(0.5)
    request = ask(control.Resume())
    paused.join(timeout=10)
    assert meter.elapsed_s < worked_s + 0.4
    assert not paused.is_alive()
    assert state(folder) is State.RUNNING
    assert answer(folder, request) == ""


def test_a_paused_run_takes_parameters_and_checkpoints(
    folder: RunFolder, paused: threading.Thread, steering: Steering, ask: Ask, recipe: Trained
) -> None:
    reasons: list[str] = []
    steering.save_now = reasons.append
    ask(control.SetParameter(name="rate", value=0.5))
    saved = ask(control.SaveCheckpoint())
    wait_for(lambda: answer(folder, saved) == "")
    assert (recipe.params.rate, reasons, state(folder)) == (0.5, ["asked"], State.PAUSED)
    ask(control.Resume())
    paused.join(timeout=10)
    assert not paused.is_alive()


def test_a_paused_run_can_be_stopped(
    folder: RunFolder, paused: threading.Thread, steering: Steering, ask: Ask
) -> None:
    ask(control.Stop())
    paused.join(timeout=10)
    assert not paused.is_alive()
    assert steering.stopping
    assert state(folder) is State.STOPPING, "it never went on"


def test_a_signal_ends_a_pause(folder: RunFolder, paused: threading.Thread, steering: Steering) -> None:
    steering.signal("SIGTERM")
    paused.join(timeout=10)
    assert not paused.is_alive()
    assert (steering.stopping, steering.stopped_by) == (True, "SIGTERM")
    assert state(folder) is State.STOPPING


@pytest.mark.parametrize("order", [(control.Pause, control.Stop), (control.Stop, control.Pause)])
def test_a_pause_and_a_stop_at_once_stop(
    folder: RunFolder, steering: Steering, order: tuple[type[Request], ...]
) -> None:
    for kind in order:
        control.ask(folder.control_file, kind())
    steering.between_steps()
    assert steering.stopping
    assert state(folder) is State.STOPPING
    steering.between_steps()


def test_a_recipe_can_stand_still_before_its_next_step(
    folder: RunFolder, steering: Steering, ask: Ask
) -> None:
    steering.between_steps()  # the next look is not due yet
    steering.pause()
    worker = threading.Thread(target=steering.between_steps, daemon=True)
    worker.start()
    wait_for(lambda: state(folder) is State.PAUSED)
    ask(control.Resume())
    worker.join(timeout=10)
    assert not worker.is_alive() and state(folder) is State.RUNNING


def test_a_pause_taken_back_at_once_is_no_pause(folder: RunFolder, steering: Steering) -> None:
    control.ask(folder.control_file, control.Pause())
    control.ask(folder.control_file, control.Resume())
    steering.between_steps()
    assert '"paused"' not in folder.events_file.read_text()


def test_a_damaged_request_is_told_once_and_the_next_is_obeyed(
    folder: RunFolder, steering: Steering, ask: Ask
) -> None:
    with folder.control_file.open("ab") as file:
        file.write(b'{"type":"dance"}\n')
    ask(control.Stop())
    steering.between_steps()
    steering.between_steps()
    (message,) = History(folder).read_all().messages
    assert message.level == "warning"
    assert message.text.startswith("control.jsonl, line 2: ")
    assert steering.stopping


def test_a_run_without_a_control_file_only_knows_signals(
    recorder: Recorder, meter: ProgressMeter
) -> None:
    steering = Steering(None, recorder, meter)
    steering.between_steps()
    steering.signal("SIGINT")
    steering.between_steps()
    assert steering.stopped_by == "SIGINT"
