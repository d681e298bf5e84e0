"""From what a CTC network heard to a text: the likeliest path, or the likeliest text of many paths.

Source: A. Hannun, A. Maas, D. Jurafsky and A. Ng, First-pass large vocabulary continuous speech
recognition using bi-directional recurrent DNNs, 2014.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Collection

from torch import Tensor

from recipes.audio._ctc import BLANK

FAINT = 1e-4  # characters that are less likely at a moment are not tried there

# Shapes: T moments, C characters and the blank. Character i of an alphabet has the index i + 1.


def greedy(log_probs: Tensor, alphabet: str) -> str:
    """The text that the likeliest path spells, of log-probabilities (T, C)."""
    path = log_probs.argmax(1).unique_consecutive()  # (at most T,)
    return "".join(alphabet[index - 1] for index in path.tolist() if index != BLANK)


def beam_search(
    log_probs: Tensor,
    alphabet: str,
    *,
    width: int = 16,
    words: Collection[str] = (),
    faint: float = FAINT,
) -> tuple[str, float]:
    """The likeliest text of log-probabilities (T, C), and the log of its probability.

    Prefix beam search: of each of the `width` likeliest beginnings it knows how likely all its paths
    are that end in a blank, and all that end in its last character. Only a path with a blank between
    can say a character twice. With `words` only texts of them are looked for, and silence.

    A probability is a bound from below: paths that fell out of the beam, or that say a character less
    likely than `faint`, are not in it.
    """
    openings = {word[:count] for word in words for count in range(len(word) + 1)}
    beams: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}  # ending in a blank, in a character
    scale = 0.0  # what all were divided by, else a long utterance comes to 0
    for moment in log_probs.exp().tolist():
        loud = [
            (alphabet[index - 1], p) for index, p in enumerate(moment) if index != BLANK and p > faint
        ]
        grown = _grown(beams, moment[BLANK], loud)
        if words:
            grown = {text: p for text, p in grown.items() if _is_begun(text, words, openings)}
        kept = heapq.nlargest(width, grown.items(), key=lambda beam: (sum(beam[1]), beam[0]))
        total = sum(sum(beam) for _, beam in kept)
        if not total:
            return "", -math.inf
        scale += math.log(total)
        beams = {text: (blank / total, said / total) for text, (blank, said) in kept}
    # A word that is only begun is none; where there is nothing else, it stays.
    whole = {t: p for t, p in beams.items() if not words or set(t.split(" ")) <= {*words}} or beams
    if "" in beams:  # silence needs no word
        whole = {"": beams[""], **whole}
    best = max(whole, key=lambda text: sum(whole[text]))
    return best, scale + math.log(max(sum(whole[best]), 1e-300))


def _grown(
    beams: dict[str, tuple[float, float]], blank: float, loud: list[tuple[str, float]]
) -> dict[str, list[float]]:
    """All beginnings one moment later."""
    grown: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for text, (after_blank, after_character) in beams.items():
        both = after_blank + after_character
        grown[text][0] += both * blank
        for character, p in loud:
            if text.endswith(character):
                grown[text][1] += after_character * p
                grown[text + character][1] += after_blank * p
            else:
                grown[text + character][1] += both * p
    return grown


def _is_begun(text: str, words: Collection[str], openings: Collection[str]) -> bool:
    """Whether it can become a text of these words; all but the last, which is new, were looked at."""
    *said, last = text.split(" ")
    return last in openings and (not said or said[-1] in words)
