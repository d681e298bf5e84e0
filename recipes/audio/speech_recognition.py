"""Speech to text by CTC: strings of spoken digits, spelled, with nobody to say where a sound lies.

A log-mel spectrogram goes through two convolutions and two LSTMs, one for each way, which tell every
20 ms how likely each character is, or the blank: nothing new. CTC adds up all alignments that spell the
text (`_ctc.py`, by hand; the loss is torch's, and the same). Text is read off the likeliest path, or
found by prefix beam search, freely or among the words that there are. Whose voice is heard in the test
part is not heard in training. Beside it stands what was done before there were networks: templates of
single words, warped in time and strung together.

Data: strings of one to five digits, spoken by a voice of our own formulas, 64 speakers to learn from
and 24 others to be tested on, in noise; by choice (`dataset`) in voices of eSpeak NG (the extra
`voice`), SPEECHCOMMANDS strung together, or a folder of your own: sounds, each with a .txt of its name.
Result: 1.2 % of the test part's characters wrong, 0.5 % where only words that there are may be found;
templates have 15.8 %. With eSpeak's voices 3.9 %, templates 20.6 % (means of three seeds). Time: 45 s
on two CPU cores.
Look at: `heard`, texts with their edits; `characters` and `spikes`, how short each is told, between
blanks; `alignment`, when; `decoders`; `recognisers`, beside the templates; `confusion`;
`errors by length`; `spectrogram`; `waveform`.
Source: CTC: A. Graves et al., Connectionist temporal classification, 2006; prefix beam search:
A. Hannun et al., 2014; masks in training: D. Park et al., SpecAugment, 2019; stretched bands: N. Jaitly
and G. Hinton, 2013; LSTM: S. Hochreiter and J. Schmidhuber, 1997; formants: D. Klatt, 1980; templates:
H. Ney, 1984.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from recipes.audio import _connected, _ctc, _decoding, _edits, _features, _recognition, _strings
from recipes.audio._augmentation import masked, stretched
from recipes.audio._strings import RATE_HZ, Part
from workbench import at_most, choice, number, path
from workbench.errors import WorkbenchError
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

HOP_MS = 10.0
STRIDE = 2  # frames of a moment: a character may come every 20 ms
SPREAD_DB = 15.0  # about that of a log-mel spectrogram
AT_ONCE = 64  # utterances
LONGEST_MASK_FRAMES = 50  # where all is masked
MASKS = 2  # of time in each utterance

Batch = tuple[Tensor, Tensor, Tensor]  # utterances, their texts, how many characters of them count

# Shapes: N utterances of a batch, M mel bands, F frames of the longest, T = F / STRIDE moments,
# W units, C characters and the blank, U characters of the longest text. The band after the M others is
# 1 where an utterance lasts and 0 beyond.


class _Listener(nn.Module):
    """From (N, M + 1, F) to log-probabilities (N, T, C); what fills an utterance up changes nothing."""

    def __init__(self, bands: int, width: int, dropout: float, characters: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(bands, width, 5, stride=STRIDE, padding=2)
        self.second = nn.Conv1d(width, width, 5, padding=2)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.forwards = nn.LSTM(width, width, batch_first=True)
        self.backwards = nn.LSTM(width, width, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * width, characters)

    def forward(self, utterances: Tensor) -> Tensor:
        found, lasts = utterances[:, :-1], utterances[:, -1:, ::STRIDE]  # (N, M, F), (N, 1, T)
        for conv, norm in zip((self.first, self.second), self.norms, strict=True):
            found = norm(conv(found).mT).relu().mT * lasts  # (N, W, T)
        found = self.dropout(found).mT  # (N, T, W)
        mirror = _mirror(lasts)[..., None].expand_as(found)
        onward, _ = self.forwards(found)
        # Read from its own end, not from that of the longest: what fills up is read last.
        back, _ = self.backwards(found.gather(1, mirror))
        both = torch.cat([onward, back.gather(1, mirror)], dim=2)  # (N, T, 2 W)
        return self.head(self.dropout(both)).log_softmax(2)  # (N, T, C)


def _mirror(lasts: Tensor) -> Tensor:
    """Where each moment (N, T) of an utterance stands in it turned round."""
    moments = lasts.sum((1, 2)).long()[:, None]  # (N, 1)
    # Those beyond its end stand at its begin.
    return (moments - 1 - torch.arange(lasts.shape[2], device=lasts.device)).clamp(min=0)


def moments_of(utterances: Tensor) -> Tensor:
    """How many moments each of (N, M + 1, F) has, (N,)."""
    return utterances[:, -1, ::STRIDE].sum(1).long()


class SpeechRecognition(Training):
    """CTC, AdamW, one cycle of the learning rate; stretches of time and bands are masked."""

    class Params(Training.Params):
        dataset: str = choice(*_strings.DATASETS, help="who speaks")
        folder: str = path(help="for dataset=folder: sounds, each with a .txt; or transcripts.csv")
        utterances: int = number(800, low=8, high=100_000, log=True, help="strings to learn from")
        digits: int = number(5, low=1, high=12, help="digits of a string, at most")
        bands: int = number(40, low=8, high=60, help="mel bands of a spectrogram")
        width: int = number(64, low=1, high=1024, log=True, help="units of a layer")
        dropout: float = number(0.2, low=0, high=0.9, help="share of features left out")
        masked: float = number(0.2, low=0, high=1, live=True, help="share masked in training, at most")
        stretched: float = number(
            0.15, low=0, high=0.5, live=True, help="bands pulled apart, as by another throat, at most"
        )
        beam: int = number(16, low=1, high=256, log=True, help="beginnings that a beam search keeps")
        templates: int = number(
            5, low=0, high=100, help="of each word, for the baseline; 0: do without"
        )
        epochs = 26
        batch_size = 16
        lr = 5e-3
        weight_decay = 1e-2
        schedule = "one_cycle"
        clip_norm = 5.0
        cuda_graphs = "off"  # batches are as long as their longest utterance

    marks = (
        at_most("test/cer", 0.1, baseline="baseline/cer"),
        at_most("test/cer", 0.1, baseline="baseline/cer", values={"dataset": "voice"}),
    )

    def data(self) -> Data:
        params = self.params
        self.parts, note = _strings.load(
            params.dataset, params.folder, params.utterances, params.digits, self.seed
        )
        self.alphabet = "".join(sorted({c for part in self.parts for text in part.texts for c in text}))
        train, validation, test = (
            Tensors(self._features(part), *self._spelled(part.texts)) for part in self.parts
        )
        short = _too_short(train)
        self.sources = dict(zip(("train", "val", "test"), (train, validation, test), strict=True))
        return Data(train, validation, test, notes=[one for one in (note, short) if one])

    def _features(self, part: Part) -> Tensor:
        """Log-mel spectrograms (N, M + 1, F) around 0 in each band, whatever level and microphone."""
        frames = part.ends // _features.samples_in(HOP_MS, RATE_HZ) + 1  # (N,)
        pieces = [
            _features.log_mel(waves, RATE_HZ, mels=self.params.bands, hop_ms=HOP_MS)
            for waves in part.waves.split(AT_ONCE)
        ]
        levels = torch.cat(pieces)  # (N, M, F)
        lasts = (torch.arange(levels.shape[2]) < frames[:, None])[:, None].float()  # (N, 1, F)
        mean = (levels * lasts).sum(2, keepdim=True) / frames[:, None, None]  # (N, M, 1)
        return torch.cat([(levels - mean) / SPREAD_DB * lasts, lasts], dim=1)

    def _spelled(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Indices of characters from 1, (N, U), filled up with blanks, and how many count, (N,)."""
        index = {character: place for place, character in enumerate(self.alphabet, 1)}
        spelled = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.long)
        for row, text in zip(spelled, texts, strict=True):
            row[: len(text)] = torch.tensor([index[character] for character in text])
        return spelled, torch.tensor([len(text) for text in texts])

    def model(self) -> nn.Module:
        params = self.params
        return _Listener(params.bands, params.width, params.dropout, len(self.alphabet) + 1)

    def training_step(self, batch: Batch) -> Tensor:
        longest = int(batch[0][:, -1].sum(1).max())
        utterances = batch[0][:, :, :longest]  # (N, M + 1, F)
        return self._loss(self.net(self._as_another_voice(utterances)), batch)

    def _as_another_voice(self, utterances: Tensor) -> Tensor:
        """(N, M + 1, F) with bands stretched, and some bands and stretches of time unheard."""
        share, frames = self.params.masked, utterances.shape[2]
        pictures = stretched(utterances[:, None, :-1], self.params.stretched)  # (N, 1, M, F)
        pictures = masked(pictures, share, dim=2)
        for _ in range(MASKS):
            pictures = masked(pictures, min(share * LONGEST_MASK_FRAMES / frames, 1), dim=3)
        return torch.cat([pictures[:, 0], utterances[:, -1:]], dim=1)

    def validation_step(self, batch: Batch) -> Tensor:
        utterances, targets, lengths = batch  # (N, M + 1, F), (N, U), (N,)
        heard = self.net(utterances)
        texts = self.texts_of(heard.cpu(), moments_of(utterances).cpu())
        self.measure(texts, [self._text(t, n) for t, n in zip(targets, lengths, strict=True)])
        return self._loss(heard, batch)

    def _loss(self, heard: Tensor, batch: Batch) -> Tensor:
        """What a character costs, the mean of the utterances."""
        utterances, targets, lengths = batch
        # Infinite where a sound is too short for its text; such a one counts 0 and has no gradient.
        return F.ctc_loss(
            heard.transpose(0, 1), targets, moments_of(utterances), lengths, zero_infinity=True
        )

    def texts_of(self, heard: Tensor, moments: Tensor) -> list[str]:
        """What the likeliest path of each of (N, T, C) spells."""
        return [
            _decoding.greedy(one[:count], self.alphabet)
            for one, count in zip(heard, moments.tolist(), strict=True)
        ]

    def _text(self, target: Tensor, length: Tensor) -> str:
        return "".join(self.alphabet[index - 1] for index in target[: int(length)].tolist())

    def metrics(self) -> dict[str, Any]:
        return {"cer": _edits.ErrorRate(), "wer": _edits.ErrorRate(words=True)}

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        if split == "val":
            texts = self._listen(split, _recognition.SHOWN_TEXTS)[1]
            run.figure("heard", _recognition.texts(split, self.parts[1].texts, texts))
            return
        listened, texts = self._listen(split)
        truth, words = self.parts[2].texts, self._words()
        run.figure("heard", _recognition.texts(split, truth, texts))
        run.figure("confusion", _recognition.confusion(truth, texts))
        run.figure("errors by length", _recognition.by_length(truth, texts))
        found = _recognition.decoded(listened, texts, self.alphabet, self.params.beam, words)
        run.figure("decoders", _recognition.decoders(truth, found))
        rows = {"convolutions, LSTMs, CTC": texts}
        if strung := self._by_templates(words):
            run.log({"baseline/cer": _edits.rate(truth, strung)})
            rows["templates, warped (DTW)"] = strung
        run.figure("recognisers", _recognition.recognisers(truth, rows))
        run.log({"ctc/largest difference": self._by_hand(listened)})
        self._show_one(run, listened)

    def _listen(self, split: str, most: int | None = None) -> tuple[list[Tensor], list[str]]:
        """Log-probabilities (T, C) of each utterance of a split, and the text that they spell."""
        utterances = self.sources[split].tensors[0][:most]
        heard = torch.cat([self.net(u.to(self.device)).cpu() for u in utterances.split(AT_ONCE)])
        counts = moments_of(utterances)
        listened = [one[:count] for one, count in zip(heard, counts.tolist(), strict=True)]
        return listened, self.texts_of(heard, counts)

    def _words(self) -> list[str]:
        return sorted({word for text in self.parts[0].texts for word in text.split()})

    def _by_hand(self, listened: Sequence[Tensor]) -> float:
        """How far the loss by hand is from torch's, at most."""
        heard = pad_sequence(list(listened))  # (T, N, C)
        utterances, targets, lengths = self.sources["test"].tensors
        given = heard, targets, moments_of(utterances), lengths
        apart = _ctc.loss(*given) - F.ctc_loss(*given, reduction="none")  # (N,)
        return float(apart.nan_to_num(0).abs().max())  # infinite are both, or neither

    def _by_templates(self, words: Sequence[str]) -> list[str] | None:
        """What the baseline hears in the test part; None where there are no single words to learn."""
        if not self.params.templates:
            return None
        train, validation, test = (
            # Every second frame, as the network tells characters.
            _connected.Said(u[:, :-1, ::STRIDE], moments_of(u), part.texts)
            for part, (u, *_) in zip(
                self.parts, (one.tensors for one in self.sources.values()), strict=True
            )
        )
        found = _connected.strung(train, validation, test, words, self.params.templates)
        if found is None:
            self.run_handle.message("no templates: the training part does not hold each word alone")
        return found

    def _show_one(self, run: Run, listened: Sequence[Tensor]) -> None:
        """The first test utterance of three words or more, from its waveform to its characters."""
        part = self.parts[2]
        index = next((i for i, text in enumerate(part.texts) if len(text.split()) >= 3), 0)
        frames = self.sources["test"].tensors[0][index]  # (M + 1, F)
        one = _recognition.Utterance(
            text=part.texts[index],
            wave=part.waves[index, : int(part.ends[index])],
            frames=frames[:-1, : int(frames[-1].sum())],
            heard=listened[index],
            target=self._spelled([part.texts[index]])[0][0],
        )
        _recognition.show(run, one, self.alphabet, RATE_HZ, HOP_MS / 1000)


def _too_short(train: Tensors) -> str:
    """How many sounds have fewer moments than their texts need; empty where none has.

    Raises:
        WorkbenchError: when all have.
    """
    utterances, targets, lengths = train.tensors
    short = int((moments_of(utterances) < _ctc.least_moments(targets, lengths)).sum())
    if short == len(utterances):
        raise WorkbenchError(
            "every sound is too short for its text: a character takes 20 ms",
            "look whether sounds and texts belong together",
        )
    count = f"{short} of {len(utterances)} sounds"
    return f"{count} are too short for their texts, and teach nothing" if short else ""
