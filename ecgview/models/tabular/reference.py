"""Set the composite's base value and the records it is compared with, without any ejection fraction.

The base value is the composite at the cohort's median predictors. The index is shown as a percentile of the cohort:
"higher than in so many of these ECGs" and nothing more. There is no threshold.
"""

import json
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.models.tabular import table
from ecgview.models.tabular.table import Linear

POINTS = 101


def set_reference(
    folder: Path,
    classifier: ModelCard,
    probability: NDArray[np.float32],
    cohort: str,
) -> ModelCard:
    """Return the card of a composite after writing base value, reference and classifier into its folder.

    Args:
        folder: the composite's folder, `resources/models/lef-zero-shot`; its two files are replaced.
        classifier: whose probabilities these are.
        probability: (records, labels) in the order of the classifier's labels.
        cohort: what the records are: "2331 records of PTB-XL folds 1-8".

    Raises:
        ModelError: the folder holds no composite, or the classifier lacks one of its predictors.
    """
    card = cards.read_card(folder / "card.json")
    model = table.read(card.weights_path)
    if not isinstance(model.model, Linear):
        raise ModelError("is no composite", where=str(folder), found=card.network)
    values = np.stack([_column(predictor, classifier, probability) for predictor in model.predictors], axis=1)
    rows = model.transformed(values.astype(np.float64))  # (records, predictors)
    index = 1.0 / (1.0 + np.exp(-(model.model.intercept + rows @ model.model.coefficients)))
    raw = json.loads(card.weights_path.read_text(encoding="utf-8"))
    raw["linear"]["background"] = np.round(np.median(rows, axis=0), 6).tolist()
    raw["threshold"], raw["threshold_meaning"] = None, ""
    quantiles = np.quantile(index, np.linspace(0, 1, POINTS))
    raw["reference"] = {"records": cohort, "quantiles": np.round(quantiles, 6).tolist()}
    raw["classifier"], raw["classifier_sha256"] = classifier.id, classifier.sha256
    _write(card.weights_path, raw)
    described = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    described["sha256"] = cards.sha256_of(card.weights_path)
    described["notes"] = [note for note in described["notes"] if not note.startswith("Base value")]
    described["notes"].append(f"Base value: each predictor at its median over {cohort}.")
    _write(folder / "card.json", described)
    return cards.read_card(folder / "card.json")


def _column(
    predictor: table.Predictor, classifier: ModelCard, probability: NDArray[np.float32]
) -> NDArray[np.float32]:
    code = next((code for code in predictor.codes if code in classifier.labels), None)
    if code is None:
        raise ModelError(
            f"{classifier.id} does not give {predictor.name}", expected=" or ".join(predictor.codes)
        )
    column = probability[:, classifier.labels.index(code)]
    return 1.0 - column if predictor.complement else column


def _write(path: Path, content: object) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, path)
