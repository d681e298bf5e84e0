"""Connectionist temporal classification by hand: what a text costs, and where its characters lie.

A network tells at each moment how likely each character is, or the blank: nothing new. A path is one of
them at each moment; it spells the text that is left when repeats are drawn together and then blanks
taken out. CTC adds up all paths that spell the text, so nobody has to say when a character is spoken.

Source: A. Graves, S. Fernández, F. Gomez and J. Schmidhuber, Connectionist temporal classification:
labelling unsegmented sequence data with recurrent neural networks, 2006.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

BLANK = 0
NEVER = -1e30  # log of 0: minus infinity would make gradients NaN

# Shapes: T moments, N utterances, C characters and the blank, U characters of the longest text,
# S = 2 U + 1 states: the characters of a text in their order, a blank before, between and behind them.


def loss(log_probs: Tensor, targets: Tensor, moments: Tensor, lengths: Tensor) -> Tensor:
    """-log of the probability of each text, (N,), as `torch.nn.functional.ctc_loss` has it.

    The forward algorithm: alpha[s] is the log of all paths to a state s at a moment. A path stays in
    its state, goes on to the next, or passes over a blank between two characters that differ.

    Args:
        log_probs: log-probabilities (T, N, C).
        targets: texts (N, U) as indices of characters from 1; what is behind their ends does not count.
        moments: of each utterance (N,), at most T.
        lengths: of each text (N,), at most U.

    Returns:
        Infinity where an utterance is too short to hold its text: one moment a character, and one more
        between two of the same.
    """
    states, may_skip = _states(targets)  # (N, S) each
    index = states.expand(len(log_probs), -1, -1)  # (T, N, S)
    heard = log_probs.gather(2, index)  # (T, N, S): each state's character at each moment
    begins = torch.arange(states.shape[1], device=states.device) < 2  # (S,): a blank or the first one
    alpha = torch.where(begins, heard[0], NEVER)  # (N, S)
    for moment in range(1, len(heard)):
        grown = _ways(alpha, may_skip).logsumexp(0) + heard[moment]  # (3, N, S) to (N, S)
        alpha = torch.where((moment < moments)[:, None], grown, alpha)
    ends = torch.stack([2 * lengths, (2 * lengths - 1).clamp(min=0)], dim=1)  # (N, 2)
    last = alpha.gather(1, ends)
    # A text without a character has but one state to end in.
    total = torch.where(lengths > 0, last.logsumexp(1), last[:, 0])  # (N,)
    return torch.where(total > NEVER / 2, -total, torch.inf)


def aligned(log_probs: Tensor, target: Tensor) -> Tensor:
    """The likeliest path that spells a text: the index of its character at each moment, (T,).

    As `loss`, with the best of all ways instead of their sum (A. Viterbi, 1967). -1 stands for the
    blank. `log_probs` (T, C) and `target` (U,) are of one utterance.

    Raises:
        ValueError: when it is too short to hold the text.
    """
    states, may_skip = _states(target[None])
    heard = log_probs[:, states[0]]  # (T, S)
    alpha = torch.where(torch.arange(len(states[0])) < 2, heard[0], NEVER)[None]  # (1, S)
    came_by = []
    for moment in heard[1:]:
        best, way = _ways(alpha, may_skip).max(0)  # (1, S) each; 0, 1 or 2 states back
        came_by.append(way[0])
        alpha = best + moment
    state = len(states[0]) - 1 - int(alpha[0, -2:].flip(0).argmax()) if len(target) else 0
    if alpha[0, state] < NEVER / 2:
        raise ValueError(f"{len(heard)} moments cannot hold {len(target)} characters")
    path = [state]
    for way in reversed(came_by):
        path.append(path[-1] - int(way[path[-1]]))
    backwards = torch.tensor(path[::-1])  # (T,)
    return torch.where(backwards % 2 == 1, backwards // 2, -1)


def least_moments(targets: Tensor, lengths: Tensor) -> Tensor:
    """The fewest moments that hold each text, (N,): its characters, and a blank where one repeats."""
    place = torch.arange(1, targets.shape[1], device=targets.device)
    repeats = (targets[:, 1:] == targets[:, :-1]) & (place < lengths[:, None])  # (N, U - 1)
    return lengths + repeats.sum(1)


def _states(targets: Tensor) -> tuple[Tensor, Tensor]:
    """The character of each state, and whether a path may come to it from two states before."""
    n, u = targets.shape
    states = targets.new_full((n, 2 * u + 1), BLANK)
    states[:, 1::2] = targets
    before = F.pad(states, (2, 0), value=BLANK)[:, :-2]
    return states, (states != BLANK) & (states != before)


def _ways(alpha: Tensor, may_skip: Tensor) -> Tensor:
    """Where a path may come from, (3, N, S): the same state, the one before, the one before that."""
    before, two_before = (F.pad(alpha, (by, 0), value=NEVER)[:, :-by] for by in (1, 2))
    return torch.stack([alpha, before, torch.where(may_skip, two_before, NEVER)])
