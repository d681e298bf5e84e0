"""Sounds as pictures: a 2-D convolution on the spectrogram, the mel spectrogram or the MFCC.

A sound is cut into short pieces, and each piece told by how strong its frequencies are: the short-time
Fourier transform, a picture of pitch over time. Bands that are narrow below and wide above, as an ear
has them, make it a mel spectrogram, and cosines over those the MFCC, a few numbers a piece. Blocks of
convolution, max pooling and batch norm learn that picture as they would a photograph. When a sound
begins tells nothing, so the mean over time is taken; how high it is does, so rows keep their places.
What is learned from is moved in time, and loses some rows and moments. `features` chooses the picture.

Data: 13 kinds of sounds that are made here by formulas (tones, glides, bells, strings, vowels …), each
of another pitch, length, onset and level, in noise of any colour; 1,300 train, 325 validate, 650 test.
By choice (`dataset`) ten words in voices of eSpeak NG (the extra `voice`), of which none is in two
parts; SPEECHCOMMANDS; or a folder of your own with a subfolder a class.
Result: 98.8 % of the test sounds on mel spectrograms, 98.7 % on STFT, 99.0 % on MFCC (means of three
seeds); the nearest known mean MFCC: 68 %. Time: 8 s on two CPU cores, with features=stft 23 s.
Look at: `side by side`, what a sound becomes; `classes`, where whoever knows the mean MFCC alone cannot
tell a rising tone from a falling one, for a mean has no order; `heard`, `mistakes`, `mel bands`.
Source: networks on spectrograms: S. Hershey et al., CNN architectures for large-scale audio
classification, 2017; masking: D. Park et al., SpecAugment, 2019; MFCC: S. Davis and P. Mermelstein,
1980.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy, MulticlassConfusionMatrix

from recipes.audio import _datasets, _drawing, _features, _judges
from recipes.audio._augmentation import masked, moved
from workbench import at_least, choice, number, path
from workbench.figures.data import ImageGrid, Matrix
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training

FORMS = {
    "stft": ("short-time Fourier transform, dB", "frequency"),
    "mel": ("mel spectrogram, dB", "middle of the band"),
    "mfcc": ("MFCC but 0, the level", "coefficient"),
}
AT_ONCE = 256  # sounds that the network is asked about together
SHOWN_SOUNDS, SHOWN_ANSWERS = 4, 13
LEGEND = "class, >what it is taken for, how likely that is"

# Shapes: N sounds of a batch, S samples, R rows of a picture (frequencies, mel bands or coefficients),
# T moments, W width, K classes.


class _CNN(nn.Module):
    def __init__(self, rows: int, classes: int, params: Any) -> None:
        super().__init__()
        width = params.width
        self.blocks = nn.Sequential(
            _block(1, width, 5),  # (N, 1, R, T) to (N, W, R/2, T/2)
            _block(width, 2 * width, 3),  # to (N, 2W, R/4, T/4)
            _block(2 * width, 4 * width, 3),  # to (N, 4W, R/8, T/8)
        )
        self.dropout = nn.Dropout(params.dropout)
        self.head = nn.Linear(4 * width * -(-rows // 8), classes)

    def forward(self, pictures: Tensor) -> Tensor:
        found = self.blocks(pictures).mean(3)  # (N, 4W, R/8): when it was heard tells nothing
        return self.head(self.dropout(found.flatten(1)))  # (N, K)


def _block(channels_in: int, channels_out: int, side: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, side, padding=side // 2, bias=False),
        # Before the norm: a quarter of the numbers is left to normalise.
        nn.MaxPool2d(2, ceil_mode=True),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    )


class SpectrogramCNN(Training):
    """Cross entropy over K classes, AdamW, one cycle of the learning rate."""

    class Params(Training.Params):
        dataset: str = choice(*_datasets.DATASETS, help="which sounds")
        folder: str = path(help="for dataset=folder: a subfolder of sounds for each class")
        features: str = choice("mel", "stft", "mfcc", help="which picture of a sound is learned")
        each: int = number(
            100, low=4, high=10_000, log=True, help="sounds a class to learn from; a folder's: all"
        )
        worst_db: float = number(
            0, low=-20, high=60, help="dB of sound over noise, at least, in what is made or spoken here"
        )
        rate_hz: int = number(8000, low=8000, high=48_000, help="samples a second")
        seconds: float = number(1.0, low=0.25, high=30, help="length of each sound")
        window_ms: float = number(32, low=8, high=128, help="of a piece; half is new in the next")
        mels: int = number(40, low=8, high=256, help="bands of a mel spectrogram")
        coefficients: int = number(20, low=8, high=128, help="of MFCC, at most the bands")
        width: int = number(16, low=1, high=256, log=True, help="channels of the first convolution")
        dropout: float = number(0.2, low=0, high=0.9, live=True, help="share of features left out")
        masked: float = number(
            0.15, low=0, high=0.9, live=True, help="share of rows and moments hidden"
        )
        epochs = 12
        batch_size = 50
        lr = 6e-3
        weight_decay = 1e-2
        schedule = "one_cycle"

    monitor = "val/accuracy"
    monitor_mode = "max"
    marks = (
        at_least("test/accuracy", 0.95, baseline="baseline/nearest"),
        at_least("test/accuracy", 0.95, baseline="baseline/nearest", values={"features": "stft"}),
        at_least("test/accuracy", 0.95, baseline="baseline/nearest", values={"features": "mfcc"}),
    )

    def data(self) -> Data:
        params = self.params
        self.analysis = _features.Analysis(
            params.rate_hz, params.window_ms, params.mels, params.coefficients
        )
        self.bank = self.analysis.checked_bank()  # (M, B)
        kind = _datasets.Kind(params.rate_hz, params.seconds, params.each, params.worst_db)
        parts, notes = _datasets.load(params.dataset, params.folder, kind, self.seed)
        self.train, _, self.test = parts
        self.classes = self.train.classes
        pictures = [self.analysis.pictures(part.waves, params.features) for part in parts]  # (N, R, T)
        # Row by row: the first coefficients of MFCC are hundreds, the last ones a few.
        mean = pictures[0].mean((0, 2))[:, None]  # (R, 1)
        spread = pictures[0].std((0, 2)).clamp(min=1e-6)[:, None]
        splits = [
            # Turned round, so that who looks into the network sees low pitches below.
            Tensors(((one - mean) / spread).flip(1)[:, None], part.labels)  # (N, 1, R, T), (N,)
            for one, part in zip(pictures, parts, strict=True)
        ]
        self.asked, self.rows = splits[2].tensors[0], len(mean)
        return Data(*splits, augment=self.augment, classes=len(self.train.classes), notes=notes)

    def model(self) -> nn.Module:
        net = _CNN(self.rows, len(self.train.classes), self.params)
        return net.to(memory_format=torch.channels_last)

    def augment(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Pictures moved in time, some of their rows and moments masked."""
        pictures, labels = batch  # (N, 1, R, T), (N,)
        share = self.params.masked
        return masked(masked(moved(pictures), share, dim=2), share, dim=3), labels

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return F.cross_entropy(self.predict_step(batch), batch[1])

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        logits = self.predict_step(batch)  # (N, K)
        self.measure(logits, batch[1])
        return F.cross_entropy(logits, batch[1])

    def predict_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return self.net(batch[0].contiguous(memory_format=torch.channels_last))

    def metrics(self) -> dict[str, Any]:
        classes = len(self.train.classes)
        return {
            "accuracy": MulticlassAccuracy(classes, average="micro"),
            "confusion": MulticlassConfusionMatrix(classes),
        }

    def parameter_changed(self, name: str) -> None:
        super().parameter_changed(name)
        if name == "dropout":
            self.net.dropout.p = self.params.dropout

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        title = f"Confusion on the {split} part"
        confusion = Matrix.confusion(title, results["confusion"], self.train.classes)
        run.figure("confusion", confusion)
        run.figure("kernels", _drawing.kernels(self.net.blocks[0][0].weight))
        if split == "test":
            self._show_forms(run)
            self._show_answers(run)

    def _show_forms(self, run: Run) -> None:
        """A test sound in its four forms, each with its axes; and small ones of several classes."""
        labels, names, analysis = self.test.labels, self.test.classes, self.analysis
        chosen = _first_of_each(labels)[:SHOWN_SOUNDS]
        waves = self.test.waves[chosen]  # (n, S)
        forms = {form: self._drawn(waves, form) for form in FORMS}  # (n, R, T) each
        shown = [names[labels[i]] for i in chosen.tolist()]
        run.figure("waveform", _drawing.waveform(f"{shown[0]}: samples", waves[0], analysis.rate_hz))
        for form, (title, unit) in FORMS.items():
            rows = analysis.row_names(form)[-forms[form].shape[1] :]
            picture = _drawing.spectrum(
                f"{shown[0]}: {title}", forms[form][0], rows, unit, analysis.hop_ms / 1000
            )
            run.figure(form, picture)
        sounds = [
            (name, waves[i], {form: forms[form][i] for form in FORMS}) for i, name in enumerate(shown)
        ]
        run.figure("side by side", _drawing.side_by_side("A sound in four forms", sounds))
        run.figure("mel bands", _drawing.mel_bands(self.bank, analysis.frequencies()))

    def _show_answers(self, run: Run) -> None:
        """What was said of test sounds, by the network and by those who know the mean MFCC alone."""
        labels, names = self.test.labels, self.test.classes
        asked = [(some.to(self.device), labels) for some in self.asked.split(AT_ONCE)]
        shares = torch.cat([self.predict_step(batch).softmax(1) for batch in asked]).cpu()  # (N, K)
        right = {self.params.features: shares.argmax(1) == labels}
        known, means = (
            self.analysis.pictures(part.waves, "mfcc").mean(2) for part in (self.train, self.test)
        )  # (N, coefficients)
        for name, answer in _judges.answers(known, self.train.labels, means).items():
            right[name] = answer == labels
            run.log({f"baseline/{name}": right[name].float().mean()})
        weights = sum(weight.numel() for weight in self.net.parameters())
        run.figure("models", _judges.models(right, weights))
        run.figure("classes", _judges.classes(right, labels, names))
        first = _first_of_each(labels)[:SHOWN_ANSWERS]
        run.figure("heard", self._heard(shares, first, f"Answers: {LEGEND}"))
        wrong = (~right[self.params.features]).nonzero()[:, 0]
        worst = wrong[shares[wrong].amax(1).argsort(descending=True)][:SHOWN_ANSWERS]
        if len(worst):
            run.figure("mistakes", self._heard(shares, worst, f"The surest mistakes: {LEGEND}"))

    def _heard(self, shares: Tensor, chosen: Tensor, title: str) -> ImageGrid:
        """Test sounds in the form that is learned, with what they are and >what was said, if wrong."""
        names, captions = self.test.classes, []
        for i in chosen.tolist():
            share, guess = shares[i].max(0)
            truth, said = names[self.test.labels[i]], names[guess]
            captions.append(f"{truth} {share:.0%}" if truth == said else f"{truth}>{said} {share:.0%}")
        pictures = self._drawn(self.test.waves[chosen], self.params.features)
        return _drawing.grid(title, pictures, captions)

    def _drawn(self, waves: Tensor, form: str) -> Tensor:
        """Pictures without coefficient 0, the level: beside it the others would all look alike."""
        pictures = self.analysis.pictures(waves, form)  # (n, R, T)
        return pictures[:, 1:] if form == "mfcc" else pictures


def _first_of_each(labels: Tensor) -> Tensor:
    """The place of the first sound of each class that there is."""
    return torch.stack([(labels == label).nonzero()[0, 0] for label in labels.unique()])
