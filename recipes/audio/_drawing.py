"""Sounds, their spectra and learned kernels as figures; low pitches lie below."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from workbench.figures.data import Curves, ImageGrid, Matrix, Series

SHOWN_BANDS, SHOWN_KERNELS = 10, 16
HEIGHT = 120  # pixels of pictures side by side, about
PIXELS_A_MOMENT, PIXELS_A_WEIGHT = 2, 8
MOST_POINTS = 4000  # of a curve
MOST_CELLS = 256  # rows of a picture, and moments

# Shapes: S samples, R rows of a picture, T moments, M mel bands, B frequencies.


def waveform(title: str, wave: Tensor, rate_hz: int) -> Curves:
    """Samples (S,) over seconds; of a long sound the lowest and the highest of every few of them."""
    seconds = torch.arange(len(wave)) / rate_hz  # (S,)
    if len(wave) > MOST_POINTS:
        size = -(-2 * len(wave) // MOST_POINTS)
        pieces = wave[: len(wave) // size * size].reshape(-1, size)  # (P, size)
        wave = torch.stack([pieces.amin(1), pieces.amax(1)], dim=1).flatten()  # (2 P,)
        seconds = torch.arange(len(wave)) * (size / 2 / rate_hz)  # (2 P,)
    return Curves(title, [Series("sound", seconds, wave)], x_label="seconds", y_label="amplitude")


def spectrum(
    title: str,
    picture: Tensor,
    rows: Sequence[str],
    row_label: str,
    hop_s: float,
    *,
    decimals: int = 1,
) -> Matrix:
    """A picture (R, T) whose rows have names from below to above, over seconds.

    Values are rounded to `decimals`: a tenth of a dB is less than anyone sees.
    """
    thinned, (down, across) = _thinned(picture)
    return Matrix(
        title,
        thinned.flip(0).double().round(decimals=decimals),
        rows=[*reversed(rows[::down])],
        columns=[f"{index * hop_s:.2f}" for index in range(0, picture.shape[1], across)],
        row_label=row_label,
        column_label="seconds",
    )


def _thinned(picture: Tensor) -> tuple[Tensor, list[int]]:
    """A picture (R, T) of at most MOST_CELLS rows and moments, and how many of each became one.

    The greatest stays: a tone is a single row, a click a single moment, and neither may get lost.
    """
    sizes = [-(-size // MOST_CELLS) for size in picture.shape]
    return F.max_pool2d(picture[None], sizes, ceil_mode=True)[0], sizes


def grey(picture: Tensor) -> Tensor:
    """A picture (R, T) in grey levels from its least to its greatest value, low rows below."""
    picture, _ = _thinned(picture)
    least, greatest = picture.min(), picture.max()
    return (255 * (picture - least) / (greatest - least).clamp(min=1e-12)).byte().flip(0)


def enlarged(levels: Tensor, down: int, across: int) -> Tensor:
    """Each pixel of (R, T) as `down` by `across` of them."""
    return levels.repeat_interleave(down, 0).repeat_interleave(across, 1)


def trace(wave: Tensor, moments: int) -> Tensor:
    """A sound (S,) drawn light on dark, (HEIGHT, T): from its least to its greatest in each moment."""
    pieces = [*wave.tensor_split(moments)]
    peak = wave.abs().max().clamp(min=1e-12)
    low, high = (
        torch.stack([extreme(piece) for piece in pieces]) / peak for extreme in (torch.min, torch.max)
    )  # (T,), from -1 to 1
    height = torch.linspace(1, -1, HEIGHT)[:, None]  # (HEIGHT, 1)
    half = 1 / (HEIGHT - 1)  # of a pixel, so that silence is a line
    return (255 * ((height >= low - half) & (height <= high + half))).byte()


def side_by_side(title: str, sounds: Sequence[tuple[str, Tensor, dict[str, Tensor]]]) -> ImageGrid:
    """Of each sound its name, its samples (S,), and its pictures (R, T) by name, all of one size."""
    images, captions = [], []
    for name, wave, pictures in sounds:
        levels = {what: grey(picture) for what, picture in pictures.items()}
        moments = next(iter(levels.values())).shape[1]
        for what, drawn in {"samples": trace(wave, moments), **levels}.items():
            down = max(1, round(HEIGHT / len(drawn)))
            images.append(enlarged(drawn, down, PIXELS_A_MOMENT))
            captions.append(f"{name}: {what}")
    return ImageGrid(title, images, captions)


def grid(title: str, pictures: Tensor, captions: Sequence[str]) -> ImageGrid:
    """Pictures (N, R, T), each in its own grey levels."""
    return ImageGrid(title, [grey(picture) for picture in pictures], captions)


def kernels(weights: Tensor) -> ImageGrid:
    """A first layer's weights (W, 1, k, k) as pictures: 0 is grey, what is above it lighter."""
    images = []
    for kernel in weights[:SHOWN_KERNELS, 0]:
        levels = (127.5 + 127.5 * kernel / kernel.abs().max().clamp(min=1e-12)).byte()  # (k, k)
        images.append(enlarged(levels, PIXELS_A_WEIGHT, PIXELS_A_WEIGHT))
    return ImageGrid(
        "Kernels of the first layer", images, [f"kernel {index}" for index in range(len(images))]
    )


def mel_bands(bank: Tensor, hertz: Tensor) -> Curves:
    """Some triangles of a filter bank (M, B) over the frequencies (B,)."""
    shown = torch.linspace(0, len(bank) - 1, min(SHOWN_BANDS, len(bank))).long().tolist()
    lines = [Series(f"band {index}", hertz, bank[index]) for index in shown]
    return Curves("Mel bands: how much each takes of a frequency", lines, x_label="Hz", y_label="share")
