"""After memory ran out: lets go of what the failing step held, and asks the recipe what would fit."""

from __future__ import annotations

import contextlib
import gc
import resource
import shlex
import sys
import traceback
from collections.abc import Iterator, Mapping

import psutil

from workbench.params import Value
from workbench.recipe import Recipe

MEMORY_SHARE = 0.9  # of what is available: the rest of the host needs some too
NONE_FOUND = "no batch size that fits was found: make the model smaller, or free memory on the device"


def let_go(fault: BaseException) -> None:
    """Release what the frames of `fault` and of the faults behind it hold; tracebacks stay readable."""
    waiting: list[BaseException | None] = [fault]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            traceback.clear_frames(one.__traceback__)
            waiting += [one.__cause__, one.__context__]
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def what_fits(recipe: Recipe, call: str, given: Mapping[str, Value] | None = None) -> str:
    """A sentence with the call that would fit; empty where the recipe does not know how to find out.

    `call` is the command to which `given` and the changed parameters are appended. Whatever goes wrong
    is told in the sentence, and its traceback goes to the standard error output: this is no second
    failure.
    """
    if type(recipe).fitting_parameters is Recipe.fitting_parameters:
        return ""
    try:
        with _within_host_memory(recipe.device):
            return _sentence(recipe.fitting_parameters(), call, given or {})
    except (Exception, SystemExit) as fault:  # noqa: BLE001 - a run's last word waits for this one
        with contextlib.suppress(OSError):  # the disk of output.log may be full
            traceback.print_exc()
        reason = str(fault).partition("\n")[0]
        return f"{NONE_FOUND} (looking for one failed: {type(fault).__name__}: {reason})"


def assignments(values: Mapping[str, Value]) -> str:
    """Parameters as a command line takes them."""
    return " ".join(shlex.quote(f"{name}={_text(value)}") for name, value in values.items())


def _sentence(found: Mapping[str, Value], call: str, given: Mapping[str, Value]) -> str:
    if not found:
        return NONE_FOUND
    size = found.get("batch_size")
    what = assignments(found) if size is None else f"a batch of {size:,}"
    return f"{what} fits (one step was made with it): {call} {assignments({**given, **found})}"


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value) if isinstance(value, float) else str(value)


@contextlib.contextmanager
def _within_host_memory(device: str) -> Iterator[None]:
    """On the CPU, let an allocation fail where the kernel would end this process for it."""
    if device != "cpu" or not sys.platform.startswith("linux"):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    room = int(psutil.virtual_memory().available * MEMORY_SHARE)
    most = psutil.Process().memory_info().vms + room
    lowest = min((limit for limit in (soft, most) if limit != resource.RLIM_INFINITY), default=most)
    resource.setrlimit(resource.RLIMIT_AS, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
