"""What processes that train find in their environment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from workbench.workers import environment
from workbench.workers.environment import SPINS, SPINS_VARIABLE
from workbench.workers.standby import Standby


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SPINS_VARIABLE, raising=False)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)


def test_threads_that_wait_give_way_after_a_while() -> None:
    assert (
        environment.for_training({"TOLD": "x"}).items() >= {SPINS_VARIABLE: SPINS, "TOLD": "x"}.items()
    )


@pytest.mark.parametrize("variable", [SPINS_VARIABLE, "OMP_WAIT_POLICY"])
def test_what_the_user_says_of_waiting_stands(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "7")
    said = environment.for_training()
    assert said[variable] == "7"
    assert SPINS not in {said.get(SPINS_VARIABLE), said.get("OMP_WAIT_POLICY")}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_standby_and_so_all_of_its_workers_know_it(standby: Standby) -> None:
    assert standby._process is not None
    told = Path(f"/proc/{standby._process.pid}/environ").read_bytes().split(b"\0")
    assert f"{SPINS_VARIABLE}={SPINS}".encode() in told
