from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from recipes.data import _safetensors
from recipes.data.saving import Saving, _apart, _refusal, _Trap
from workbench.errors import WorkbenchError
from workbench.figures import data
from workbench.runs.events import Finished
from workbench.runs.history import History

Train = Callable[..., History]

TENSORS = {
    "floats": torch.randn(3, 4, generator=torch.Generator().manual_seed(0)),
    "scalar": torch.tensor(7),
    "half": torch.arange(3).to(torch.bfloat16),
    "none": torch.empty(0, 5),
    "truth": torch.tensor([True, False]),
    "turned": torch.arange(6, dtype=torch.float64).reshape(2, 3).T,
}


def test_every_form_gives_the_same_back_and_the_resumed_one_ends_the_same(train: Train) -> None:
    history = train("data/saving")
    assert isinstance(history.ended, Finished)
    results = history.ended.results
    assert results["reloaded/largest difference"] == results["resumed/largest difference"] == 0
    assert results["weights alone/largest difference"] > 1e-3
    forms = data.decode(bytes(history.figures["forms"][-1].figure))
    assert isinstance(forms, data.Table)
    safe = {str(row[1]): row[5] for row in forms.rows}
    assert safe == {
        "weights.pt": "yes", "checkpoint.pt": "yes", "weights.safetensors": "yes", "module.pt": "no"
    }  # fmt: skip
    files = {file.name for file in (history.folder.path / "saved").iterdir()}
    assert files == {*safe, "trap.pt"}
    refused = data.decode(bytes(history.figures["refused"][-1].figure))
    assert isinstance(refused, data.Text) and "getenv" in refused.text
    going_on = data.decode(bytes(history.figures["going on"][-1].figure))
    assert isinstance(going_on, data.Curves)
    uninterrupted, resumed, alone = (line.y for line in going_on.lines)
    assert uninterrupted == resumed != alone


def test_a_difference_of_one_bit_is_seen() -> None:
    recipe = Saving(Saving.Params(width=4), seed=0)
    net = recipe._learner().net
    other = recipe._learner().net
    other.load_state_dict(net.state_dict())
    assert _apart(net, other) == 0
    bias = other[1].bias.data
    bias[0] = torch.nextafter(bias[0], torch.tensor(9.0))
    assert _apart(net, other) > 0


def test_a_learner_goes_on_as_it_would_have_from_its_whole_state_alone(tmp_path: Path) -> None:
    recipe = Saving(Saving.Params(width=4), seed=0)
    first, other = recipe._learner(), recipe._learner()
    for _ in range(3):
        first.step(recipe.images, recipe.labels, 8)
    torch.save(first.state_dict(), tmp_path / "whole.pt")
    other.load_state_dict(torch.load(tmp_path / "whole.pt", weights_only=True))
    for learner in (first, other):
        learner.step(recipe.images, recipe.labels, 8)
    assert _apart(first.net, other.net) == 0 and first.losses == other.losses


def test_only_what_runs_nothing_is_loaded(tmp_path: Path) -> None:
    torch.save({"weights": torch.ones(2), "step": 3}, tmp_path / "plain.pt")
    torch.save({"weights": _Trap()}, tmp_path / "trap.pt")
    assert _refusal(tmp_path / "plain.pt") == ""
    assert "getenv" in _refusal(tmp_path / "trap.pt")


def test_safetensors_come_back_bit_for_bit(tmp_path: Path) -> None:
    file = tmp_path / "all.safetensors"
    _safetensors.write(file, TENSORS)
    found = _safetensors.read(file)
    assert [*found] == [*TENSORS]
    for name, tensor in TENSORS.items():
        assert found[name].dtype == tensor.dtype and torch.equal(found[name], tensor), name
    (length,) = struct.unpack_from("<Q", file.read_bytes())
    header = json.loads(file.read_bytes()[8 : 8 + length])
    assert length % 8 == 0
    assert header["floats"] == {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}


def test_the_library_reads_them_and_they_read_the_librarys(tmp_path: Path) -> None:
    library = pytest.importorskip("safetensors.torch")
    _safetensors.write(tmp_path / "ours", TENSORS)
    theirs = library.load_file(tmp_path / "ours")
    library.save_file({name: t.contiguous() for name, t in TENSORS.items()}, tmp_path / "theirs")
    ours = _safetensors.read(tmp_path / "theirs")
    for name, tensor in TENSORS.items():
        assert torch.equal(theirs[name], tensor) and torch.equal(ours[name], tensor)


def test_what_is_cut_short_or_damaged_is_no_file_of_weights(tmp_path: Path) -> None:
    file = tmp_path / "one.safetensors"
    _safetensors.write(file, {"a": torch.arange(4.0)})
    whole = file.read_bytes()
    lying = whole.replace(b'"shape": [4]', b'"shape": [9]')
    for damaged in (
        b"",
        whole[:5],
        whole[:20],
        whole[:-1],
        b"\xff" * 64,
        lying,
        b"\x02" + bytes(7) + b"[]",
    ):
        file.write_bytes(damaged)
        with pytest.raises(WorkbenchError, match="no whole safetensors file"):
            _safetensors.read(file)
    with pytest.raises(WorkbenchError, match="no whole safetensors file"):
        _safetensors.read(tmp_path / "nowhere")
