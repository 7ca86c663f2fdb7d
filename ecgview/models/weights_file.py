"""Read weights from a file that may come from anyone, without ever running what is in it.

A checkpoint is read by `pickled_weights`, which knows tensors and plain values as torch and numpy write them (published
files keep those beside the optimizer). Anything else in it, code above all, is refused. No more is made of a file than
its own bytes: what it says of itself is compared with them first.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgview.errors import ModelError
from ecgview.models import card_text, pickled_weights
from ecgview.models.pickled_weights import MOST_AXES, MOST_TENSORS

if TYPE_CHECKING:
    from torch import Tensor

State = dict[str, "Tensor"]
_WRAPPERS = ("state_dict", "model", "model_state_dict")
LARGEST = 4_000_000_000  # bytes; ECGFounder's with its optimizer has 0.4 GB
MOST_HEADER = 8_000_000  # bytes of a safetensors header: 160 for each tensor
MOST_NAME = 200  # characters of a weight's name


def read_state(path: Path) -> State:
    """Return the weights of a checkpoint, name -> tensor, without running anything of it.

    Raises:
        ModelError: not a checkpoint, damaged, or holding code or foreign objects.
    """
    if not path.is_file():
        raise ModelError("there is no such file", where=str(path))
    if (size := path.stat().st_size) > LARGEST:
        raise ModelError(
            "is too large for weights",
            where=str(path),
            expected=f"{LARGEST:,} bytes at most",
            found=f"{size:,}",
        )
    is_plain = path.suffix == ".safetensors"
    content: Any = read_safetensors(path) if is_plain else pickled_weights.read(path)
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
            break
    import torch

    if not isinstance(content, Mapping) or not content:
        raise ModelError("holds no weights", where=str(path), expected="a state dict")
    foreign = [name for name, value in content.items() if not isinstance(value, torch.Tensor)]
    if foreign:
        raise ModelError(
            "holds no plain state dict",
            where=str(path),
            expected="tensors by name",
            found=", ".join(map(str, foreign[:5])),
        )
    empty = next((name for name, value in content.items() if not value.numel()), None)
    if empty is not None:  # an axis of 0 lets another one say anything, and labels are counted by axes
        raise ModelError(
            "holds a tensor without numbers",
            where=f"{path}: {str(empty)[:80]}",
            found=str(tuple(content[empty].shape))[:80],
        )
    long = next((name for name in content if len(str(name)) > MOST_NAME), None)
    if long is not None:
        raise ModelError(
            "the name of a weight is too long",
            where=f"{path}: {card_text.seen(long)[1:-1]}",
            expected=f"{MOST_NAME} characters at most",
        )
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def read_safetensors(path: Path) -> State:
    """Return the tensors of a safetensors file after its header was compared with limits and with the file.

    Raises:
        ModelError: it is none, or says sizes that no weights have.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        _check_header(path)
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"is not a safetensors file ({card_text.seen(str(error))[1:-1]})", where=str(path)
        ) from None


def _check_header(path: Path) -> None:
    """Look at what the header says before the library makes anything of it."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length + 8 > size:
            raise ValueError("it is cut")
        if length > MOST_HEADER:
            raise ModelError(
                "the header is too long",
                where=f"{path}: header",
                expected=f"{MOST_HEADER:,} bytes at most",
                found=f"{length:,}",
            )
        raw = json.loads(file.read(length))
    if not isinstance(raw, dict):
        raise ValueError("its header is no object")
    raw.pop("__metadata__", None)
    if len(raw) > MOST_TENSORS:
        raise ModelError(
            "too many tensors", where=f"{path}: header", expected=f"{MOST_TENSORS:,}", found=f"{len(raw):,}"
        )
    for name, told in raw.items():
        shape = told.get("shape") if isinstance(told, dict) else None
        if not isinstance(shape, list) or not all(type(n) is int for n in shape):
            raise ValueError(f"{name[:80]} has no shape")
        # The library compares the product with the bytes; an axis of 0 makes any other length agree with them.
        if len(shape) > MOST_AXES or not all(0 < n <= size for n in shape):
            raise ModelError(
                "says sizes that no weights have",
                where=f"{path}: {name[:80]}",
                expected=f"{MOST_AXES} axes at most, each of 1 to {size:,}, the bytes of the file",
                found=str(shape)[:80],
            )
