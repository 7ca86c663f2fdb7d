"""Networks in memory, each once, on the devices of this machine; torch comes with the first that is asked for."""

import contextlib
import threading
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from ecgview.errors import ModelError
from ecgview.models.cards import ModelCard

if TYPE_CHECKING:
    import torch

ANSWERS = "fp32, packed"  # beside precisions, the form of fp32 that has no gradients
LOADED: dict[tuple[str, str, str], Any] = {}  # by checksum of the weights, device and precision
_lock = threading.Lock()


def available_devices() -> tuple[str, ...]:
    """Return the devices of this machine, fastest first; cpu is always among them."""
    import torch

    found = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def resolve_device(device: str = "auto") -> str:
    """Return the device that will run; ModelError if the one asked for is not there."""
    if device == "cpu":  # is always there, and known without torch
        return device
    there = available_devices()
    if device == "auto":
        return there[0]
    if device not in there:
        raise ModelError(f"there is no {device} device on this machine", expected=", ".join(there))
    return device


def network(card: ModelCard, device: str, precision: str = "fp32") -> "torch.nn.Module":
    """Return the network of a card in evaluation mode, loaded once per weights, device and precision.

    bf16 is given as it is asked for: `models.precision` says whether it may be used. Of a card that is asked with fewer
    leads the logits lie on the lines of that set.

    Raises:
        ModelError: the weights are missing, altered, or do not fit the network (the keys are named).
    """
    import torch

    from ecgview.models import architectures

    # By the weights, not by the id: a card that is replaced while the window is open loads anew.
    key = (card.sha256 or card.id, device, precision)
    with _lock:
        if key not in LOADED:
            # Whoever asks first may be in inference mode; weights that are made there can never have gradients.
            with torch.inference_mode(False):
                LOADED[key] = _loaded_as(architectures.load(card), device, precision)
        found: torch.nn.Module = LOADED[key]
    return found if card.asked_with is None else _on_lines(found, card, device)


def _on_lines(module: "torch.nn.Module", card: ModelCard, device: str) -> "torch.nn.Module":
    from ecgview.models.networks.kit.lines import OnLines

    assert card.asked_with is not None
    lines = [card.asked_with.lines.get(code, (1.0, 0.0)) for code in card.labels]
    return OnLines(module, lines).to(device).eval()


def _loaded_as(module: "torch.nn.Module", device: str, precision: str) -> "torch.nn.Module":
    if precision == "bf16":
        from ecgview.models.networks.kit.bf16 import InBf16

        return InBf16(module)
    if precision == ANSWERS:
        from ecgview.models.networks.kit.packed import to_answer

        return to_answer(module)
    return module.to(device)


@contextlib.contextmanager
def threads(device: str, count: int) -> Iterator[None]:
    """Let one ECG alone run on one processor thread, a batch on all.

    One ECG is answered in tens of milliseconds that way, and steadily: with several threads it waits for the
    slowest, up to a second when something else is busy. The window keeps a core to itself, too.
    """
    if device != "cpu":
        yield
        return
    import torch

    full = all_threads()
    torch.set_num_threads(1 if count == 1 else full)
    try:
        yield
    finally:
        torch.set_num_threads(full)


@cache
def all_threads() -> int:
    """Return how many threads torch has for a batch."""
    import torch

    return torch.get_num_threads()
