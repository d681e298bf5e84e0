from __future__ import annotations

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torchmetrics.text import CharErrorRate, WordErrorRate

from recipes.audio import _ctc, _decoding, _edits

texts = st.text(alphabet="ab ", max_size=7)


def heard(moments: int, batch: int, characters: int) -> Tensor:
    """Log-probabilities (T, N, C) of a network that has learned nothing."""
    torch.manual_seed(0)
    return (3 * torch.randn(moments, batch, characters, dtype=torch.float64)).log_softmax(2)


def spelled(path: tuple[int, ...]) -> tuple[int, ...]:
    """What a path says, from the definition."""
    return tuple(index for index, _ in itertools.groupby(path) if index)


def sums_of_paths(log_probs: Tensor) -> dict[tuple[int, ...], float]:
    """The probability of each text of (T, C), from all paths one by one."""
    moments, characters = log_probs.shape
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(characters), repeat=moments):
        p = math.exp(sum(float(log_probs[t, index]) for t, index in enumerate(path)))
        found[spelled(path)] = found.get(spelled(path), 0) + p
    return found


def test_the_loss_by_hand_and_its_gradient_are_torchs() -> None:
    log_probs = heard(14, 6, 5)
    targets = torch.tensor(
        [
            [1, 2, 3, 4, 1],
            [2, 2, 2, 0, 0],
            [1, 0, 0, 0, 0],
            [3, 3, 1, 1, 2],
            [4, 0, 0, 0, 0],
            [0, 0, 0, 0, 0],
        ]
    )
    lengths, moments = torch.tensor([5, 3, 1, 5, 1, 0]), torch.tensor([14, 5, 9, 8, 1, 3])
    ours, theirs = (log_probs.clone().requires_grad_() for _ in range(2))
    by_hand = _ctc.loss(ours, targets, moments, lengths)
    by_torch = F.ctc_loss(theirs, targets, moments, lengths, reduction="none")
    assert torch.allclose(by_hand, by_torch)
    by_hand.sum().backward()
    by_torch.sum().backward()
    # torch's gradient counts on log_probs being a softmax; behind one, both are the same.
    centred = [x.grad - x.grad.sum(2, keepdim=True) * log_probs.exp() for x in (ours, theirs)]
    assert torch.allclose(*centred)


def test_a_text_that_does_not_fit_costs_infinity_as_torchs_does() -> None:
    log_probs = heard(4, 3, 3)
    targets = torch.tensor([[1, 1, 1], [1, 2, 1], [1, 1, 2]])
    moments, lengths = torch.tensor([4, 4, 4]), torch.tensor([3, 3, 3])
    by_hand = _ctc.loss(log_probs, targets, moments, lengths)
    assert by_hand.isinf().tolist() == [True, False, False]
    by_torch = F.ctc_loss(log_probs, targets, moments, lengths, reduction="none")
    assert torch.allclose(by_hand, by_torch)
    assert _ctc.least_moments(targets, lengths).tolist() == [5, 3, 4]
    assert _ctc.least_moments(targets, torch.tensor([1, 1, 1])).tolist() == [1, 1, 1]


def test_the_loss_is_the_sum_of_all_paths() -> None:
    log_probs = heard(5, 1, 3)
    sums = sums_of_paths(log_probs[:, 0])
    for text in [(), (1,), (1, 1), (2, 1, 2), (1, 1, 1)]:
        target, length = torch.tensor([[*text, 0, 0, 0][:3]]), torch.tensor([len(text)])
        found = _ctc.loss(log_probs, target, torch.tensor([5]), length)
        assert float(found) == pytest.approx(-math.log(sums[text]))


def test_the_alignment_is_the_likeliest_of_all_paths_that_spell_the_text() -> None:
    log_probs = heard(6, 1, 3)[:, 0]
    for text in [(1, 2), (1, 1), (2, 1, 1), (2,), ()]:
        best = max(
            (path for path in itertools.product(range(3), repeat=6) if spelled(path) == text),
            key=lambda path: sum(float(log_probs[t, index]) for t, index in enumerate(path)),
        )
        places = _ctc.aligned(log_probs, torch.tensor(text, dtype=torch.long))
        assert [text[p] if p >= 0 else 0 for p in places.tolist()] == list(best)
        assert (places[places >= 0].diff() >= 0).all()
    with pytest.raises(ValueError, match="6 moments cannot hold 4"):
        _ctc.aligned(log_probs, torch.tensor([1, 1, 1, 1]))


def test_a_beam_that_loses_nothing_finds_the_likeliest_of_all_texts() -> None:
    alphabet = "ab"
    for seed in range(5):
        torch.manual_seed(seed)
        log_probs = torch.randn(6, 3, dtype=torch.float64).log_softmax(1)
        sums = sums_of_paths(log_probs)
        best = max(sums, key=lambda text: sums[text])
        text, score = _decoding.beam_search(log_probs, alphabet, width=1000, faint=0)
        assert text == "".join(alphabet[index - 1] for index in best)
        assert score == pytest.approx(math.log(sums[best]))


def test_many_faint_paths_of_a_text_count_more_than_the_likeliest_path() -> None:
    log_probs = torch.tensor([[0.6, 0.4], [0.6, 0.4]]).log()  # blank, a
    assert _decoding.greedy(log_probs, "a") == ""  # 0.36, but all others together say "a"
    assert _decoding.beam_search(log_probs, "a")[0] == "a"


def test_only_a_blank_between_doubles_a_character() -> None:
    def path(*indices: int) -> Tensor:
        return (F.one_hot(torch.tensor(indices), 3) + 1e-6).log().log_softmax(1)

    for indices, text in [((1, 1, 0, 2), "ab"), ((1, 0, 1, 2), "aab"), ((0, 0, 0, 0), "")]:
        assert _decoding.greedy(path(*indices), "ab") == text
        assert _decoding.beam_search(path(*indices), "ab")[0] == text


def test_with_words_only_texts_of_them_are_found() -> None:
    alphabet = " abc"
    log_probs = heard(12, 1, 5)[:, 0]
    text, _ = _decoding.beam_search(log_probs, alphabet, words={"ab", "ca"}, width=50)
    assert text and set(text.split(" ")) <= {"ab", "ca"}
    silence = torch.tensor([[0.9, 0.0, 0.05, 0.05, 0.0]]).log().expand(4, 5)
    assert _decoding.beam_search(silence, alphabet, words={"ab", "ca"})[0] == ""
    free, score = _decoding.beam_search(log_probs, alphabet, width=50)
    assert free != text and score > _decoding.beam_search(log_probs, alphabet, words={"ab"})[1]


def test_a_long_utterance_does_not_come_to_0() -> None:
    log_probs = torch.full((3000, 3), 1 / 3, dtype=torch.float64).log()
    text, score = _decoding.beam_search(log_probs, "ab", words={"ab"})
    assert text == "ab"
    assert -3000 * math.log(3) < score < -2500  # no float holds its exponential


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6))
def test_error_rates_are_torchmetrics(said: list[tuple[str, str]]) -> None:
    truths, heards = ([*part] for part in zip(*said, strict=True))
    for ours, theirs, cut in (
        (_edits.ErrorRate(), CharErrorRate(), list),
        (_edits.ErrorRate(words=True), WordErrorRate(), str.split),
    ):
        if not any(cut(truth) for truth in truths):
            continue
        expected = float(theirs(heards, truths))
        ours.update(heards, truths)
        assert float(ours.compute()) == pytest.approx(expected)
        pieces = [[cut(text) for text in part] for part in (truths, heards)]
        assert _edits.rate(*pieces) == pytest.approx(expected)


@given(texts, texts)
def test_pairs_are_as_few_edits_as_the_distance_and_spell_both(truth: str, heard_: str) -> None:
    found = _edits.pairs(truth, heard_)
    assert "".join(wanted for wanted, _ in found if wanted) == truth
    assert "".join(said for _, said in found if said) == heard_
    assert sum(wanted != said for wanted, said in found) == _edits.distance(truth, heard_)


def test_edits_are_shown_where_they_are() -> None:
    assert _edits.marked("three", "tree") == "t[h]ree"
    assert _edits.marked("six", "siex") == "si{e}x"
    assert _edits.marked("nine", "five") == "[n>f]i[n>v]e"
    assert _edits.marked("one six", "one") == "one[ six]"
