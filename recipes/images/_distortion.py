"""Pictures turned, scaled and shifted a little, a new way each time."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def distort(images: Tensor, strength: float) -> Tensor:
    """Turn, scale and shift each picture (N, C, S, S) at random; strength 1: 10°, 10 % and 2 pixels."""
    if not strength:
        return images
    n, side = len(images), images.shape[-1]
    angle, scale_x, scale_y, shift_x, shift_y = strength * (
        2 * torch.rand(5, n, device=images.device) - 1
    )
    angle = math.radians(10) * angle
    scale_x, scale_y = 1 + 0.1 * scale_x, 1 + 0.1 * scale_y
    pixel = 2 / side  # affine_grid measures from -1 to 1 across the picture
    x_row = torch.stack([angle.cos() * scale_x, -angle.sin() * scale_y, 2 * pixel * shift_x], dim=1)
    y_row = torch.stack([angle.sin() * scale_x, angle.cos() * scale_y, 2 * pixel * shift_y], dim=1)
    matrices = torch.stack([x_row, y_row], dim=1)  # (N, 2, 3)
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)  # (N, S, S, 2)
    return F.grid_sample(images, grid, align_corners=False)
