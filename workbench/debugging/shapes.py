"""Shapes that torch makes fit although they are seldom meant, seen while a step is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from workbench.debugging.probes import OddShape

_SOFTMAX = ("softmax", "log_softmax")
MOST = 8  # of one step; a loop over classes would repeat one a hundred times


@contextmanager
def watching_shapes(samples: int) -> Iterator[list[OddShape]]:
    """A list that fills with the odd shapes of what torch computes meanwhile, of a batch of `samples`.

    Odd is what holds an answer (N, 1), which learns, against a target (N,), which does not, so that
    both are stretched to (N, N); and a softmax of (N, K) over the samples.
    """
    found: list[OddShape] = []
    with _Watch(samples, found):
        yield found


class _Watch(TorchFunctionMode):
    def __init__(self, samples: int, found: list[OddShape]) -> None:
        super().__init__()
        self._samples = samples
        self._found = found

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        result = func(*args, **given)
        tensors = [value for value in (*args, *given.values()) if isinstance(value, Tensor)]
        if self._samples > 1 and len(self._found) < MOST and tensors:
            self._look(getattr(func, "__name__", ""), tensors, [*args[1:2], given.get("dim")], result)
        return result

    def _look(self, name: str, tensors: Sequence[Tensor], dims: Sequence[Any], result: Any) -> None:
        over_samples = name in _SOFTMAX and self._is_over_samples(tensors[0], dims)
        if over_samples or self._is_stretched(tensors, result):
            odd = OddShape(name, tuple(tuple(one.shape) for one in tensors[:2]), over_samples)
            if odd not in self._found:
                self._found.append(odd)

    def _is_stretched(self, tensors: Sequence[Tensor], result: Any) -> bool:
        n = self._samples
        if {tuple(one.shape) for one in tensors} != {(n, 1), (n,)} or not isinstance(result, Tensor):
            return False
        learns = [one.requires_grad for one in tensors]
        # A loss of torch's own has already made one number of the (N, N).
        return any(learns) and not all(learns) and tuple(result.shape) in ((n, n), ())

    def _is_over_samples(self, given: Tensor, dims: Sequence[Any]) -> bool:
        is_table = given.dim() == 2 and given.shape[0] == self._samples and given.shape[1] > 1
        return is_table and given.requires_grad and any(dim in (0, -2) for dim in dims)
