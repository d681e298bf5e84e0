"""A training that is looked into goes on as if nobody had looked."""

from __future__ import annotations

import copy
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from tests.training.conftest import Train
from workbench.debugging import prober, recorded
from workbench.debugging.probes import LayerProbe, Probe
from workbench.runs import control
from workbench.runs.history import History
from workbench.runs.run import Run
from workbench.runs.states import State
from workbench.training import Data, Tensors, Training
from workbench.training.loop import Loop
from workbench.training.trees import mapped

SAMPLES, SIDE, CLASSES = 96, 6, 3
Start = Callable[..., tuple[Training, Run, History]]


class Small(Training):
    """Batch norm, dropout and augmentation at random; a step that counts and draws from all sources."""

    class Params(Training.Params):
        epochs = 2
        batch_size = 16
        lr = 1e-2
        log_every = 1

    def data(self) -> Data:
        random.seed(self.seed)
        np.random.seed(self.seed)
        source = torch.Generator().manual_seed(self.seed)
        images = torch.randn(SAMPLES, 1, SIDE, SIDE, generator=source)
        labels = torch.randint(CLASSES, (SAMPLES,), generator=source)
        part = Tensors(images[:24], labels[:24])
        return Data(Tensors(images, labels), part, part, augment=noisy)

    def model(self) -> nn.Module:
        self.steps, self.seen = 0, []  # type: ignore[var-annotated]
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1),
            nn.BatchNorm2d(4),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(4 * (SIDE // 2) ** 2, CLASSES),
        )

    def training_step(self, batch: Any) -> dict[str, Tensor]:
        self.steps += 1
        self.seen.append(random.random() + np.random.rand())
        self.run_handle.log({"extra": self.seen[-1]})
        logits = self.net(batch[0])
        return {"loss": F.cross_entropy(logits, batch[1]), "half": logits.mean() / 2}


class Adversarial(Small):
    """Two optimizers, stepped by the recipe itself, one network's output in the other's loss."""

    def model(self) -> nn.Module:
        self.steps, self.seen = 0, []
        forger = nn.Sequential(nn.Linear(4, SIDE**2), nn.BatchNorm1d(SIDE**2), nn.Tanh())
        return nn.ModuleDict({"forger": forger, "judge": nn.Linear(SIDE**2, 1)})

    def configure_optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {name: torch.optim.Adam(part.parameters(), 1e-2) for name, part in self.net.items()}

    def training_step(self, batch: Any) -> dict[str, Tensor]:
        real = batch[0].flatten(1)
        forged = self.net["forger"](torch.randn(len(real), 4))
        judge = self.net["judge"]
        told = F.softplus(-judge(real)).mean() + F.softplus(judge(forged.detach())).mean()
        self.minimize(told, "judge")
        fooled = F.softplus(-judge(forged)).mean()
        self.minimize(fooled, "forger")
        return {"told": told, "fooled": fooled}

    def validation_step(self, batch: Any) -> dict[str, Tensor]:
        return {"loss": self.net["judge"](batch[0].flatten(1)).square().mean()}


class Loaded(Small):
    """A data set that draws at random."""

    def data(self) -> Data:
        whole = super().data()
        images, labels = whole.train.tensors  # type: ignore[union-attr]
        return Data(_Noisy(images, labels), whole.validation, whole.test)


class Batches(Small):
    """Any iterable that gives batches."""

    def data(self) -> Data:
        whole = super().data()
        images, labels = whole.train.tensors  # type: ignore[union-attr]

        class Own:
            def __len__(self) -> int:
                return 6

            def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
                return zip(images.split(16), labels.split(16), strict=True)

        return Data(Own(), whole.validation)


class _Noisy(TensorDataset):
    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image, label = super().__getitem__(index)
        return image + 0.1 * torch.rand(()), label


def noisy(batch: Any) -> Any:
    return batch[0] + 0.1 * torch.randn_like(batch[0]), batch[1]


def everything(recipe: Training) -> Any:
    """All that a checkpoint holds, the gradients, and what the recipe keeps of its own."""
    state = recipe.state_dict()
    gradients = [weight.grad for weight in recipe.net.parameters()]
    modes = [module.training for module in recipe.net.modules()]
    own = (recipe.steps, recipe.seen)  # type: ignore[attr-defined]
    return mapped([state, gradients, modes, own], _plain)


def _plain(leaf: Any) -> Any:
    return leaf.tolist() if isinstance(leaf, Tensor) else leaf


def metrics(history: History) -> dict[str, list[float]]:
    return {name: series.values.tolist() for name, series in history.series.items()}


def probes(history: History) -> list[Probe]:
    return [recorded.decode(one.step, one.read()) for one in history.probes]


@pytest.mark.parametrize(
    ("recipe", "values"),
    [
        (Small, {}),
        (Small, {"accumulate": 2, "clip_norm": 0.1}),
        (Small, {"precision": "bf16", "on_nan": "skip", "schedule": "one_cycle"}),
        (Small, {"precision": "fp16"}),
        (Small, {"optimizer": "lbfgs", "batch_size": SAMPLES, "epochs": 3, "lr": 0.1}),
        (Adversarial, {}),
        (Loaded, {}),
        (Batches, {}),
    ],
    ids=str,
)
def test_a_training_with_probes_ends_bit_for_bit_as_without(
    train: Train, recipe: type[Training], values: dict[str, Any]
) -> None:
    plain, _, alone = train(recipe, folder="plain", **values)
    looked, _, seen = train(recipe, folder="probed", probe_every=1, **values)
    assert len(seen.probes) == plain.run_handle.step >= 3
    assert everything(looked) == everything(plain)
    assert metrics(seen) == metrics(alone)
    assert [one.text for one in seen.messages] == [one.text for one in alone.messages]


def test_a_resumed_training_shows_the_same_batch_and_ends_the_same(start: Start, train: Train) -> None:
    plain, _, _ = train(Small, folder="plain")
    held = ("model", "optimizers", "train_averages")
    first, run, history = start(Small, folder="first", most_steps=8, probe_every=2)
    first.run(run)
    state = copy.deepcopy(first.state_dict())
    again, _, continued = train(Small, folder="second", state=state, step=8, probe_every=2)
    ends = [everything(one)[0] for one in (plain, again)]
    assert [ends[0][name] for name in held] == [ends[1][name] for name in held]
    assert [one.step for one in history.read_all().probes] == [2, 4, 6, 8]
    whole, _, probed = train(Small, folder="whole", probe_every=2)
    assert probes(probed) == probes(history) + probes(continued)
    assert whole.run_handle.step == 12


def by_name(probe: Probe) -> dict[str, LayerProbe]:
    return {one.name: one for one in probe.layers}


def test_the_update_is_that_of_the_last_step(train: Train) -> None:
    class Watched(Small):
        def after_step(self) -> None:
            self.__dict__.setdefault("trail", []).append(
                [weight.detach().clone() for weight in self.net[6].parameters()]
            )

    recipe, _, history = train(Watched, probe_every=5)
    before, after = recipe.trail[3], recipe.trail[4]  # type: ignore[attr-defined]
    moved = torch.cat([(b - a).flatten() for a, b in zip(before, after, strict=True)]).norm()
    size = torch.cat([one.flatten() for one in after]).norm()
    first = by_name(probes(history)[0])
    assert first["6"].update == pytest.approx(float(moved / size), rel=1e-3)
    assert first["6"].weights == pytest.approx(float(size), rel=1e-3)
    assert first["2"].update is None


def test_two_networks_show_the_gradients_of_their_own_losses(train: Train) -> None:
    _, _, history = train(Adversarial, probe_every=12)
    (probe,) = probes(history)
    calls = [(one.name, one.call) for one in probe.layers]
    assert calls == [("forger.0", 0), ("forger.1", 0), ("forger.2", 0)] + [
        ("judge", i) for i in range(3)
    ]
    assert probe.loss is None
    assert all(one.output_gradient for one in probe.layers)
    assert all(by_name(probe)[name].weight_gradient for name in ("forger.0", "forger.1"))
    assert probe.layers[3].weight_gradient and probe.layers[2].saturated is not None


def test_without_probes_no_step_has_a_hook_or_a_copy(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:

    asked: list[int] = []
    monkeypatch.setattr(prober, "weights_now", lambda loop: asked.append(loop.run.step) or {})
    _, _, history = train(Small)
    assert (asked, history.probes) == ([], [])
    train(Small, folder="two", probe_every=5)
    assert asked == [5, 10]  # weights are copied for those steps alone


class Asking(Small):
    """Asks for a probe itself, at its third step."""

    request: control.Request = control.Probe()

    def training_step(self, batch: Any) -> dict[str, Tensor]:
        run = self.run_handle
        if run.step == 3 and not self.__dict__.get("has_asked"):
            self.has_asked = True
            run.steering._due = 0.0  # requests are looked for a few times a second
            control.ask(run.folder.control_file, self.request)
            for more in self.more():
                control.ask(run.folder.control_file, more)
        return super().training_step(batch)

    def more(self) -> list[control.Request]:
        return []


def test_a_request_is_answered_after_the_next_step_with_its_update(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded_anew: list[Loop] = []
    monkeypatch.setattr(Loop, "forget_graph", recorded_anew.append)

    class Live(Asking):
        def more(self) -> list[control.Request]:
            return [control.SetParameter(name="probe_every", value=6)]

    _, _, history = train(Live)
    assert [(one.step, one.request) for one in history.probes] == [
        (4, Asking.request.id),
        (6, ""),
        (12, ""),
    ]
    assert history.answers[Asking.request.id].refused == ""
    assert not recorded_anew  # a recorded step knows nothing of probes
    assert by_name(probes(history)[0])["6"].update is not None


def test_a_request_in_a_pause_is_answered_at_once_without_an_update(train: Train) -> None:
    class Paused(Asking):
        request = control.Pause()

        def more(self) -> list[control.Request]:
            threading.Thread(target=self.ask_in_the_pause).start()
            return []

        def ask_in_the_pause(self) -> None:
            history, file = History(self.run_handle.folder), self.run_handle.folder.control_file
            wait_until(lambda: history.read_all().recorded.state is State.PAUSED)
            control.ask(file, Asking.request)
            wait_until(lambda: bool(history.read_all().probes))
            control.ask(file, control.Resume())

    recipe, _, history = train(Paused)
    (taken,) = history.probes
    assert (taken.step, taken.request) == (3, Asking.request.id)
    shown = by_name(probes(history)[0])["6"]
    assert shown.update is None and shown.weight_gradient
    plain, _, _ = train(Small, folder="plain")
    assert everything(recipe)[0]["model"] == everything(plain)[0]["model"]


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true() and time.monotonic() < end:
        time.sleep(0.01)


def test_a_step_that_fails_when_looked_at_costs_the_probe_and_not_the_run(train: Train) -> None:
    class Fragile(Asking):
        def training_step(self, batch: Any) -> dict[str, Tensor]:
            if not self.run_handle._is_heard:
                raise RuntimeError("not while somebody looks")
            return super().training_step(batch)

    plain, _, _ = train(Small, folder="plain")
    recipe, run, history = train(Fragile, probe_every=2)
    assert run.step == 12 and not history.probes
    assert "not while somebody looks" in history.answers[Asking.request.id].refused
    told = [one.text for one in history.messages]
    assert told == ["no more probes in this attempt: not while somebody looks"]
    assert everything(recipe)[0]["model"] == everything(plain)[0]["model"]
