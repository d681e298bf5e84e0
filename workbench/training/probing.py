"""When a training's network is looked into: every so many steps, and when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from torch import Tensor, nn

from workbench.debugging.features import telling_feature
from workbench.debugging.probes import Probe, TellingFeature
from workbench.errors import WorkbenchError
from workbench.training import random_state
from workbench.training.trees import mapped

if TYPE_CHECKING:
    from workbench.training.loop import Loop

MOST_SAMPLES = 64
_NOT_YET = object()


class Probing:
    """The probes of one training: all on one batch, each after a step whose update it measures.

    The batch is the first of the first epoch, and no larger than MOST_SAMPLES where it is cut here. Of
    an iterable that gives its own batches, and is no list, it is that of the first probed step.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._asked: list[str] = []
        self._batch: Any = _NOT_YET
        self._telling: TellingFeature | None = None  # of that batch, so it is looked for once
        self._before: Mapping[nn.Parameter, Tensor] = {}
        self._failed = False

    def ask(self, request: str) -> None:
        """Look after the next step, and name the request in the record."""
        self._asked.append(request)

    def is_due(self, step: int) -> bool:
        """Whether the network is looked into after this step."""
        every = self._loop.recipe.params.probe_every
        return (every > 0 and step % every == 0 and not self._failed) or bool(self._asked)

    def begin_step(self) -> None:
        """Keep the weights as they are before a step after which the network is looked into."""
        from workbench.debugging import prober  # noqa: PLC0415 - it knows this package

        self._before = prober.weights_now(self._loop)

    def end_step(self, batches: Sequence[Any]) -> None:
        """Look into the network after a step on these batches."""
        self._look(batches[0])
        self._before = {}

    def answer_rest(self) -> None:
        """Answer what was asked where no step may follow; then no update is known."""
        if self._asked:
            self._look(_NOT_YET)

    def probe_now(self) -> Probe:
        """What the network shows as it is, on the batch of all probes; nothing is recorded.

        Raises:
            WorkbenchError: when that batch is not known yet.
        """
        return self._probe(_NOT_YET)

    def _probe(self, batch: Any) -> Probe:
        from workbench.debugging import prober  # noqa: PLC0415 - it knows this package

        probe = prober.probe(self._loop, self._probed_batch(batch), self._before)
        return msgspec.structs.replace(probe, telling=self._telling)

    def _look(self, batch: Any) -> None:
        from workbench.debugging import recorded  # noqa: PLC0415 - it knows this package

        asked, self._asked = self._asked, []
        run = self._loop.run
        try:
            shown = recorded.encode(self._probe(batch))
        except Exception as fault:  # noqa: BLE001 - no look is worth the run, whatever a recipe's step does
            self._refuse(asked, fault)
            return
        run.probed(shown, *asked[:1])
        for request in asked[1:]:
            run.steering.answer(request)

    def _refuse(self, asked: Sequence[str], fault: Exception) -> None:
        """Say why; what was not asked for by name is not tried again."""
        reason = str(fault).strip().partition("\n")[0] or type(fault).__name__
        for request in asked:
            self._loop.run.steering.answer(request, f"the network could not be probed: {reason}")
        if not asked:
            self._failed = True
            self._loop.run.message(f"no more probes in this attempt: {reason}", "warning")

    def _probed_batch(self, batch: Any) -> Any:
        """The batch of all probes; `batch` where there is no other, from then on.

        Raises:
            WorkbenchError: when there is none yet.
        """
        if self._batch is _NOT_YET:
            with random_state.isolated(self._loop.recipe.seed):
                self._batch = self._loop.first_samples(MOST_SAMPLES, mapped(batch, _copied))
            self._telling = telling_feature(self._batch)
        if self._batch is _NOT_YET:
            raise WorkbenchError(
                "this training's batches are known only when they come", "ask again after a step"
            )
        return self._batch


def _copied(leaf: Any) -> Any:
    """What a later step cannot change."""
    return leaf.clone() if hasattr(leaf, "clone") else leaf
