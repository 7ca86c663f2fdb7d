"""A model's file makes no more of itself than its bytes: what it says of sizes is compared before anything is made."""

import json
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from ecgview import cli
from ecgview.errors import ModelError
from ecgview.formats import wfdb
from ecgview.models import architectures, cards, checkpoints, weights_file
from ecgview.models.networks.mtecg import Mtecg, MtecgConfig
from ecgview.record import EcgRecord

SMALL = {"width": 24, "depth": 1, "n_heads": 3}


@pytest.fixture
def made() -> Iterator[list[int]]:
    """Yield the bytes of each tensor that torch makes outside of the device of shapes alone."""
    from torch.overrides import TorchFunctionMode

    found: list[int] = []

    class Counting(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = func(*args, **(kwargs or {}))
            if isinstance(made, torch.Tensor) and made.device.type != "meta":
                found.append(made.numel() * made.element_size())
            return made

    with Counting():
        yield found


def small_model(folder: Path, **changes: Any) -> Path:
    """Return a small network's weights with a card beside them in which fields are changed."""
    torch.manual_seed(0)
    folder.mkdir(exist_ok=True)
    save_file(Mtecg(MtecgConfig(n_classes=2, **SMALL)).state_dict(), folder / "w.safetensors")  # type: ignore[arg-type]
    raw: dict[str, Any] = {
        "id": "small",
        "name": "Small",
        "version": "1",
        "kind": "classifier",
        "network": "mtecg",
        "licence": "MIT",
        "training_data": "none",
        "calibrated": "not calibrated",
        "intended_use": "tests",
        "out_of_scope": "all",
        "labels": ["A", "B"],
        "thresholds": [0.25, None],
        "input": {"leads": ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]},
        "config": SMALL,
        "notes": ["a note of its author"],
    }
    (folder / "card.json").write_text(json.dumps(raw | changes))
    return folder / "w.safetensors"


def test_the_small_model_itself_comes_in(tmp_path: Path) -> None:
    assert checkpoints.import_file(small_model(tmp_path / "m")).labels == ("A", "B")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({**SMALL, "width": 90_000}, "larger network than the file has weights for"),
        ({**SMALL, "depth": 900_000}, "larger network than the file has weights for"),
        ({**SMALL, "depth": 10**12}, "config, depth: the size is too large"),
        ({**SMALL, "mlp_ratio": 1e18}, "config, mlp_ratio: the size is too large"),
        ({**SMALL, "mlp_ratio": 900_000.0}, "larger network than the file has weights for"),
        ({**SMALL, "n_samples": 900_000, "segment_samples": 1}, "larger network than|do not fit"),
        ({**SMALL, "width": -24}, "cannot be built"),
        ({**SMALL, "segment_samples": 0}, "cannot be built"),
        ({**SMALL, "width": "wide"}, "cannot be built"),
        ({**SMALL, "width": [24]}, "cannot be built"),
        ({**SMALL, "width": {"a": 1}}, "config, width: cannot be understood"),
        ({**SMALL, "colour": 3}, "unknown size"),
        ({f"k{i}": 1 for i in range(100)}, "config: there are too many"),
    ],
)
def test_no_network_is_built_beyond_the_weights_that_are_there(
    config: dict[str, Any], said: str, tmp_path: Path, made: list[int]
) -> None:
    path = small_model(tmp_path / "m", config=config)
    made.clear()
    with pytest.raises(ModelError, match=said) as caught:
        checkpoints.import_file(path)
    assert "config" in str(caught.value.where) or "do not fit" in str(caught.value)
    assert sum(made) < 64 * path.stat().st_size
    assert not cards.user_folder().exists()


@pytest.mark.parametrize(
    ("network", "config"),
    [
        ("net1d", {"widths": [9_984] * 7, "blocks": [2] * 7}),
        ("net1d", {"widths": [16] * 64, "blocks": [10_000] * 64}),
        ("net1d", {"stem_width": 900_000, "kernel": 900}),
        ("wave-unet", {"members": 900_000}),
        ("wave-unet", {"widths": [9_999] * 9}),
        ("random-kernels", {"per_group": 900_000, "length": 900_000}),
        ("random-kernels", {"every": 900_000}),
        ("wav2vec-cmsc", {"depth": 900_000}),
        ("wav2vec-cmsc", {"codes": 900_000, "code_groups": 900}),
        ("wav2vec-cmsc", {"position_kernel": 900_000}),
        ("mtecg-mae", {"decoder_depth": 900_000}),
        ("mtecg-mae", {"decoder_width": 900_000}),
    ],
)
def test_that_holds_for_every_network_that_ships(
    network: str, config: dict[str, Any], tmp_path: Path, made: list[int]
) -> None:
    path = small_model(tmp_path / "m", network=network, config=config)
    made.clear()
    with pytest.raises(ModelError, match="larger network than the file has weights for") as caught:
        checkpoints.import_file(path)
    assert "config" in str(caught.value.where)
    assert sum(made) < 64 * path.stat().st_size


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"labels": [f"l{i}" for i in range(5_000)], "thresholds": []}, "labels"),
        ({"labels": ["x" * 300, "B"]}, "labels"),
        ({"labels": ["A", "A"]}, "labels"),
        ({"labels": ["A", ["B"]]}, "labels"),
        ({"input": {"leads": [f"L{i}" for i in range(5_000)]}}, "input, leads"),
        ({"input": {"leads": "I"}}, "input, leads"),
        ({"input": {"leads": ["I"], "sampling_rate_hz": 10_000, "seconds": 600}}, "input"),
        ({"notes": ["x"] * 500}, "notes"),
        ({"notes": ["x" * 5_000]}, "notes"),
        ({"config": {"width": float("nan")}}, "config, width"),
        ({"config": {"width": float("inf")}}, "config, width"),
        ({"metrics": {"a": 10**30}}, "metrics"),
        ({"metrics": json.loads("[" * 40 + "]" * 40)}, "metrics"),
        ({"thresholds": [float("inf"), None]}, "thresholds"),
        ({"name": "x" * 2_000_000}, "card.json"),
    ],
)
def test_what_a_card_says_is_bounded_and_named(fields: dict[str, Any], where: str, tmp_path: Path) -> None:
    path = small_model(tmp_path / "m", **fields)
    with pytest.raises(ModelError) as caught:
        checkpoints.import_file(path)
    assert str(caught.value.where).startswith(str(tmp_path / "m" / "card.json"))
    assert where in str(caught.value.where)


@pytest.mark.parametrize("text", ["[" * 100_000, "[1e400]", '{"a": ' + "9" * 5000 + "}"])
def test_a_card_of_odd_json_is_no_card(text: str, tmp_path: Path) -> None:
    path = small_model(tmp_path / "m")
    (tmp_path / "m" / "card.json").write_text(text)
    with pytest.raises(ModelError, match="not a model card"):
        checkpoints.import_file(path)


def safetensors_saying(path: Path, header: dict[str, Any], data: bytes = b"") -> Path:
    told = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(told)) + told + data)
    return path


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"a": {"dtype": "F32", "shape": [0, 50_000_000], "data_offsets": [0, 0]}}, "says sizes"),
        ({"a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}, "says sizes"),
        ({"a": {"dtype": "F32", "shape": [1] * 30, "data_offsets": [0, 4]}}, "says sizes"),
        ({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, "says sizes"),
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, "not a safetensors file"),
        ({"a": {"dtype": "F32", "shape": "x", "data_offsets": [0, 4]}}, "not a safetensors file"),
        ({"a": 3}, "not a safetensors file"),
        ({"a" * 500: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, "name of a weight is too long"),
        (
            {f"t{i}": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for i in range(60_000)},
            "too many tensors",
        ),
    ],
)
def test_a_header_of_safetensors_is_compared_with_the_file(
    header: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = safetensors_saying(tmp_path / "odd.safetensors", header, bytes(4))
    with pytest.raises(ModelError, match=said) as caught:
        weights_file.read_state(path)
    assert str(path) in str(caught.value.where)


def test_a_header_longer_than_any_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "long.safetensors"
    path.write_bytes(struct.pack("<Q", 20_000_000) + b" " * 20_000_000)
    with pytest.raises(ModelError, match="header is too long"):
        weights_file.read_state(path)


def spread() -> dict[str, torch.Tensor]:
    return {"head.weight": torch.zeros(1).expand(30_000, 30_000)}


def empty_axis() -> dict[str, torch.Tensor]:
    return {"head.weight": torch.zeros(50_000_000, 0)}


def one_storage_often() -> dict[str, torch.Tensor]:
    one = torch.zeros(5_000)
    return {f"w{i}": one for i in range(200)}


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(
    ("state", "said"),
    [(spread, "says sizes"), (empty_axis, "tensor without numbers"), (one_storage_often, "says sizes")],
)
def test_tensors_that_show_more_than_is_stored_are_refused(
    state: Callable[[], Any], said: str, legacy: bool, tmp_path: Path
) -> None:
    path = tmp_path / "odd.pth"
    torch.save(state(), path, _use_new_zipfile_serialization=not legacy)
    assert path.stat().st_size < 100_000
    with pytest.raises(ModelError, match=said) as caught:
        weights_file.read_state(path)
    assert str(path) in str(caught.value.where)


def test_tied_weights_and_odd_strides_are_read(tmp_path: Path) -> None:
    one = torch.arange(12.0).reshape(3, 4)
    kinds = {str(kind): torch.ones(3, dtype=kind) for kind in (torch.bfloat16, torch.int64, torch.bool)}
    for legacy in (False, True):
        path = tmp_path / f"{legacy}.pth"
        told = {"a": one, "tied": one.t(), "part": one[1:, 1:], "p": torch.nn.Parameter(one + 1), **kinds}
        torch.save(OrderedDict(told), path, _use_new_zipfile_serialization=not legacy)
        found = weights_file.read_state(path)
        assert list(found) == list(told)
        for name, value in told.items():
            assert torch.equal(found[name], value.detach()), name
            assert found[name].dtype == value.dtype


def repacked(path: Path, change: Callable[[str, bytes], bytes], packed: bool = False) -> Path:
    """Return the checkpoint with other members."""
    out = path.with_name("other.pth")
    kind = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", kind) as new:
        for one in old.infolist():
            new.writestr(one.filename, change(one.filename, old.read(one)))
    return out


def test_a_packed_member_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(50_000_000, dtype=torch.uint8)}, tmp_path / "w.pth")
    small = repacked(tmp_path / "w.pth", lambda _name, raw: raw, packed=True)
    assert small.stat().st_size < 100_000
    with pytest.raises(ModelError, match="says sizes"):
        weights_file.read_state(small)


def test_a_storage_that_says_more_than_its_member_has_is_not_allocated(
    tmp_path: Path, made: list[int]
) -> None:
    torch.save({"w": torch.zeros(200)}, tmp_path / "w.pth")

    def huge(name: str, raw: bytes) -> bytes:
        # BININT1 200 stands for the count of the storage and for the shape: both say a billion now
        return raw.replace(b"K\xc8", b"J\x00\xca\x9a\x3b") if name.endswith("data.pkl") else raw

    made.clear()
    with pytest.raises(ModelError, match="says sizes"):
        weights_file.read_state(repacked(tmp_path / "w.pth", huge))
    assert sum(made) == 0


class _Bytes:
    def __reduce__(self) -> tuple[object, tuple[int]]:
        return bytearray, (3_600_000_000,)


def test_nothing_that_a_pickle_calls_is_made(tmp_path: Path) -> None:
    path = tmp_path / "calls.pth"
    torch.save({"w": torch.zeros(1), "x": _Bytes()}, path)
    with pytest.raises(ModelError, match="refused: it holds more than weights") as caught:
        weights_file.read_state(path)
    assert "bytearray" in str(caught.value.found)


def zip_of_pickle(path: Path, raw: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("archive/data.pkl", raw)
    return path


def test_a_name_that_takes_for_ever_to_hash_is_refused(tmp_path: Path) -> None:
    doubled = b"".join(b"q%ch%c\x86" % (k, k) for k in range(60))  # remember it, take it once more, pair them
    raw = b"\x80\x02})" + doubled + b"K\x01s."
    with pytest.raises(ModelError, match="refused") as caught:
        weights_file.read_state(zip_of_pickle(tmp_path / "deep.pth", raw))
    assert caught.value.found == "a name that is a tuple"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x80\x02.",
        b"\x80\x02r\xff\xff\xff\x7f.",
        b"\x80\x02h\x07.",
        b"\x80\x02(((((.",
        b"\x80\x02\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x02X\xff\xff\xff\x7fab.",
        b"\x80\x02}\x8b\x00\x00\x00\x40K\x01s.",
        b"\x80\x02cos\nsystem\n.",
        b"\x80\x02K\x01Q.",
        b"\x80\x02)\x81.",
    ],
)
def test_odd_opcodes_end_in_a_typed_error(raw: bytes, tmp_path: Path) -> None:
    path = zip_of_pickle(tmp_path / "odd.pth", raw)
    with pytest.raises(ModelError) as caught:
        weights_file.read_state(path)
    assert str(path) in str(caught.value.where)


def test_labels_are_not_counted_by_an_axis_without_end(tmp_path: Path) -> None:
    torch.manual_seed(0)
    state = Mtecg(MtecgConfig(n_classes=2, **SMALL)).state_dict()  # type: ignore[arg-type]
    state["head.weight"], state["head.bias"] = torch.zeros(9_000, 24), torch.zeros(9_000)
    save_file(state, tmp_path / "many.safetensors")
    with pytest.raises(ModelError, match="too many outputs"):
        checkpoints.import_file(tmp_path / "many.safetensors")


def test_a_folder_put_in_place_by_hand_is_bounded_alike(tmp_path: Path) -> None:
    folder = cards.user_folder() / "small"
    folder.mkdir(parents=True)
    path = small_model(folder, config={**SMALL, "width": 90_000}, weights="w.safetensors")
    raw = json.loads((folder / "card.json").read_text()) | {"sha256": cards.sha256_of(path)}
    (folder / "card.json").write_text(json.dumps(raw))
    with pytest.raises(ModelError, match="larger network than"):
        architectures.load(cards.get("small"))


def test_the_card_is_shown_before_a_model_is_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = small_model(tmp_path / "m")

    class Terminal:
        def __init__(self, said: str) -> None:
            self.said = said

        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            assert not cards.user_folder().exists()  # asked before anything is written
            return self.said

    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    assert cli.main(["models", "import", str(path)]) == 1
    told = capsys.readouterr().err
    for word in (
        "A: threshold 0.25",
        "B: no threshold",
        "a note of its author",
        "training_data: none",
        "[y/N]",
    ):
        assert word in told
    assert "was not taken in" in told
    assert not cards.user_folder().exists()
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert cli.main(["models", "import", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "small"


def test_a_script_says_yes_and_without_a_terminal_nobody_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = small_model(tmp_path / "m")
    assert cli.main(["models", "import", str(path)]) == 1
    assert "--yes" in capsys.readouterr().err
    assert not cards.user_folder().exists()
    assert cli.main(["models", "import", str(path), "--yes"]) == 0


@pytest.mark.parametrize("kind", ["complex64", "int64", "bool", "float8_e4m3fn", "float4_e2m1fn_x2"])
def test_weights_of_another_kind_of_number_are_no_weights(kind: str, tmp_path: Path) -> None:
    """Imaginary parts would be dropped without a word, and four bits of a number can be read by nobody."""
    path, dtype = small_model(tmp_path / "m"), getattr(torch, kind, None)
    if dtype is None:
        pytest.skip(f"this torch has no {kind}")
    state = load_file(path)
    name = next(name for name, value in state.items() if value.ndim == 2)
    packed = torch.zeros(state[name].shape, dtype=torch.uint8)
    state[name] = packed.view(dtype) if kind.startswith("float4") else packed.to(dtype)
    save_file(state, path)
    with pytest.raises(ModelError, match="do not fit") as caught:
        checkpoints.import_file(path)
    assert f"{name} holds {kind}, not float32" in str(caught.value.found)
    for number, known in enumerate((torch.float16, torch.bfloat16, torch.float64)):
        save_file({**state, name: packed.to(known)}, path)
        assert architectures.load(checkpoints.import_file(path, f"as-{number}")) is not None


def test_weights_that_give_no_number_give_no_answer(
    tmp_path: Path, pulse_record: EcgRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    ecg = wfdb.write(pulse_record, tmp_path / "one")
    path = small_model(tmp_path / "m")
    state = load_file(path)
    save_file({name: torch.full_like(value, float("nan")) for name, value in state.items()}, path)
    card = checkpoints.import_file(path)
    assert cli.main(["classify", "--model", card.id, str(ecg)]) == 1
    said = capsys.readouterr()
    assert "gives no number" in said.err
    assert "small: A" in said.err
    assert "nan" not in said.out.lower()


@pytest.mark.parametrize(
    "text", ['{"a": NaN}', '{"a": Infinity}', '{"a": 1e999}', '{"a": [1, {"b": -Infinity}]}']
)
def test_figures_of_a_card_that_are_no_numbers_are_refused(text: str, tmp_path: Path) -> None:
    path = small_model(tmp_path / "m")
    there = tmp_path / "m" / "card.json"
    there.write_text(there.read_text()[:-1] + f', "metrics": {text}}}')
    with pytest.raises(ModelError, match="the number is none") as caught:
        checkpoints.import_file(path)
    assert "card.json: metrics" in str(caught.value.where)
