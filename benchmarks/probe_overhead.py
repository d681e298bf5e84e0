"""What looking inside costs a training: images/cnn probed now and then, beside one that is not."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import contenders, measuring
from benchmarks.contenders import Task
from benchmarks.measuring import AtMost, Measured, Result
from recipes.images.cnn import DigitsCNN

MOST_RATIO = 1.02
EVERY, OFTEN = 100, 10  # steps between two probes: as promised, and so often that one can be timed
EPOCHS = 9  # of 35 steps: one probe in 105 steps


def measure(
    repetitions: int = 7, epochs: int = EPOCHS, every: int = EVERY, often: int = OFTEN
) -> Result:
    """Train with and without probes in turn."""
    task = Task(DigitsCNN, epochs, "cpu")

    def seconds(probe_every: int) -> Callable[[], float]:
        return lambda: contenders.ours(task, probe_every=probe_every).seconds

    seconds(often)()  # imports, and what a library does only once
    never, now_and_then, always = measuring.interleave(
        repetitions, seconds(0), seconds(every), seconds(often)
    )
    ratio, dear = (_ratios(some, never) for some in (now_and_then, always))
    from_many = 1 + (dear.median - 1) * often / every
    return Result(
        name="probe_overhead",
        title="Looking inside a training",
        what=f"{epochs} epochs of images/cnn with default parameters on the CPU, as a run has them, "
        f"with probe_every={every} and without: a forward and backward pass of 64 samples under hooks, "
        "the numbers of each layer, the update's size, a record. The ratio is the median of those of "
        f"each round; probes are so few that it is also reckoned from probe_every={often}.",
        target=f"at most {MOST_RATIO:g} times the time without; without probes nothing is added",
        measured=(
            Measured("no probes", never),
            Measured(f"probe_every={every}", now_and_then),
            Measured(f"probe_every={often}", always),
        ),
        checks=(
            AtMost(f"with probes at every {every} steps / without", ratio.median, MOST_RATIO),
            AtMost(f"the same, reckoned from probes at every {often}", from_many, MOST_RATIO),
        ),
    )


def _ratios(with_probes: tuple[float, ...], without: tuple[float, ...]) -> Measured:
    pairs = zip(with_probes, without, strict=True)
    return Measured("ratio", tuple(one / plain for one, plain in pairs), "")
