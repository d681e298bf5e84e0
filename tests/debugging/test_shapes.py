"""Odd shapes: seen where a network's answer meets a target, and in no code that means what it says."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbench.debugging.shapes import watching_shapes

N, K = 16, 3  # samples, classes

Loss = Callable[[Tensor, Tensor], Tensor]


def seen(loss: Callable[[Tensor], Tensor], outputs: int = 1) -> list[tuple[str, object]]:
    net, inputs = nn.Linear(4, outputs), torch.rand(N, 4)
    with watching_shapes(N) as found, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own losses, which is no use by night
        loss(net(inputs)).backward()
    return [(odd.function, odd.shapes) for odd in found]


TARGETS = torch.rand(N)


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("sub", lambda answers: (answers - TARGETS).square().mean()),
        ("sub", lambda answers: (TARGETS - answers).abs().mean()),
        ("mse_loss", lambda answers: F.mse_loss(answers, TARGETS)),
        ("l1_loss", lambda answers: F.l1_loss(answers, TARGETS)),
        ("smooth_l1_loss", lambda answers: nn.SmoothL1Loss()(answers, TARGETS)),
        ("mul", lambda answers: (1 - answers * TARGETS).relu().mean()),
    ],
)
def test_a_column_of_answers_against_a_row_of_targets(name: str, loss: Loss) -> None:
    ((function, shapes),) = seen(loss)
    assert name in function
    assert set(shapes) == {(N, 1), (N,)}  # type: ignore[call-overload]


def test_a_row_of_answers_against_a_column_of_targets() -> None:
    assert seen(lambda answers: (answers[:, 0] - TARGETS[:, None]).square().mean())


@pytest.mark.parametrize(
    "loss",
    [
        lambda answers: F.mse_loss(answers[:, 0], TARGETS),
        lambda answers: F.mse_loss(answers, TARGETS[:, None]),
        lambda answers: (answers[:, 0] - TARGETS).square().mean(),
        lambda answers: (
            (answers - answers[:, 0]).square().mean()
        ),  # all pairs of answers, as it is meant
        lambda answers: (answers - answers.T).square().mean(),
        lambda answers: ((TARGETS[:, None] - TARGETS).abs() * answers).mean(),
        lambda answers: (answers - TARGETS.mean()).square().mean(),
    ],
)
def test_shapes_that_fit_or_are_meant_are_no_finding(loss: Loss) -> None:
    assert not seen(loss)


@pytest.mark.parametrize(
    "loss",
    [
        lambda answers: answers.softmax(0).log().mean(),
        lambda answers: F.log_softmax(answers, dim=0).mean(),
        lambda answers: nn.LogSoftmax(dim=-2)(answers).mean(),
    ],
)
def test_a_softmax_over_the_samples(loss: Loss) -> None:
    ((_, shapes),) = seen(loss, K)
    assert shapes == ((N, K),)


@pytest.mark.parametrize(
    "loss",
    [
        lambda answers: answers.softmax(1).log().mean(),
        lambda answers: F.cross_entropy(answers, torch.arange(N) % K),
        lambda answers: (answers[:, 0].softmax(0) * answers[:, 0]).sum(),  # weights of samples
        lambda answers: answers[:5].softmax(0).sum(),
    ],
)
def test_other_softmaxes_are_no_finding(loss: Loss) -> None:
    assert not seen(loss, K)


def test_what_is_seen_again_is_told_once_and_the_numbers_stay() -> None:
    answers = torch.rand(N, 1, requires_grad=True)
    with watching_shapes(N) as found:
        seen_loss = sum((answers - TARGETS).square().mean() for _ in range(3))
    assert len(found) == 1
    assert torch.equal(torch.as_tensor(seen_loss), 3 * (answers - TARGETS).square().mean())
