"""The watch over losses and gradients: the first that is no finite number stops the run.

On the CPU every step is looked at before its update. Elsewhere looking would make the host wait for
the device in every step: there the device notes the first bad step itself, fused updates hold the
weights as they were before it, and it is asked at the log points and before each checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor

from workbench.errors import FaultKind, WorkbenchError

Mode = Literal["stop", "skip", "ignore"]
MODES: tuple[Mode, ...] = get_args(Mode)


class NonFiniteError(WorkbenchError):
    """A loss or gradient is NaN or infinite.

    Attributes:
        step: the first step in which one was.
        what: `loss` or `gradient`.
        value: what it was, in a word: NaN or infinite.
    """

    kind: ClassVar[FaultKind] = "not_finite"

    def __init__(self, step: int, what: str, value: str, place: str = "", lr: float = 0.0) -> None:
        self.step, self.what, self.value = step, what, value
        where = f", first {place}" if place else ""
        super().__init__(
            f"the {what} became {value} in step {step:,}{where}",
            f"lower lr (it was {lr:g}) or set clip_norm=1 and resume; or go on over such steps with "
            "on_nan=skip",
        )


class Guard:
    """Judges each step's loss and gradients.

    Args:
        mode: what a bad step does.
        device: where losses and gradients are.
        scaled: gradients are scaled (fp16): overflowing ones are the scaler's business.
        waits: look at each step before its update; else the device notes and is asked by `check`.

    Attributes:
        found_inf: on a device, what its fused updates are told: 1 where the step must not count.
    """

    def __init__(self, mode: Mode, device: torch.device, *, scaled: bool, waits: bool) -> None:
        self.mode = mode
        self.found_inf: Tensor | None = None
        self._waits = waits
        self._scaled = scaled
        self._step = 0
        self._skipped = 0
        self._is_bad_step = False
        if mode != "ignore" and not self._waits:
            self._step_now = torch.zeros((), dtype=torch.int64, device=device)
            self._first_bad = torch.zeros((), dtype=torch.int64, device=device)
            self._first_loss = torch.zeros((), device=device)
            self._first_largest = torch.zeros((), device=device)
            self._bad_steps = torch.zeros((), dtype=torch.int64, device=device)

    def begin(self, step: int) -> None:
        """Step number `step` begins."""
        self._step = step
        self._is_bad_step = False
        if self.mode != "ignore" and not self._waits:
            self._step_now.fill_(step)
            self.found_inf = None

    def allows(self, loss: Tensor, gradients: Sequence[Tensor]) -> bool:
        """Whether the update of this step may be made, as far as it can be told without waiting.

        Raises:
            NonFiniteError: on the CPU, in the mode stop.
        """
        if self.mode == "ignore":
            return True
        if not self._waits:
            self._note(loss, gradients)
            return True
        return self._judge(loss.item(), gradients)

    def forget(self) -> None:
        """Nothing bad has been seen so far."""
        self._skipped = 0
        self.found_inf = None
        if self.mode != "ignore" and not self._waits:
            self._first_bad.zero_()
            self._bad_steps.zero_()

    def check(self) -> None:
        """Ask the device what it noted.

        Raises:
            NonFiniteError: in the mode stop.
        """
        if self.mode != "stop" or self._waits:
            return
        first = int(self._first_bad)
        if first:
            loss = float(self._first_loss)
            if math.isfinite(loss):
                raise NonFiniteError(first, "gradient", _word(float(self._first_largest)))
            raise NonFiniteError(first, "loss", _word(loss))

    def take_skipped(self) -> int:
        """How many steps were left out since the last call."""
        if self.mode == "skip" and not self._waits:
            self._skipped = int(self._bad_steps)
            self._bad_steps.zero_()
        skipped, self._skipped = self._skipped, 0
        return skipped

    def counts(self) -> Tensor | bool:
        """Whether this step's values belong in the averages; on a device, a tensor that tells."""
        if self.mode != "skip":
            return True
        if self._waits or self.found_inf is None:
            return not self._is_bad_step
        return self.found_inf == 0

    def _judge(self, loss: float, gradients: Sequence[Tensor]) -> bool:
        if math.isfinite(loss):
            if self._scaled or not gradients:
                return not self._is_bad_step
            total = float(_sums(gradients))
            if math.isfinite(total):
                return not self._is_bad_step
            fault = NonFiniteError(self._step, "gradient", _word(total))
        else:
            fault = NonFiniteError(self._step, "loss", _word(loss))
        if self.mode == "stop":
            raise fault
        self._skipped += not self._is_bad_step
        self._is_bad_step = True
        return False

    def _note(self, loss: Tensor, gradients: Sequence[Tensor]) -> None:
        value = loss.detach().float().reshape(())
        good, largest = torch.isfinite(value), torch.zeros_like(value)
        filled = [gradient for gradient in gradients if gradient.numel()]
        if filled and not self._scaled:
            largest = torch.stack([one.float() for one in torch._foreach_norm(filled, math.inf)]).sum()
            good = good & torch.isfinite(largest)
        is_first = ~good & (self._first_bad == 0)
        self._first_bad.copy_(torch.where(is_first, self._step_now, self._first_bad))
        self._first_loss.copy_(torch.where(is_first, value, self._first_loss))
        self._first_largest.copy_(torch.where(is_first, largest, self._first_largest))
        earlier = torch.zeros_like(good) if self.found_inf is None else self.found_inf > 0
        self._bad_steps.add_(~good & ~earlier)
        held = self._first_bad > 0 if self.mode == "stop" else ~good | earlier
        self.found_inf = held.float()


def _sums(gradients: Sequence[Tensor]) -> Tensor:
    """A number that is finite where all gradients are; on the CPU far cheaper than their norms."""
    return torch.stack([gradient.sum(dtype=_wide(gradient)) for gradient in gradients]).sum()


def _wide(gradient: Tensor) -> torch.dtype | None:
    """The type to sum in, so that a sum of small formats does not overflow; None for its own."""
    return torch.float32 if gradient.element_size() < torch.finfo(torch.float32).bits // 8 else None


def _word(value: float) -> str:
    return "NaN" if math.isnan(value) else "infinite"
