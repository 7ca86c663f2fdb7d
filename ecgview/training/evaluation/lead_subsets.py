"""What is left of a model's worth with fewer leads; the absent ones are rows of zeros."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.leads import STANDARD_12
from ecgview.models import fewer_leads, lead_sets
from ecgview.models.cards import ModelCard
from ecgview.progress import Progress, silent
from ecgview.training.data.inputs import LEAD_SETS
from ecgview.training.data.pack import Pack
from ecgview.training.evaluation.asked import Asked, asked, masked_in_training
from ecgview.training.evaluation.levels import levels, score
from ecgview.training.evaluation.metrics import percentiles
from ecgview.training.evaluation.plain import interval

OF_THE_CARD = "card"


def parse(text: str, card: ModelCard) -> list[tuple[str, ...]]:
    """Return the lead sets of "12,6,3,2,1", of names joined by a plus ("12,I+II+V5"), or of "card" all of its own.

    Raises:
        ModelError: a set that is none of these, or "card" of a card without any.
    """
    if text.strip() == OF_THE_CARD:
        if not card.lead_sets:
            raise ModelError(f"the card of {card.id} has no lead sets", expected=", ".join(LEAD_SETS))
        return [card.input.leads, *(one.leads for one in card.lead_sets)]
    sets = []
    for part in (piece.strip() for piece in text.split(",")):
        listed = LEAD_SETS.get(part) or lead_sets.LISTED.get(part)
        names = listed or tuple(name.strip() for name in part.split("+"))
        unknown = [name for name in names if name not in STANDARD_12]
        if unknown:
            raise ModelError(
                "no such lead set",
                expected=f"card, {', '.join(LEAD_SETS)} or leads joined by +",
                found=", ".join(unknown) or "nothing",
            )
        sets.append(names)
    return sets


def table(
    whole: Asked,
    pack: Pack,
    index: NDArray[np.int64],
    sets: Sequence[tuple[str, ...]],
    resamples: int,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Return a row per lead set with its figures, and what all leads have over fewer, paired.

    Raises:
        ModelError: the model takes none of these sets.
    """
    fitting = [names for names in sets if set(names) <= set(whole.card.input.leads)]
    if not fitting:
        raise ModelError(
            f"{whole.card.id} takes none of these lead sets",
            expected=f"sets of {', '.join(whole.card.input.leads)}",
            found="; ".join("+".join(names) for names in sets),
        )
    bootstrap = whole.bootstrap(resamples)
    full = [score(level, bootstrap) for level in levels(whole)]
    rows = []
    for names in fitting:
        all_leads = set(names) == set(whole.card.input.leads)
        own = next((one for one in whole.card.lead_sets if set(one.leads) == set(names)), None)
        card = whole.card if own is None else fewer_leads.with_set(whole.card, own)
        part = whole if all_leads else asked(card, pack, index, progress, names, whole.task)
        row: dict[str, Any] = {"leads": list(names), "n_leads": len(names), "n_records": len(part.rows)}
        for level, reference in zip(levels(part), full, strict=True):
            scores = score(level, bootstrap)
            lost = reference.auroc.minus(scores.auroc)
            row[f"{level.name}_macro_auroc"] = interval(scores.auroc.mean())
            row[f"{level.name}_macro_auprc"] = interval(scores.auprc.mean())
            if not all_leads:
                row[f"{level.name}_auroc_lost"] = interval(percentiles(lost.value[0], lost.draws))
        rows.append(row)
    return rows


def note(card: ModelCard) -> str:
    """Return how absent leads are given to this model, and whether its training knew of that."""
    chance = masked_in_training(card)
    if card.lead_sets:
        return "absent leads are rows of zeros; a set of the card with its own lines and thresholds"
    if card.input.lead_agnostic:
        return "absent leads are rows of zeros, as this lead-agnostic network takes them"
    if chance:
        return f"absent leads are rows of zeros; in training each lead was hidden with probability {chance:g}"
    return "absent leads are rows of zeros, which this model never met in training"
