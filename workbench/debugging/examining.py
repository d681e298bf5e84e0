"""What is wrong with a network: by a probe of it as it is, and by what its run has recorded."""

from __future__ import annotations

from dataclasses import replace

from workbench.debugging.diagnosis import diagnose
from workbench.debugging.evidence import Evidence
from workbench.debugging.probes import Probe
from workbench.debugging.protocol import Examined
from workbench.debugging.reading import read_evidence
from workbench.debugging.subject import Subject
from workbench.errors import WorkbenchError
from workbench.runs.history import History


def examined(what: Subject) -> Examined:
    """Probe the network with a batch of its training, and diagnose that with all that is recorded.

    A probe that fails costs no diagnosis: it is then made from the record alone.
    """
    probe, fault = _probed(what)
    evidence = _recorded(what)
    if probe is not None:
        probes = sorted((*evidence.probes, probe), key=lambda one: one.step)
        evidence = replace(evidence, probes=probes)
    return Examined(probe=probe, findings=diagnose(evidence), fault=fault)


def _probed(what: Subject) -> tuple[Probe | None, str]:
    """The probe, or why there is none: a recipe's own step may do whatever it likes."""
    try:
        return what.loop.probing.probe_now(), ""
    except WorkbenchError as fault:
        return None, fault.title
    except Exception as fault:  # noqa: BLE001 - what it is, is told beside the findings
        return None, f"{type(fault).__name__}: {str(fault).partition(chr(10))[0]}"
    finally:
        what.recipe.net.eval()


def _recorded(what: Subject) -> Evidence:
    if what.folder is None:
        return Evidence(params=what.recipe.params.as_dict())
    return read_evidence(History(what.folder).read_all())
