"""What every test gets: folders of its own, so that nothing touches the user's."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from workbench import paths
from workbench.workers.standby import Standby

# Before torch is loaded: the networks are small, and threads that wait for each other on a machine
# with other work, such as a second process of tests, cost ten times what they bring.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell has its programs in the background ignore Ctrl-C, and so would all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How fast an example runs says nothing where several programs share the processor.
settings.register_profile("workbench", deadline=None, max_examples=40)
settings.load_profile("workbench")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-snapshots",
        action="store_true",
        help="write tests/tui/snapshots anew; look at git diff",
    )


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    for variable in (paths.CACHE_VARIABLE, paths.CHECKPOINTS_VARIABLE, paths.LEASES_VARIABLE):
        monkeypatch.setenv(variable, str(home / variable.lower()))
    monkeypatch.setenv(paths.CONFIG_VARIABLE, str(home / "config.toml"))
    for name in ("theme", "refresh_s", "pictures", "characters", "recipes"):
        monkeypatch.delenv(paths.setting_variable(name), raising=False)


@pytest.fixture(scope="session")
def standby(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standby]:
    """One process with torch loaded, shared by all tests that start warm workers."""
    home = tmp_path_factory.mktemp("standby")
    with pytest.MonkeyPatch.context() as patch:
        for variable in (paths.CACHE_VARIABLE, paths.LEASES_VARIABLE):
            patch.setenv(variable, str(home / variable.lower()))
        warm = Standby()
        warm.start()
    assert warm.wait(timeout_s=180)
    yield warm
    warm.close()


@pytest.fixture
def checkpoints() -> Path:
    """The folder that this test's runs go to; it does not exist yet."""
    return paths.checkpoints_dir()
