"""What of speech recognition is shown: texts with their edits, kinds of errors, one utterance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recipes.audio import _ctc, _decoding, _drawing, _edits, _features
from workbench.figures.data import Bars, Cell, Curves, Matrix, Series, Table
from workbench.runs.run import Run

SHOWN_TEXTS = 16
SHOWN_WORDS = 12  # of a confusion matrix
LONGEST_SHOWN = 10  # words of a bar of their own
BLANK_SIGN, SPACE_SIGN = "–", "␣"

Texts = Sequence[str]


def texts(split: str, truths: Texts, heards: Texts) -> Table:
    """Truth and what was heard: the first texts of a part, of the test part those with edits first."""
    rows = [
        [truth, _edits.marked(truth, heard), _edits.distance(truth, heard)]
        for truth, heard in zip(truths, heards, strict=False)  # the first may be all that were heard
    ]
    if split == "test":
        rows.sort(key=lambda row: row[-1] == 0)
    title = f"Heard in the {split} part: [missed], {{added}}, [said>heard]"
    return Table(title, ["said", "heard, by its edits", "edits"], rows[:SHOWN_TEXTS])


def _errors(truths: Texts, heards: Texts) -> list[Cell]:
    """Character and word error rate, and the share of texts without an error."""
    exact = sum(truth == heard for truth, heard in zip(truths, heards, strict=True)) / len(truths)
    split = ([text.split() for text in part] for part in (truths, heards))
    return [_edits.rate(truths, heards), _edits.rate(*split), exact]


def decoded(
    listened: Sequence[Tensor], greedy: list[str], alphabet: str, width: int, words: Sequence[str]
) -> dict[str, list[str]]:
    """The texts of log-probabilities (T, C) by each way to find them; `words` are those of training."""
    free = [_decoding.beam_search(one, alphabet, width=width)[0] for one in listened]
    known = frozenset(words)
    bound = [_decoding.beam_search(one, alphabet, width=width, words=known)[0] for one in listened]
    return {
        "likeliest path (greedy)": greedy,
        f"prefix beam, {width} wide": free,
        "prefix beam, known words": bound,
    }


def decoders(truths: Texts, found: Mapping[str, Texts]) -> Table:
    return _compared("From what was heard to a text, on the test part", "decoder", truths, found)


def recognisers(truths: Texts, found: Mapping[str, Texts]) -> Table:
    return _compared("Who hears digits best, on the test part", "recogniser", truths, found)


def _compared(title: str, what: str, truths: Texts, found: Mapping[str, Texts]) -> Table:
    rows = [[name, *_errors(truths, heards)] for name, heards in found.items()]
    return Table(title, [what, "character errors", "word errors", "texts without error"], rows)


def confusion(truths: Texts, heards: Texts) -> Matrix:
    """Which word was heard for which, by the fewest edits; of many words the most frequent ones."""
    counts: Counter[_edits.Pair] = Counter()
    for truth, heard in zip(truths, heards, strict=True):
        counts.update(_edits.pairs(truth.split(), heard.split()))
    often = Counter(word for truth in truths for word in truth.split()).most_common(SHOWN_WORDS)
    words = sorted(word for word, _ in often)
    columns = [*words, "other", "missed"]
    rows = [*words, "added"]
    table = torch.zeros(len(rows), len(columns), dtype=torch.long)
    for (wanted, found), count in counts.items():
        if wanted is not None and wanted not in words:
            continue
        row = rows.index("added" if wanted is None else wanted)
        name = "missed" if found is None else found if found in words else "other"
        table[row, columns.index(name)] += count
    return Matrix(
        "Words of the test part, as they were heard",
        table,
        rows=rows,
        columns=columns,
        row_label="said",
        column_label="heard",
        counts=True,
    )


def by_length(truths: Texts, heards: Texts) -> Bars:
    """Character error rate of texts of one word, of two, and so on."""
    pairs: dict[int, list[tuple[str, str]]] = {}
    for truth, heard in zip(truths, heards, strict=True):
        pairs.setdefault(min(len(truth.split()), LONGEST_SHOWN), []).append((truth, heard))
    lengths = sorted(pairs)
    names = [str(n) if n < LONGEST_SHOWN else f"{n} or more" for n in lengths]
    rates = [_edits.rate(*zip(*pairs[n], strict=True)) for n in lengths]
    return Bars("Character errors by the words of a text", names, rates)


@dataclass(frozen=True)
class Utterance:
    """One of the test part: its wave (S,), what the network is given (M, F) and tells (T, C), its text.

    `target` (U,) is the text as indices of characters.
    """

    text: str
    wave: Tensor
    frames: Tensor
    heard: Tensor
    target: Tensor


def show(run: Run, one: Utterance, alphabet: str, rate_hz: int, frame_s: float) -> None:
    """From the wave to the characters; without an alignment where it is too short for its text."""
    moment_s = frame_s * round(one.frames.shape[1] / len(one.heard))
    run.figure("waveform", _drawing.waveform(f"The sound of “{one.text}”", one.wave, rate_hz))
    bands = _features.Analysis(rate_hz, mels=len(one.frames)).row_names("mel")
    title = f"Log-mel spectrogram of “{one.text}”"
    spectrogram = _drawing.spectrum(title, one.frames, bands, "middle of the band", frame_s, decimals=2)
    run.figure("spectrogram", spectrogram)
    run.figure("characters", _characters(one, alphabet, moment_s))
    length = torch.tensor([len(one.target)])
    if len(one.heard) >= int(_ctc.least_moments(one.target[None], length)):
        places = _ctc.aligned(one.heard, one.target)  # (T,)
        run.figure("spikes", _spikes(one, places, moment_s))
        run.figure("alignment", _alignment(one, places, moment_s))


def _characters(one: Utterance, alphabet: str, moment_s: float) -> Matrix:
    """How likely each character is at each moment."""
    names = [BLANK_SIGN, *(SPACE_SIGN if c == " " else c for c in alphabet)]
    return Matrix(
        f"Heard in “{one.text}”: {BLANK_SIGN} blank, {SPACE_SIGN} space",
        one.heard.exp().T,
        rows=names,
        columns=_seconds(len(one.heard), moment_s),
        row_label="character",
        column_label="seconds",
        counts=True,
    )


def _spikes(one: Utterance, places: Tensor, moment_s: float) -> Curves:
    """The likeliest path that spells the text: a spike for each character, where the blank gives way.

    `places` (T,) names the character of the text at each moment, -1 the blank.
    """
    chance = one.heard.exp()  # (T, C)
    wanted = one.target[places.clamp(min=0)]  # (T,)
    said = chance.gather(1, wanted[:, None])[:, 0] * (places >= 0)
    seconds = torch.arange(len(one.heard)) * moment_s
    lines = [
        Series("the blank", seconds, chance[:, _ctc.BLANK]),
        Series("the text's character", seconds, said),
    ]
    title = f"The path that spells “{one.text}”"
    return Curves(title, lines, x_label="seconds", y_label="probability")


def _alignment(one: Utterance, places: Tensor, moment_s: float) -> Table:
    """When each character of the text is told on that path, and for how long."""
    rows: list[list[Cell]] = []
    for place, character in enumerate(one.text):
        at = (places == place).nonzero()[:, 0]
        chance = float(one.heard[at, one.target[place]].exp().max())
        name = SPACE_SIGN if character == " " else character
        rows.append([name, float(at[0]) * moment_s, 1000 * moment_s * len(at), chance])
    columns = ["character", "told at, s", "for, ms", "probability"]
    return Table(f"When “{one.text}” is told", columns, rows)


def _seconds(count: int, each_s: float) -> list[str]:
    return [f"{place * each_s:.2f}" for place in range(count)]
