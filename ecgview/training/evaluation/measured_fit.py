"""Fits what measured values add to a network's logits, out of fold, and keeps it only where it is shown to help.

Every statement has a few terms that physiology names: they are chosen before any record is looked at, and so are
their knots, which are the limits that definitions and criteria have. What the fit chooses is their weights. A statement
gets shares where, by patients drawn, the likelihood of labels that had no part in the fit is better than that of the
network's logit alone, itself refitted in the same way: an interval of the gain that holds zero gives none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import cards, measured_terms
from ecgview.models.cards import ModelCard
from ecgview.models.measured_terms import Form, Rest, Term, as_json, bent
from ecgview.progress import Progress, silent
from ecgview.training.data import collection, tasks
from ecgview.training.data.measured_values import Values, load_or_measure
from ecgview.training.data.rows import Row
from ecgview.training.evaluation import judging
from ecgview.training.evaluation.metrics import best_f1_threshold
from ecgview.training.evaluation.written import write_text

Floats = NDArray[np.float64]

GROUPS = ((1, 2), (3, 4), (5, 6), (7, 8))
FEWEST = 20  # positives with their values measured: fewer fit a weight to chance
STRENGTH = 1.0  # of the penalty on weights, of columns of one standard deviation
RESAMPLES = 1000
LEAST_ABSENT = 0.01  # of the records: fewer say nothing of what an absent value means
RULE = (
    "Weights are fitted on the network's out-of-fold logits and the measured values of {n} ECGs of PTB-XL folds 1-8 by "
    "L2-regularised logistic regression; likelihood gain per record out of fold {gain:.4f} ({low:.4f} to {high:.4f})."
)
UNTAUGHT = (
    " Records without the statement whose {0} lies from {1:g} to {2:g} taught nothing and drew no cut, as sources "
    "differ there."
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A term before it is fitted: the sign that its weight must have, and the value whose share is nothing."""

    value: str
    form: Form
    typical: float
    sign: int
    at: float = 0.0
    to: float | None = None


def _of(value: str, form: Form, at: float, sign: int, typical: float, to: float | None = None) -> Candidate:
    return Candidate(value, form, typical, sign, at, to)


_P = _of("P waves before QRS", "linear", 0.0, 1, 100.0)
_NO_P = replace(_P, sign=-1)
_REGULAR = _of("RR irregularity", "above", 10.0, -1, 3.0)
_WIDE = _of("QRS duration", "above", 110.0, 1, 95.0, 130.0)
_LONG = _of("PR", "above", 180.0, 1, 160.0, 220.0)
_SOKOLOW = _of("RV5+SV1", "above", 3.0, 1, 2.0)
_CORNELL = _of("Voltage RaVL+SV3", "above", 1.5, 1, 1.2)
CANDIDATES: Mapping[str, tuple[Candidate, ...]] = {
    "SBRAD": (_of("Heart rate", "below", 60.0, 1, 70.0, 50.0), _P, _REGULAR),
    "STACH": (_of("Heart rate", "above", 95.0, 1, 70.0, 105.0), _P, _REGULAR),
    "SARRH": (
        _of("RR irregularity", "above", 5.0, 1, 3.0),
        _P,
        _of("Supraventricular beats", "linear", 0.0, -1, 0.0),
    ),
    "AFIB": (_of("RR irregularity", "above", 5.0, 1, 3.0, 15.0), _NO_P),
    "AFLT": (_NO_P, _of("Heart rate", "above", 100.0, 1, 70.0), _of("Atrial rate", "above", 200.0, 1, 70.0)),
    "1AVB": (_LONG,),
    "LPR": (_LONG,),
    "2AVB": (_of("P waves alone", "above", 0.0, 1, 0.0),),
    "CLBBB": (_WIDE,),
    "CRBBB": (_WIDE,),
    "IRBBB": (_of("QRS duration", "above", 95.0, 1, 95.0), _of("QRS duration", "above", 120.0, -1, 95.0)),
    "ILBBB": (_of("QRS duration", "above", 100.0, 1, 95.0),),
    "IVCD": (_of("QRS duration", "above", 100.0, 1, 95.0),),
    "LAFB": (_of("QRS axis", "below", -30.0, 1, 30.0, -60.0),),
    "LPFB": (_of("QRS axis", "above", 90.0, 1, 30.0),),
    "LNGQT": (_of("QTcF", "above", 440.0, 1, 410.0),),
    "LVH": (_SOKOLOW, _CORNELL),
    "VCLVH": (_SOKOLOW, _CORNELL),
    "HVOLT": (_SOKOLOW, _of("Largest QRS, chest leads", "above", 2.5, 1, 2.0)),
    "LVOLT": (
        _of("Largest QRS, limb leads", "below", 0.8, 1, 1.2),
        _of("Largest QRS, chest leads", "below", 1.5, 1, 2.0),
    ),
    "PVC": (_of("Ventricular beats", "above", 0.0, 1, 0.0, 10.0),),
    "PAC": (_of("Supraventricular beats", "above", 0.0, 1, 0.0, 10.0),),
    "STD_": (_of("ST depression in two leads", "above", 0.05, 1, 0.0),),
    "STE_": (_of("ST elevation in two leads", "above", 0.1, 1, 0.0),),
    "INVT": (_of("T inversion in two leads", "above", 0.05, 1, 0.0),),
}


# Where sources call the same thing by another limit, a record without the statement teaches nothing: PTB-XL's readers
# say sinus bradycardia from about 50 per minute down (median 48), those of other hospitals from 60.
UNCLEAR: Mapping[str, tuple[str, float, float]] = {"SBRAD": ("Heart rate", 50.0, 60.0)}


@dataclass(frozen=True, slots=True)
class Gain:
    """How much better labels are foretold with measured values, in nats per record, with its 95 % interval."""

    records: int
    positives: int
    value: float
    low: float
    high: float
    kept: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What a fit gave: the card's section, the gain of every statement tried, and nested out-of-fold logits.

    `logits` is (n, labels): with the shares where a statement has them, of weights that the record had no part in; the
    network's own elsewhere. Thresholds and figures are set on these.
    """

    section: Mapping[str, Any]
    gains: Mapping[str, Gain]
    logits: Floats = field(repr=False)


def fit(
    labels: Sequence[str],
    logits: NDArray[Any],
    values: Sequence[Values],
    wanted: NDArray[Any],
    folds: NDArray[np.int64],
    patients: Sequence[str],
    *,
    candidates: Mapping[str, Sequence[Candidate]] = CANDIDATES,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Fitted:
    """Return the shares of measured values, fitted on out-of-fold logits.

    Args:
        labels: of the outputs, k of them.
        logits: (n, k) of networks that the record had no part in.
        values: n records' measured values by name; an empty one was not measured.
        wanted: (n, k) 0, 1, or NaN where the statement is not labelled.
        folds: (n,) of PTB-XL, 1 to 8; patients stand in one fold.
        patients: (n,) whose record it is.
        candidates: terms by label.
        resamples: of the bootstrap, by patient.
        seed: of it.
    """
    group = np.array([next((k for k, own in enumerate(GROUPS) if fold in own), -1) for fold in folds])
    whose = np.unique(np.asarray(patients), return_inverse=True)[1]
    made = np.asarray(logits, np.float64).copy()
    section: dict[str, Any] = {}
    gains: dict[str, Gain] = {}
    for place, label in enumerate(labels):
        if label not in candidates:
            continue
        terms = tuple(candidates[label])
        z, truth = np.asarray(logits, np.float64)[:, place], np.asarray(wanted, np.float64)[:, place]
        design, is_there = _design(values, terms)
        kept = is_there & np.isfinite(z) & (group >= 0)
        taught = kept & np.isfinite(truth) & ~(_unclear(label, values) & (truth == 0))
        inside = taught[kept]
        of = (z[kept], design[kept], terms, truth[kept], inside, group[kept])
        gain, with_shares = _tried(*of, whose[kept], resamples, seed)
        gains[label] = gain
        if gain.kept:
            made[np.flatnonzero(kept), place] = with_shares
            rest = _fitted(z[taught], design[taught], terms, truth[taught])
            said = RULE.format(n=gain.records, gain=gain.value, low=gain.low, high=gain.high)
            if label in UNCLEAR:
                said += UNTAUGHT.format(*UNCLEAR[label])
            section[label] = as_json(replace(rest, rule=said))
    return Fitted(section, gains, made)


def _unclear(label: str, values: Sequence[Values]) -> NDArray[np.bool_]:
    """Return which records lie where sources call a statement by different limits."""
    if label not in UNCLEAR:
        return np.zeros(len(values), dtype=bool)
    name, low, high = UNCLEAR[label]
    there = [one.get(name) for one in values]
    return np.array([value is not None and low <= value < high for value in there], dtype=bool)


def _tried(
    z: Floats,
    design: Floats,
    terms: tuple[Candidate, ...],
    truth: Floats,
    taught: NDArray[np.bool_],
    group: NDArray[np.int64],
    whose: NDArray[np.int64],
    resamples: int,
    seed: int,
) -> tuple[Gain, Floats]:
    """Return the gain of a statement's terms where it is `taught`, and nested out-of-fold logits with them of all."""
    positives = int(truth[taught].sum())
    count = int(taught.sum())
    if positives < FEWEST:
        why = f"{positives} positives with measured values, of {FEWEST} that a fit needs"
        return Gain(count, positives, 0.0, 0.0, 0.0, kept=False, why_not=why), z
    with_shares, alone = z.copy(), z.copy()
    for own in np.unique(group):
        out, inside = group == own, (group != own) & taught
        if truth[inside].sum() < 2 or truth[inside].all():
            continue
        rest = _fitted(z[inside], design[inside], terms, truth[inside])
        with_shares[out] = _logits(rest, z[out], design[out], terms)
        network = _fitted(z[inside], design[inside][:, :0], (), truth[inside])
        alone[out] = _logits(network, z[out], design[out], ())
    better = (_likelihood(truth, with_shares) - _likelihood(truth, alone))[taught]
    low, high = _interval(better, whose[taught], resamples, seed)
    kept = low > 0
    why = "" if kept else "the interval of the gain holds zero"
    return Gain(count, positives, float(better.mean()), low, high, kept=kept, why_not=why), with_shares


def _design(values: Sequence[Values], terms: Sequence[Candidate]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return (n, 2 terms) columns, each term counted from its typical value and then its absence, and who has them."""
    rows = np.zeros((len(values), 2 * len(terms)))
    there = np.array([all(term.value in one for term in terms) for one in values], dtype=bool)
    for k, term in enumerate(terms):
        usual = bent(term.form, term.at, term.to, term.typical)
        for row, one in enumerate(values):
            value = one.get(term.value) if there[row] else None
            if there[row] and value is None:
                rows[row, len(terms) + k] = 1.0
            elif value is not None:
                rows[row, k] = bent(term.form, term.at, term.to, value) - usual
    return rows, there


def _fitted(z: Floats, design: Floats, terms: Sequence[Candidate], truth: Floats) -> Rest:
    """Return the weights of the most likely fit whose signs physiology allows: a term of the other sign is left out."""
    used = list(range(len(terms)))
    while True:
        absent = _absences(design, used, len(terms), terms)
        columns = [*used, *(len(terms) + k for k in absent)]
        slope, intercept, weights = _regression(z, design[:, columns], truth)
        scale = design[:, used].std(0)
        wrong = [
            (weight * size * terms[k].sign, k)
            for k, weight, size in zip(used, weights, scale, strict=False)
            if weight * terms[k].sign <= 0
        ]
        if not wrong:
            break
        used.remove(min(wrong)[1])  # one at a time: without it another may have its own sign again
    by_absence = dict(zip(absent, weights[len(used) :], strict=True))
    told: set[str] = set()
    made = []
    for k, weight in zip(used, weights, strict=False):
        one = terms[k]
        # Of two terms of one value the first says what its absence means.
        share = float(by_absence.get(k, 0.0)) if one.value not in told else 0.0
        told.add(one.value)
        made.append(Term(one.value, one.form, float(weight), one.typical, one.at, share, one.to))
    return Rest(slope, intercept, tuple(made), int(truth.sum()), int((truth == 0).sum()))


def _absences(design: Floats, used: Sequence[int], count: int, terms: Sequence[Candidate]) -> list[int]:
    """Return the terms whose value is absent often enough for its absence to have a weight; each value once."""
    found: dict[str, int] = {}
    for k in used:
        if design[:, count + k].mean() >= LEAST_ABSENT:
            found.setdefault(terms[k].value, k)
    return list(found.values())


def _regression(z: Floats, columns: Floats, truth: Floats) -> tuple[float, float, Floats]:
    """Return slope, intercept and weights of L2-regularised logistic regression, columns scaled to one deviation."""
    from sklearn.linear_model import LogisticRegression

    whole = np.column_stack([z, columns])
    scale = whole.std(0)
    scale[scale == 0] = 1.0
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(whole / scale, truth)
    weights = np.asarray(model.coef_[0] / scale, np.float64)
    return float(weights[0]), float(model.intercept_[0]), weights[1:]


def _logits(rest: Rest, z: Floats, design: Floats, terms: Sequence[Candidate]) -> Floats:
    """Return what fitted weights make of records: the arithmetic of `measured_terms`, of columns in hand."""
    made = rest.network * z + rest.intercept
    for term in rest.terms:
        k = next(
            k
            for k, one in enumerate(terms)
            if (one.value, one.form, one.at) == (term.value, term.form, term.at)
        )
        made = made + term.weight * design[:, k] + (term.absent or 0.0) * design[:, len(terms) + k]
    return np.asarray(made, np.float64)


def _likelihood(truth: Floats, logits: Floats) -> Floats:
    return np.asarray(truth * logits - np.logaddexp(0.0, logits), np.float64)


def _interval(better: Floats, whose: NDArray[np.int64], resamples: int, seed: int) -> tuple[float, float]:
    """Return the 95 % interval of a mean over records, patients drawn."""
    names, own = np.unique(whose, return_inverse=True)
    total = np.bincount(own, better, len(names))
    count = np.bincount(own, minlength=len(names)).astype(np.float64)
    drawn = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), resamples
    )
    low, high = np.quantile((drawn @ total) / (drawn @ count), (0.025, 0.975))
    return float(low), float(high)


def read_out_of_fold(path: Path, labels: Sequence[str]) -> dict[str, Floats]:
    """Return each PTB-XL record's logits, (labels,), of a network that it had no part in, from a file of `.npz`.

    Raises:
        ModelError: the file holds no `record_id` and `logits` (n, labels).
    """
    try:
        with np.load(path) as file:
            names, logits = file["record_id"], np.asarray(file["logits"], np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"is no file of out-of-fold logits ({error})", where=str(path), expected="record_id and logits"
        ) from None
    if logits.shape != (len(names), len(labels)):
        raise ModelError(
            "the logits do not fit",
            where=str(path),
            expected=f"({len(names)}, {len(labels)})",
            found=str(logits.shape),
        )
    return {str(name): row for name, row in zip(names, logits, strict=True)}


def fit_ptbxl(
    labels: Sequence[str], logits: Mapping[str, Floats], measured: Sequence[tuple[Row, Values]]
) -> tuple[Fitted, tuple[str, ...]]:
    """Return the shares fitted on PTB-XL's folds 1 to 8, and the record of each row of its logits.

    Args:
        labels: of the network.
        logits: of each record, out of fold, by PTB-XL's number.
        measured: rows and values of `measured_values`; those of other sets and folds are passed over.
    """
    inside = {fold for own in GROUPS for fold in own}
    kept = [
        (row, values)
        for row, values in measured
        if row.source == "ptbxl" and row.fold in inside and row.record_id in logits
    ]
    if not kept:
        raise ModelError(
            "no record of PTB-XL folds 1 to 8 has logits", expected="PTB-XL's numbers as record_id"
        )
    codes = tasks.get("all71")
    rows = tuple(row for row, _ in kept)
    wanted = codes.targets(rows)[:, [codes.codes.index(label) for label in labels]]
    fitted = fit(
        labels,
        np.stack([logits[row.record_id] for row in rows]),
        [values for _, values in kept],
        wanted,
        np.array([row.fold for row in rows]),
        [row.patient_id for row in rows],
    )
    return fitted, tuple(row.record_id for row in rows)


def write_to_card(card: ModelCard, fitted: Fitted) -> ModelCard:
    """Put the fitted section into a card's file, in the place of the one before, and return the card.

    Figures, thresholds and reference scores are of the answers without it, and are to be made again (`evaluate`).
    """
    path = card.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["measured"] = dict(fitted.section)
    measured_terms.read(raw["measured"], card.labels, f"{path}: measured")
    write_text(path, json.dumps(raw, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return cards.read_card(path)


def update(
    card: ModelCard, path: Path, data: Path, cache: Path, progress: Progress = silent
) -> tuple[ModelCard, Fitted]:
    """Return a classifier's card after writing the shares of measured values into it, and the cuts that go with them.

    Their cuts are the best F1 of answers with shares, by weights that a record had no part in.
    Figures are of the answers before: `evaluate --update-card` makes them again.

    Args:
        card: of the networks whose answers the file holds, or of the same recipe.
        path: of answers out of fold, as a training run writes them (`out-of-fold.npz`).
        data: folder with PTB-XL.
        cache: of packed ECGs; measured values are kept there.
        progress: told per record that is measured.

    Raises:
        ModelError: a file that holds no such answers, or none of a record of PTB-XL below `data`.
    """
    logits = read_out_of_fold(path, card.labels)
    measured = load_or_measure(collection.read_all(data), cache, str(data.resolve()), progress)
    progress(0.9, "fitting")
    fitted, ids = fit_ptbxl(card.labels, logits, measured)
    written = write_to_card(card, fitted)
    known = {row.record_id: (row, values) for row, values in measured if row.source == "ptbxl"}
    codes = tasks.get("all71")
    wanted = codes.targets([known[one][0] for one in ids])[
        :, [codes.codes.index(label) for label in card.labels]
    ]
    said = np.asarray(0.5 * (1 + np.tanh(fitted.logits / 2)), dtype=np.float32)
    file = card.folder / "card.json"
    raw = json.loads(file.read_text(encoding="utf-8"))
    for k, code in enumerate(card.labels):
        if code in fitted.section:
            # What taught nothing, as sources draw the limit elsewhere, draws no cut either.
            taught = ~(_unclear(code, [known[one][1] for one in ids]) & (wanted[:, k] == 0))
            truth, own = wanted[taught][:, [k]], said[taught][:, [k]]
            cut = round(best_f1_threshold(truth[:, 0], own[:, 0]), 4)
            row = judging.table((code,), (cut,), truth, own)
            raw["threshold_figures"] |= row
            raw["thresholds"][k] = judging.standing((code,), (cut,), row)[0]
    write_text(file, json.dumps(raw, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return cards.read_card(written.folder / "card.json"), fitted
