"""Read weights from a file that may come from anyone, without ever running what is in it.

A checkpoint is read with torch's restricted unpickler, which knows tensors and, here, plain numbers as numpy
writes them (published files keep those beside the optimizer). Anything else in it, code above all, is
refused.
"""

import contextlib
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgview.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

State = dict[str, "Tensor"]
_WRAPPERS = ("state_dict", "model", "model_state_dict")
_NUMBERS = "biuf"  # numpy kinds: bool, integers, floats


def read_state(path: Path) -> State:
    """Return the weights of a checkpoint, name -> tensor, without running anything of it.

    Raises:
        ModelError: not a checkpoint, damaged, or holding code or foreign objects.
    """
    if not path.is_file():
        raise ModelError("there is no such file", where=str(path))
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickled(path)
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
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def _read_safetensors(path: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"is not a safetensors file ({error})", where=str(path)) from None


def _read_pickled(path: Path) -> Any:
    import torch

    try:
        with _numbers_allowed():
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = next((line.strip() for line in str(error).splitlines() if "GLOBAL" in line), "")
        raise ModelError(
            "refused: it holds more than weights (code or foreign objects), which ecgview never runs",
            where=str(path),
            expected="tensors and plain numbers",
            found=reason[:160] or None,
        ) from None
    except (
        OSError,
        RuntimeError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
    ) as error:
        first = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
        raise ModelError("is not a readable checkpoint", where=str(path), found=first) from None


@contextlib.contextmanager
def _numbers_allowed() -> Iterator[None]:
    """Let torch's restricted unpickler read numpy numbers, whichever numpy wrote them."""
    import torch

    kinds = {type(np.dtype(code)) for code in "?bBhHiIlLqQefd"}
    allowed: list[Any] = [
        (_number, "numpy.core.multiarray.scalar"),  # numpy 1
        (_number, "numpy._core.multiarray.scalar"),  # numpy 2
        (_number_type, "numpy.dtype"),
        *kinds,
    ]
    with torch.serialization.safe_globals(allowed):
        yield


def _number_type(code: str, *_flags: bool) -> "np.dtype[Any]":
    """Return the type of a plain number; anything that could hold objects is refused."""
    kind = np.dtype(str(code))
    if kind.kind not in _NUMBERS:
        raise pickle.UnpicklingError(f"a numpy type that is no number: {str(code)[:40]!r}")
    return kind


def _number(kind: "np.dtype[Any]", content: bytes) -> Any:
    """Return the number that numpy pickled as its bytes."""
    if not isinstance(kind, np.dtype) or kind.kind not in _NUMBERS or len(content) != kind.itemsize:
        raise pickle.UnpicklingError("a numpy value that is no number")
    return np.frombuffer(content, dtype=kind)[0].item()
