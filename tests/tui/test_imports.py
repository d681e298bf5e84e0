"""What the interface does not load."""

from __future__ import annotations

import subprocess
import sys


def test_the_app_is_there_without_torch_numpy_and_plotext() -> None:
    script = "import sys, workbench.tui.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "workbench.tui.screens.recipes" in loaded
    assert not loaded & {
        "torch",
        "numpy",
        "plotext",
        "PIL",
        "textual_image",
        "workbench.tui.screens.run",
        "textual.widgets._data_table",
        "importlib.metadata",
        "zipfile",
        "_hashlib",
    }


def test_no_screen_imports_torch() -> None:
    script = (
        "import pkgutil, sys, importlib, workbench.tui\n"
        "for module in pkgutil.walk_packages(workbench.tui.__path__, 'workbench.tui.'):\n"
        "    importlib.import_module(module.name)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "workbench.tui.run_reader" in done.stdout.split()
    assert "torch" not in done.stdout.split()
