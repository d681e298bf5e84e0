"""Data that no training could come of is refused before the first step."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from tests.training.conftest import Train
from workbench.errors import WorkbenchError
from workbench.training import Data, Tensors, Training

CLASSES = 3


class Labelled(Training):
    labels = [0, 1, 2, 0, 1, 2]
    test_labels = [0, 1, 2]

    class Params(Training.Params):
        batch_size = 3
        epochs = 1

    def split(self, labels: Any) -> Any:
        return Tensors(torch.zeros(len(labels), 2), torch.tensor(labels))

    def data(self) -> Data:
        train, test = self.split(self.labels), self.split(self.test_labels)
        return Data(train, test=test, classes=CLASSES)

    def model(self) -> nn.Module:
        return nn.Linear(2, CLASSES)

    def training_step(self, batch: Any) -> Tensor:
        return F.cross_entropy(self.net(batch[0]), batch[1])


class Pairs(Dataset[Any]):
    def __init__(self, labels: list[int]) -> None:
        self.targets = labels

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return torch.zeros(2), self.targets[index]


class FromDataset(Labelled):
    def split(self, labels: Any) -> Any:
        return Pairs(labels)


@pytest.mark.parametrize("recipe", [Labelled, FromDataset])
@pytest.mark.parametrize(
    ("labels", "title", "remedy"),
    [
        (([0, 1, 2, 3], [0]), "labels of the train split go from 0 to 3", "number the classes from 0"),
        (([1, 2, 3, 1], [1]), "go from 1 to 3; 3 classes have the labels 0 to 2", "from 0"),
        (([0, 1, -1, 1], [1]), "go from -1 to 1", "from 0"),
        (([0, 1, 2, 0], [7]), "labels of the test split go from 7 to 7", "from 0"),
        (([2, 2, 2, 2], [0]), "all 4 samples of the training split are of one class, 2", "two classes"),
        (([0.0, 1.0, 2.0], [0]), "not whole numbers", r"\.long\(\)"),
        (([], [0]), "train split of the data is empty", "more data"),
        (([0, 1, 2], []), "test split of the data is empty", "more data"),
        (([0, 1], [0]), "a batch of 3 is larger than the training data of 2 samples", "batch_size=2"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(
    start: Train, recipe: type[Labelled], labels: tuple[Any, Any], title: str, remedy: str
) -> None:
    built, run, _ = start(recipe)
    built.labels, built.test_labels = labels
    with pytest.raises(WorkbenchError, match=title) as caught:
        built.run(run)
    assert run.step == 0
    assert caught.value.remedy and re.search(remedy, caught.value.remedy)


@pytest.mark.parametrize("recipe", [Labelled, FromDataset])
def test_sound_labels_are_trained_on(train: Train, recipe: type[Labelled]) -> None:
    _, run, _ = train(recipe)
    assert run.step == 2


class Noted(Labelled):
    def data(self) -> Data:
        given = super().data()
        given.notes = ("three samples were left out",)
        return given


def test_what_a_user_should_know_of_the_data_is_said_once(train: Train) -> None:
    _, _, history = train(Noted)
    assert [message.text for message in history.messages] == ["three samples were left out"]
