"""Set the composite's scale, base value and the records it is compared with, without any ejection fraction.

Each predictor's logit is measured from its median in deviations over the cohort, and the composite is their mean: so
each has an equal say, whatever the spread of its logits. The base value is 0, the composite at the medians. Predictors
and index are shown as percentiles of the cohort: "higher than in so many of these ECGs" and nothing more. There is no
threshold.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.labels import context_rules
from ecgview.labels.context_rules import PACED
from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.models.tabular import table
from ecgview.models.tabular.table import Linear
from ecgview.results import ReferenceSet

POINTS = 101
RARE = 0.005  # share of records without pacing that may be refused as perhaps paced
ENOUGH = 400  # records in which two are that rare


def set_reference(
    folder: Path,
    classifier: ModelCard,
    probability: NDArray[np.float32],
    cohort: ReferenceSet,
) -> ModelCard:
    """Return the card of a composite after writing scale, reference and classifier into its folder.

    Args:
        folder: the composite's folder, `resources/models/lef-zero-shot`; its two files are replaced.
        classifier: whose probabilities these are.
        probability: (records, labels) in the order of the classifier's labels.
        cohort: what the records are.

    Raises:
        ModelError: the folder holds no composite, the classifier lacks one of its predictors, or one of them is the
            same in all records.
    """
    card = cards.read_card(folder / "card.json")
    model = table.read(card.weights_path)
    if not isinstance(model.model, Linear):
        raise ModelError("is no composite", where=str(folder), found=card.network)
    columns = [_column(predictor, classifier, probability) for predictor in model.predictors]
    values = np.stack(columns, axis=1).astype(np.float64)
    rows = model.transformed(values)  # (records, predictors)
    spread = rows.std(axis=0)
    if not (np.ptp(rows, axis=0) > 0).all():
        raise ModelError("a predictor is the same in all reference records", where=str(folder))
    middle = np.round(np.median(rows, axis=0), 6)
    coefficients = np.round(1.0 / (len(spread) * spread), 6)
    intercept = float(-(coefficients @ middle))
    index = table.apply_calibration({}, intercept + rows @ coefficients)
    raw = json.loads(card.weights_path.read_text(encoding="utf-8"))
    raw["linear"] = {
        "intercept": intercept,
        "coefficients": coefficients.tolist(),
        "background": middle.tolist(),
    }
    raw["output_unit"] = "deviations"
    raw["threshold"], raw["threshold_meaning"] = None, ""
    raw["reference"] = _described(cohort) | {
        "quantiles": _quantiles(index),
        "predictors": [_quantiles(column) for column in values.T],
        "alike": [_alike(values, index), _alike(values, values[:, 0])],
    }
    raw["paced_at"] = paced_cuts(classifier, probability)
    raw["classifier"], raw["classifier_sha256"] = classifier.id, classifier.sha256
    _write(card.weights_path, raw)
    described = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    described["sha256"] = cards.sha256_of(card.weights_path)
    described["notes"] = [note for note in described["notes"] if not note.startswith("Base value")]
    described["notes"].append(f"Base value: each predictor at its median over {cohort.sentence}.")
    _write(folder / "card.json", described)
    return cards.read_card(folder / "card.json")


def _described(cohort: ReferenceSet) -> dict[str, object]:
    plain = asdict(cohort)
    ages = [plain.pop("youngest"), plain.pop("oldest")]
    return plain | ({} if None in ages else {"ages_years": ages})


def paced_cuts(classifier: ModelCard, probability: NDArray[np.float32]) -> dict[str, float]:
    """Return from which probability each statement that names pacing is very rare among records without it, by code.

    Args:
        classifier: whose probabilities these are.
        probability: (records, labels) of records that are not paced; of too few to know what is rare nothing is said.
    """
    if len(probability) < ENOUGH:
        return {}
    rule = next(rule for rule in context_rules.rules() if rule.context == PACED)
    codes = [code for code in classifier.labels if rule.is_named_by(code, classifier.label_set or "")]
    share = 1.0 - RARE / max(1, len(codes))  # together no more than one of them alone would refuse
    columns = {code: probability[:, classifier.labels.index(code)] for code in codes}
    return {code: round(float(np.quantile(column, share)), 6) for code, column in columns.items()}


def _alike(values: NDArray[np.float64], with_what: NDArray[np.float64]) -> list[float]:
    """Return the rank correlation of each column with one ranking."""
    from scipy.stats import spearmanr

    return [round(float(spearmanr(column, with_what).statistic), 3) for column in values.T]


def _quantiles(values: NDArray[np.float64]) -> list[float]:
    found: list[float] = np.round(np.quantile(values, np.linspace(0, 1, POINTS)), 6).tolist()
    return found


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
    part.write_text(
        json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )
    os.replace(part, path)
