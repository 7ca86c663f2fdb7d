"""How the logits of a classifier change with its input; torch comes with the first question.

The networks are shared with every other question about any record. A gradient is taken of the input alone: no
parameter asks for one, nothing is hooked in, no mode is changed, so that a network is the same after as before.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import networks, runtime
from ecgview.models.cards import ModelCard
from ecgview.progress import Progress, silent

if TYPE_CHECKING:
    import torch

BATCH = 4  # inputs a pass: what the network keeps for the way back is some 60 MB an input (MTECG), and 0.03 s to cancel


def network(card: ModelCard, device: str) -> "torch.nn.Module":
    """Return the network of a classifier whose logits have gradients, shared and in evaluation mode.

    Args:
        card: of the classifier.
        device: one that is there, see `runtime.resolve_device`.

    Raises:
        ModelError: its outputs follow its input in steps, or the weights are missing, altered, or do not fit.
    """
    if card.kind != "classifier":
        raise ModelError(f"{card.id} is no classifier", expected="a classifier", found=card.kind)
    if why := networks.without_gradients(card):
        raise ModelError(
            f"{card.id} {why}: its outputs have no gradient, so that they have no map",
            expected="a classifier of another network",
        )
    return runtime.network(card, device)


def logits(module: "torch.nn.Module", inputs: NDArray[np.float32], device: str) -> NDArray[np.float64]:
    """Return (n, classes) logits of (n, leads, samples) network input, on one processor thread."""
    import torch

    rows = []
    with torch.inference_mode(), runtime.threads(device, 1):
        for start in range(0, len(inputs), runtime.BATCH):  # nothing is kept for a way back
            part = torch.from_numpy(np.ascontiguousarray(inputs[start : start + runtime.BATCH])).to(device)
            rows.append(module(part).double().cpu().numpy())
    return np.concatenate(rows)


def mean_gradients(
    module: "torch.nn.Module",
    inputs: NDArray[np.float32],
    outputs: Sequence[int] | NDArray[np.float32],
    device: str,
    progress: Progress = silent,
    *,
    whole_batch: bool = False,
) -> NDArray[np.float32]:
    """Return (outputs, leads, samples): the gradient of each output's logit, its mean over the inputs.

    The outputs share the way forward; each needs a way back of its own, which costs about twice as much.

    Args:
        module: the network, in evaluation mode; see `network`.
        inputs: (n, leads, samples) network input.
        outputs: which logits, by their place; or (outputs, classes) weights of sums of logits.
        device: the one that the network is on.
        progress: told before each batch; may cancel.
        whole_batch: that no window waits, so that every processor may be used.

    Raises:
        Cancelled: `progress` says that nobody waits any more.
    """
    import torch

    total = np.zeros((len(outputs), *inputs.shape[1:]), dtype=np.float64)
    for start in range(0, len(inputs), BATCH):
        progress(start / len(inputs), "gradients of the input")
        # One thread, as for one answer: the other core is the window's.
        count = BATCH if whole_batch else 1
        with torch.inference_mode(False), torch.enable_grad(), runtime.threads(device, count):
            part = torch.from_numpy(np.ascontiguousarray(inputs[start : start + BATCH])).to(device)
            part.requires_grad_(True)
            found = module(part).float()
            if isinstance(outputs, np.ndarray):
                found = found @ torch.from_numpy(outputs.astype(np.float32)).to(device).T
                wanted: Sequence[int] = range(len(outputs))
            else:
                wanted = outputs
            for row, output in enumerate(wanted):
                last = row == len(wanted) - 1
                (slope,) = torch.autograd.grad(found[:, output].sum(), part, retain_graph=not last)
                total[row] += slope.double().sum(0).cpu().numpy()
    return (total / max(1, len(inputs))).astype(np.float32)
