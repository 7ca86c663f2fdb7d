"""The files beside the card of the identifier by median beats, made of the training folds alone."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.models import cards, same_patient
from ecgview.models.cards import ModelCard
from ecgview.progress import Progress, silent
from ecgview.training.data import splits
from ecgview.training.evaluation import known_patients, pairs
from ecgview.training.evaluation.identification import (
    SETS,
    by_beats,
    cross_validated,
    ends,
    having,
    of_leads,
    population_of,
    ratio,
)
from ecgview.training.evaluation.known_patients import Held
from ecgview.training.evaluation.written import whole_file, write_text

WEIGHTS = "population.safetensors"
RESAMPLES = 1000  # of the rates beside an answer


def update_reference(card: ModelCard, data: Path, cache: Path, progress: Progress = silent) -> ModelCard:
    """Write the population's beats and what a correlation is worth beside a card, and their checksum into it.

    Populations, cuts and likelihood ratios are of the training folds; error rates are of the cross-validation over all.
    """
    from safetensors.numpy import save

    held = known_patients.held(data, cache, progress)
    judged = [one for one in held if not one.is_external and one.shape is not None]
    folds = splits.for_folds(one.row.fold for one in judged)
    taught = (*folds["train"], *folds["validation"])
    training = [one for one in judged if one.row.fold in taught]
    arrays: dict[str, NDArray[np.float32]] = {}
    verified = []
    for k, leads in enumerate(SETS):
        progress(k / len(SETS), f"pairs, {'+'.join(leads)}")
        population = population_of(training, leads)
        arrays |= {
            f"{'+'.join(leads)}.{part}": np.ascontiguousarray(getattr(population, part), dtype=np.float32)
            for part in ("magnitude", "mean")
        }
        verified.append(_verified(training, judged, leads))
    with whole_file(card.folder / WEIGHTS) as part:
        part.write_bytes(save(arrays))
    text = json.dumps({"sets": verified}, indent=1, allow_nan=False)
    write_text(card.folder / same_patient.VERIFICATION, text + "\n")
    path = card.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    count = len({one.row.patient_id for one in training})
    twelve = verified[0]
    all_folds = splits.folds_in_words(one.row.fold for one in judged)
    raw |= {
        "weights": WEIGHTS,
        "sha256": cards.sha256_of(card.folder / WEIGHTS),
        "training_data": f"PTB-XL 1.0.3 {splits.folds_in_words(taught)} (CC BY 4.0): the mean beat of "
        f"{count:,} patients; "
        "nothing was fitted to know a patient",
        "calibrated": f"calibrated on {twelve['taught_genuine']} pairs of {twelve['taught_patients']} patients "
        f"of PTB-XL {splits.folds_in_words(taught)} (a likelihood ratio, cross-validated); error rates on "
        f"{twelve['n_genuine']} pairs of {twelve['n_patients']} patients of {all_folds}",
        "folds": {
            "train": list(folds["train"]),
            "validation": list(folds["validation"]),
            "test": list(folds["test"]),
        },
    }
    write_text(path, json.dumps(raw, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return cards.read_card(path)


def _verified(training: Sequence[Held], judged: Sequence[Held], leads: tuple[str, ...]) -> dict[str, Any]:
    """Return what `same_patient` reads of one set of leads."""
    own = cross_validated(having(training, leads), by_beats(leads)).pairs
    cut = pairs.cuts(own)
    slope, offset = ratio(own)
    lowest, highest = ends(own)
    row = of_leads(judged, leads, RESAMPLES)
    plain = {name: row[name]["value"] for name in ("auroc", "equal_error_rate")}
    numbers = dict(
        zip(
            ("threshold", "threshold_two", "slope", "offset", "lowest", "highest"),
            (cut.same, cut.two, slope, offset, lowest, highest),
            strict=True,
        )
    )
    return {
        "leads": list(leads),
        **plain,
        **{name: round(value, 6) for name, value in numbers.items()},
        **{name: row[name] for name in (*same_patient.COUNTS, *same_patient.RATES)},
        "taught_genuine": int(own.genuine.sum()),
        "taught_patients": own.n_patients,
    }
