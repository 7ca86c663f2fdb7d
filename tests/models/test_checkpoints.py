"""Checkpoints from anywhere: weights come in, code does not."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ecgview.errors import ModelError
from ecgview.models import cards, checkpoints, runtime
from ecgview.models.networks.mtecg import Mtecg, MtecgConfig
from ecgview.models.networks.mtecg_mae import MtecgMae
from ecgview.models.networks.net1d import Net1d, Net1dConfig
from ecgview.record import EcgRecord


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file laid out as ECGFounder's: state dict, optimizer with its moments, numpy numbers."""
    torch.manual_seed(0)
    net = Net1d(Net1dConfig(n_leads=1))
    optimizer = torch.optim.AdamW(net.dense.parameters())
    net.dense(torch.ones(1, 1024)).sum().backward()
    optimizer.step()
    path = tmp_path_factory.mktemp("published") / "1_lead_ECGFounder.pth"
    state = {f"module.{name}": value for name, value in net.state_dict().items()}
    torch.save(
        {
            "epoch": np.int64(3),
            "step": 12,
            "state_dict": state,
            "optimizer": optimizer.state_dict(),
            "scheduler": {"best": np.float64(0.93), "factor": 0.1},
            "val_auroc": np.float32(0.93),
        },
        path,
    )
    return path


def test_the_published_layout_is_imported_and_answers(published: Path, pulse_record: EcgRecord) -> None:
    seen: list[str] = []
    card = checkpoints.import_file(published, progress=lambda fraction, text="": seen.append(text))
    assert (card.id, card.network, card.input.leads) == ("ecgfounder-1", "net1d", ("I",))
    assert card.labels[0] == "ABNORMAL ECG"
    assert len(card.labels) == 150
    assert set(card.thresholds) == {None}
    assert cards.get("ecgfounder-1").check_weights().parent == cards.user_folder() / "ecgfounder-1"
    assert seen[-1] == "ecgfounder-1 is ready"
    prediction = runtime.classify(pulse_record, "ecgfounder-1", "cpu")
    assert len(prediction.scores) == 150
    assert prediction.scores[0].label == "abnormal ECG"
    assert checkpoints.import_file(published).sha256 == card.sha256  # again: the same model, no quarrel


def test_numbers_pickled_by_numpy_1_are_read(published: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.pth"
    state = {"w": torch.zeros(1), "b": torch.ones(2)}
    torch.save({"state_dict": state, "val_auroc": np.float64(0.5)}, old, _use_new_zipfile_serialization=False)
    content = old.read_bytes()
    assert b"numpy._core.multiarray" in content
    old.write_bytes(content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    assert sorted(checkpoints.read_state(old)) == ["b", "w"]


class _Runs:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("layout", ["torch", "legacy torch", "plain pickle"])
def test_a_checkpoint_with_code_is_refused_and_nothing_runs(layout: str, tmp_path: Path) -> None:
    path, trace = tmp_path / "evil.pth", tmp_path / "ran"
    content = {"state_dict": {"w": torch.zeros(1)}, "note": _Runs(trace)}
    if layout == "plain pickle":
        path.write_bytes(pickle.dumps(content["note"]))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=layout == "torch")
    with pytest.raises(ModelError, match="refused: it holds more than weights") as caught:
        checkpoints.import_file(path)
    assert caught.value.where == str(path)
    assert not trace.exists()
    assert not cards.user_folder().exists()


def test_objects_hidden_in_numpy_values_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "array.pth"
    torch.save(
        {"state_dict": {"w": torch.zeros(1)}, "x": np.array([_Runs(tmp_path / "ran")], dtype=object)}, path
    )
    with pytest.raises(ModelError, match="refused"):
        checkpoints.read_state(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a readable checkpoint"),
        (b"\x80\x02}q\x00", "not a readable checkpoint|refused"),
        (b"PK\x03\x04" + bytes(200), "not a readable checkpoint"),
        (b"just text, no checkpoint at all", "not a readable checkpoint|refused"),
    ],
    ids=["empty", "truncated pickle", "truncated zip", "text"],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_damaged_files_say_so(content: bytes, said: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is not a safetensors file" if suffix == ".safetensors" else said):
        checkpoints.import_file(path)


def test_every_truncation_of_a_checkpoint_says_so(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.pth", tmp_path / "cut.pth"
    torch.save({"state_dict": {"w": torch.arange(1000.0)}}, whole)
    content = whole.read_bytes()
    for kept in range(0, len(content), len(content) // 13):
        cut.write_bytes(content[:kept])
        with pytest.raises(ModelError):
            checkpoints.read_state(cut)


def test_mtecg_is_told_by_its_names_and_shapes(tmp_path: Path, pulse_record: EcgRecord) -> None:
    torch.manual_seed(0)
    state = Mtecg(MtecgConfig(n_classes=71)).state_dict()
    torch.save({"model": state}, tmp_path / "checkpoint-best.pth")
    card = checkpoints.import_file(tmp_path / "checkpoint-best.pth", model_id="mine")
    assert (card.id, card.network, card.kind, card.label_set) == ("mine", "mtecg", "classifier", "ptbxl71")
    assert "unknown" in card.training_data
    assert runtime.classify(pulse_record, "mine", "cpu").scores[0].code == "1AVB"
    save_file(MtecgMae().state_dict(), tmp_path / "MAE_run.safetensors")
    assert checkpoints.import_file(tmp_path / "MAE_run.safetensors").kind == "autoencoder"


def test_missing_unknown_and_misshapen_weights_are_named(tmp_path: Path) -> None:
    state = Mtecg(MtecgConfig(depth=2)).state_dict()
    state["extra.bias"] = torch.zeros(1)
    state["norm.weight"] = torch.zeros(3)
    del state["blocks.1.mlp.fc1.bias"]
    path = tmp_path / "changed.pth"
    torch.save(state, path)
    with pytest.raises(ModelError) as caught:
        checkpoints.import_file(path)
    text = str(caught.value)
    assert "missing blocks.1.mlp.fc1.bias" in text
    assert "unknown extra.bias" in text
    assert "norm.weight is (3,), not (192,)" in text


def test_weights_of_another_network_are_not_guessed(tmp_path: Path) -> None:
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "resnet.safetensors")
    with pytest.raises(ModelError, match="fits none of the known networks"):
        checkpoints.import_file(tmp_path / "resnet.safetensors")


def test_another_model_of_the_same_name_is_not_overwritten(tmp_path: Path) -> None:
    for seed in (0, 1):
        torch.manual_seed(seed)
        path = tmp_path / f"{seed}.safetensors"
        save_file(Mtecg(MtecgConfig(depth=1, n_classes=5)).state_dict(), path)
        if seed == 0:
            first = checkpoints.import_file(path, model_id="mine")
        else:
            with pytest.raises(ModelError, match="already kept as mine"):
                checkpoints.import_file(path, model_id="mine")
    cards.get("mine").check_weights()
    assert cards.get("mine").sha256 == first.sha256


@pytest.mark.parametrize("name", ["../escape", "a/b", ".hidden", "Upper"])
def test_a_model_name_cannot_leave_the_folder(name: str, tmp_path: Path) -> None:
    save_file(Mtecg(MtecgConfig(depth=1)).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match="no name for a model"):
        checkpoints.import_file(tmp_path / "w.safetensors", model_id=name)


def test_get_without_a_pin_says_what_to_do_instead() -> None:
    with pytest.raises(ModelError, match=r"no sha256 is pinned.*ecgview models import"):
        checkpoints.fetch("ecgfounder")
    with pytest.raises(ModelError, match="not published for download"):
        checkpoints.fetch("lef-zero-shot")
