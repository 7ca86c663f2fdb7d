"""A map that says nothing, for studies: of the same network with its weights in random order.

What readers find in it they would find in any map, so that agreement with it is what agreement with maps is held
against.
"""

import copy
from typing import TYPE_CHECKING

import numpy as np

from ecgview.explain import attribution
from ecgview.models import fewer_leads, gradients, runtime
from ecgview.models.preprocessing import prepare
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import Attribution

if TYPE_CHECKING:
    import torch


def of_random_network(
    record: EcgRecord,
    model_id: str | None,
    code: str,
    seed: int,
    device: str = "auto",
    progress: Progress = silent,
) -> Attribution:
    """Return the map of a statement by a network whose weights are in random order; it names the true model.

    Raises:
        ModelError: no such model, statement or device, a network without gradients, or a record that does not fit.
        Cancelled: `progress` says that nobody waits any more.
    """
    card, heard = fewer_leads.asked(runtime.classifier_for(record, model_id), record)
    output = attribution.output_of(card, code)
    device = runtime.resolve_device(device)
    fewer_leads.check(card, record)
    prepared = prepare(heard, card.input)
    module = shuffled(gradients.network(card, device), seed)
    ends = gradients.logits(module, np.stack([prepared, np.zeros_like(prepared)]), device)[:, output]
    steps = attribution.path(prepared, attribution.STEPS)
    slopes = gradients.mean_gradients(module, steps, [output], device, progress)[0]
    rows = [row for row, name in enumerate(card.input.leads) if heard.has(name)]
    products = (slopes.astype(np.float64) * prepared)[rows]
    cells = attribution.cells_of(products, card.input.sampling_rate_hz).astype(np.float32)
    share = float(ends[0] - ends[1])
    return Attribution(
        model=card.facts,
        record_sha256=record.source.sha256,
        of="statement",
        target=code,
        leads=tuple(card.input.leads[row] for row in rows),
        segment_s=attribution.SEGMENT_S,
        cells=cells,
        share=share,
        remainder=share - float(cells.sum(dtype=np.float64)),
        unit="logit",
        method=f"integrated gradients, {attribution.STEPS} steps",
    )


def shuffled(module: "torch.nn.Module", seed: int = 0) -> "torch.nn.Module":
    """Return a copy with every weight tensor's values in random order: as large, but not learnt. The original stays."""
    import torch

    made = copy.deepcopy(module)
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in made.parameters():
            flat = weight.flatten()
            order = torch.randperm(flat.numel(), generator=chance).to(flat.device)
            weight.copy_(flat[order].view_as(weight))
    return made.eval()
