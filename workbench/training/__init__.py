"""What the loop can train: `Training`, its data, its optimizers, its checkpoints."""

from workbench.training.data import Data, Tensors
from workbench.training.recipe import Training

__all__ = ["Data", "Tensors", "Training"]
