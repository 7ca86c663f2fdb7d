"""Fine-tuning of the lead-agnostic network on PTB-XL's 71 statements, or another task, with any set of leads."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ecgview.models.networks import wav2vec_cmsc
from ecgview.models.networks.wav2vec_cmsc import Wav2vecCmsc
from ecgview.training.data import inputs, material, provenance, share
from ecgview.training.data.material import Data
from ecgview.training.engine import classify, lead_agnostic
from ecgview.training.engine import export as exporting
from ecgview.training.engine.lead_agnostic import Sizes
from ecgview.training.engine.optimisation import Optimiser, Precision, Schedule
from ecgview.training.engine.recipe import loop_settings
from ecgview.training.objectives.supervised import SupervisedObjective
from ecgview.training.places import Places


@dataclass(frozen=True, slots=True)
class LeadSetRecipe:
    """Fine-tuning on PTB-XL's statements with a set of leads; the others are rows of zeros.

    Published: convolutions frozen, dropout 0, activation dropout .1, Adam 5e-5, batch 128, up to 100 epochs.
    Rate, batch and epochs here are defaults of ours for the small variant.
    """

    task: str = "all71"  # the paper's is cinc26, the challenge's 26 classes
    leads: str = "12"  # 12, 6, 3, 2, 1, or names separated by commas
    epochs: int = 8
    batch: int = 64
    learning_rate: float = 5e-4
    warmup_epochs: float = 1.0
    schedule: Schedule = "cosine"
    optimiser: Optimiser = "adamw"
    weight_decay: float = 0.01
    mask_leads: float = 0.0
    sizes: Sizes = field(default_factory=Sizes)
    share_of_data: float = 1.0
    seed: int = 0
    most_records: int = 0
    precision: Precision = "bf16"
    accumulate: int = 1
    patience: int = 0
    save_minutes: float = 10.0


RECIPE = LeadSetRecipe()
SMOKE = {"epochs": 1, "most_records": 64, "batch": 16, "sizes": lead_agnostic.SMALL}
STARTS = True


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """The network at its best validation epoch, and what it was made of."""

    network: Wav2vecCmsc
    data: Data
    inputs: classify.Inputs

    def said(self, index: share.Index) -> NDArray[np.float32]:
        """Return (n, k) probabilities of packed records, the mean of two halves each."""
        return classify.answers(self.network, self.data.pack, index, self.inputs.views)


def run(recipe: LeadSetRecipe, places: Places) -> Tuned:
    """Fine-tune on a lead set; resumed if `places.out` exists."""
    found = material.of_recipe(recipe, places, inputs.LEAD_AGNOSTIC)
    provenance.keep(found.learnt, places.out)
    torch.manual_seed(recipe.seed)
    sizes = lead_agnostic.sizes_at(places.start, recipe.sizes)
    network = Wav2vecCmsc(
        sizes.config(
            n_classes=len(found.task),
            conv_gradient=0.0 if places.start is not None else 1.0,
            dropout=0.0,
        )
    )
    if places.start is not None:
        lead_agnostic.load_encoder(network, places.start)
    select = "super_auroc" if recipe.task == "all71" else "auroc"
    settings = loop_settings(recipe, len(found.train), places.device, betas=(0.9, 0.98), select=select)
    made = lead_agnostic.inputs(recipe.leads, recipe.mask_leads)
    classify.train(
        SupervisedObjective(network),
        found,
        made,
        settings,
        recipe.batch,
        places.out,
        device=places.device,
        progress=places.progress,
    )
    return Tuned(network.eval(), found, made)


def export(made: Tuned, recipe: LeadSetRecipe, folder: Path) -> Path:
    """Write weights and card."""
    held = made.data.validation
    return exporting.any_classifier(
        made.network,
        made.data.wanted[held],
        made.said(held),
        folder,
        name=f"Lead-agnostic network, fine-tuned on {recipe.leads} leads",
        network_id="wav2vec-cmsc",
        input_spec=asdict(wav2vec_cmsc.INPUT),
        config=wav2vec_cmsc.sizes(made.network),
        recipe=recipe,
        learnt=made.data.learnt,
        task=made.data.task,
        notes=(
            "The window shows its answer on the first 5 s; thresholds are for the mean of two 5 s halves.",
        ),
    )
