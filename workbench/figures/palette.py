"""The colours of figures, told apart by colour-blind readers: shared by every renderer."""

from __future__ import annotations

Colour = tuple[int, int, int]

# Okabe and Ito, "Color Universal Design" (2008), without black, which a dark terminal swallows.
PALETTE: tuple[Colour, ...] = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (213, 94, 0),
    (240, 228, 66),
    (0, 114, 178),
)

# The same hues, dark enough for a light ground.
ON_LIGHT: tuple[Colour, ...] = (
    (0, 100, 165),
    (168, 98, 0),
    (0, 120, 88),
    (176, 72, 128),
    (190, 66, 0),
    (122, 112, 0),
    (70, 70, 160),
)

# Greys that stand back on dark and on light terminals.
AXIS: Colour = (128, 128, 128)
MARK: Colour = (150, 150, 150)
# What must be seen on both.
FAULT: Colour = (230, 85, 75)
_FAINTNESS = 0.6

# Stops of viridis, even in lightness, from low to high.
HEAT: tuple[Colour, ...] = (
    (68, 1, 84),
    (70, 50, 126),
    (54, 92, 141),
    (39, 127, 142),
    (31, 161, 135),
    (74, 193, 109),
    (160, 218, 57),
    (253, 231, 37),
)


def series(index: int) -> Colour:
    """The colour of the `index`-th series; the palette repeats."""
    return PALETTE[index % len(PALETTE)]


def faint(colour: Colour) -> Colour:
    """`colour` so near to grey that it stands back, and is still told from others."""
    red, green, blue = (
        round(part * (1 - _FAINTNESS) + grey * _FAINTNESS)
        for part, grey in zip(colour, AXIS, strict=True)
    )
    return red, green, blue


def heat(fraction: float) -> Colour:
    """The colour of `fraction`, 0 to 1 (clamped), on the heat scale."""
    place = min(max(fraction, 0.0), 1.0) * (len(HEAT) - 1)
    low = min(int(place), len(HEAT) - 2)
    share = place - low
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(HEAT[low], HEAT[low + 1], strict=True)
    )
    return red, green, blue


def ink(background: Colour) -> Colour:
    """Black or white, whichever is read better on `background`."""
    red, green, blue = background
    return (0, 0, 0) if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else (255, 255, 255)
