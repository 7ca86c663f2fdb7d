"""What the correlation of median beats is worth for telling patients apart: figures by cross-validation.

Every pair is of one fold of PTB-XL, whose patients stand in no other. Its population is that of the other folds, and so
are its cuts and its likelihood ratio: those of the other folds' pairs, each scored without its own fold. What ships
(`identification_files`) is made from the training folds in the same way; on the test fold it is judged once more.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.leads import CHEST, STANDARD_12
from ecgview.models import cards, same_patient
from ecgview.models.cards import ModelCard
from ecgview.progress import Progress, silent
from ecgview.signal import beat_shape
from ecgview.signal.beat_shape import Population
from ecgview.training.data import splits
from ecgview.training.evaluation import known_patients, pairs
from ecgview.training.evaluation.known_patients import Held
from ecgview.training.evaluation.metrics import Doubles, percentiles
from ecgview.training.evaluation.pairs import Pairs
from ecgview.training.evaluation.plain import Figure, interval, rounded

LIMB = STANDARD_12[:6]
# The published sets of 12, 6, 3, 2 and 1 leads; what else recorders of few leads have; each lead alone.
SETS: tuple[tuple[str, ...], ...] = (
    STANDARD_12,
    LIMB,
    ("I", "II", "V2"),
    ("I", "II"),
    ("I",),
    CHEST,
    ("II", "V1"),
    ("II", "V5"),
    ("V1", "V5"),
    *((name,) for name in STANDARD_12[1:]),
)
NAMED = {STANDARD_12: "12", LIMB: "6", ("I", "II", "V2"): "3", ("I", "II"): "2", ("I",): "1"}
DAYS = ((0, 7), (8, 90), (91, 100_000))
RHYTHMS = frozenset(
    ("AFIB", "AFLT", "SVTAC", "PSVT")
)  # of PTB-XL's rhythm statements, those without sinus P waves
CLOSE_YEARS = 5.0
Score = Callable[
    [Sequence[Held], Sequence[Held]], Doubles
]  # (training, judged) -> unit vectors of those judged


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Pairs of records with the records that they are of."""

    pairs: Pairs
    one: tuple[Held, ...]
    numbers: tuple[NDArray[np.int64], NDArray[np.int64]]  # of each pair's records in `one`


def evaluate(
    card: ModelCard,
    data: Path,
    cache: Path,
    resamples: int,
    compare_with: str = "",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Return every figure of the correlation of median beats, as plain values.

    Args:
        card: of kind "identifier" without a network.
        data: folder with PTB-XL in it or one level below; beside it the Challenge's folders, for strangers.
        cache: of measured beats.
        resamples: of the bootstrap, by patient.
        compare_with: id of an identifier that is a network, for the paired difference.
        progress: told on the way.
    """
    held = known_patients.held(data, cache, progress)
    known = [one for one in held if not one.is_external]
    judged = [one for one in known if one.shape is not None]
    folds = splits.for_folds(one.row.fold for one in known)
    figures: dict[str, Any] = {
        "model": card.id,
        "version": card.version,
        "sha256": card.sha256,
        "split": "cross-validated by patient",
        "folds": sorted({one.row.fold for one in known}),
        "n_records": len(known),
        "n_patients": len({one.row.patient_id for one in known}),
        "n_not_judged": len(known) - len(judged),
        "not_judged": _reasons(known),
        "resamples": resamples,
        "resampled_by": "patient",
        "false_match_limit": pairs.FALSE_MATCH,
        "false_alarm_limit": pairs.FALSE_ALARM,
    }
    table = []
    for k, leads in enumerate(SETS):
        progress(k / len(SETS), f"pairs, {'+'.join(leads)}")
        table.append(of_leads(judged, leads, resamples))
    figures |= {name: table[0][name] for name in (*FIGURES, "n_genuine", "n_impostor", "n_strangers")}
    figures["n_patients_in_pairs"] = table[0]["n_patients"]  # `n_patients` are all
    figures["lead_sets"] = table
    scored = cross_validated(having(judged, STANDARD_12), by_beats(STANDARD_12))
    figures["likelihood_ratio_cost"] = _cost(scored.pairs)
    figures["conduction_changed"] = _refused_pairs(judged)
    figures["groups"] = _groups(scored, resamples)
    shipped = {one.population.leads: one for one in same_patient.of_card(card)}[STANDARD_12]
    figures["test_fold"] = _on_test(judged, folds["test"], shipped, resamples)
    figures["other_hospitals"] = _strangers([one for one in held if one.is_external and one.shape], shipped)
    if compare_with:
        figures["comparison_of_networks"] = _compared(
            judged, data, cards.get(compare_with), resamples, progress
        )
    return figures


FIGURES = ("auroc", "equal_error_rate", "false_match", "missed", "false_alarm", "caught")


def _reasons(held: Iterable[Held]) -> dict[str, int]:
    """Return how many were refused, by the first words of the reason."""
    found: dict[str, int] = {}
    for one in held:
        if one.reason:
            kind = one.reason.partition(":")[0].partition(" (")[0]
            found[kind] = found.get(kind, 0) + 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def by_beats(leads: Sequence[str]) -> Score:
    """Return the score of median beats in some leads, the population that of the training records."""

    def vectors(training: Sequence[Held], judged: Sequence[Held]) -> Doubles:
        population = population_of(training, leads)
        return beat_shape.compared([one.shape for one in judged if one.shape is not None], population)

    return vectors


def population_of(training: Sequence[Held], leads: Sequence[str]) -> Population:
    """Return what the training patients have in common, one record of each: nobody counts twice."""
    first = {one.row.patient_id: one.shape for one in reversed(training) if one.shape is not None}
    fitting = [shape for shape in first.values() if set(leads) <= set(shape.leads)]
    if not fitting:
        raise ModelError("no training record has these leads", expected=", ".join(leads))
    return beat_shape.population(fitting, leads)


def cross_validated(judged: Sequence[Held], vectors: Score) -> Scored:
    """Return all pairs within a fold, each scored by what the other folds taught."""
    numbers = {name: k for k, name in enumerate(sorted({one.row.patient_id for one in judged}))}
    parts: list[Pairs] = []
    order: list[Held] = []
    places: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for fold in sorted({one.row.fold for one in judged}):
        own = [one for one in judged if one.row.fold == fold]
        if len(own) < 2:
            continue
        given = vectors([one for one in judged if one.row.fold != fold], own)
        parts.append(_pairs(given, own, numbers, fold))
        i, j = _comparable(own)
        places.append((i + len(order), j + len(order)))
        order += own
    if not parts or not np.concatenate([part.genuine for part in parts]).any():
        raise ModelError("no patient has two recordings", expected="at least one pair of one patient")
    joined = Pairs(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("score", "first", "second", "fold")
        )
    )
    return Scored(
        joined, tuple(order), (np.concatenate([p[0] for p in places]), np.concatenate([p[1] for p in places]))
    )


def _pairs(vectors: Doubles, own: Sequence[Held], numbers: Mapping[str, int], fold: int) -> Pairs:
    i, j = _comparable(own)
    patient = np.array([numbers[one.row.patient_id] for one in own])
    return Pairs((vectors @ vectors.T)[i, j], patient[i], patient[j], np.full(len(i), fold))


def _comparable(own: Sequence[Held]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs that are compared: all but those between which conduction is another one."""
    i, j = np.triu_indices(len(own), 1)
    qrs = [one.qrs_ms for one in own]
    changes = np.array([[bool(same_patient.reason_of_pair(a, b)) for b in qrs] for a in qrs])
    kept = ~changes[i, j]
    return i[kept], j[kept]


def _out_of_fold(found: Pairs) -> tuple[Doubles, Doubles]:
    """Return each pair's two cuts: those of the other folds' pairs."""
    same, two = np.empty(len(found.score)), np.empty(len(found.score))
    for fold in np.unique(found.fold):
        own = found.fold == fold
        rest = found.where(~own)
        if not rest.genuine.any():
            raise ModelError("too few patients have two recordings", expected="such patients in two folds")
        cut = pairs.cuts(rest)
        same[own], two[own] = cut.same, cut.two
    return same, two


def of_leads(judged: Sequence[Held], leads: tuple[str, ...], resamples: int) -> dict[str, Any]:
    """Return the figures of one set of leads, each pair at the cuts of the other folds."""
    found = cross_validated(having(judged, leads), by_beats(leads)).pairs
    return {
        "leads": list(leads),
        "name": NAMED.get(leads, ""),
        **_counts(found),
        **pairs.rates(found, *_out_of_fold(found), resamples),
    }


def _counts(found: Pairs) -> dict[str, int]:
    return {
        "n_genuine": int(found.genuine.sum()),
        "n_patients": found.n_patients,
        "n_impostor": int((~found.genuine).sum()),
        "n_strangers": found.n_strangers,
    }


def _refused_pairs(judged: Sequence[Held]) -> dict[str, int]:
    """Return how many pairs within a fold are not compared, since a block came or went."""
    found = {"n_genuine": 0, "n_impostor": 0}
    for fold in {one.row.fold for one in judged}:
        own = [one for one in judged if one.row.fold == fold]
        compared = set(zip(*(part.tolist() for part in _comparable(own)), strict=True))
        for i, j in zip(*np.triu_indices(len(own), 1), strict=True):
            if (int(i), int(j)) not in compared:
                is_one = own[i].row.patient_id == own[j].row.patient_id
                found["n_genuine" if is_one else "n_impostor"] += 1
    return found


def _groups(scored: Scored, resamples: int) -> list[dict[str, Any]]:
    """Return the rates in parts of the pairs, at the cuts of all: by distance in time, rhythm, conduction, likeness."""
    all_pairs = scored.pairs
    same, two = _out_of_fold(all_pairs)
    first, second = scored.numbers
    genuine = all_pairs.genuine
    asked: list[tuple[str, bool, Callable[[Held, Held], bool]]] = [
        *(
            (
                f"{low} to {high} days apart" if high < 100_000 else f"over {low - 1} days apart",
                True,
                _within(low, high),
            )
            for low, high in DAYS
        ),
        (
            "one in atrial fibrillation or another such rhythm, one not",
            True,
            lambda a, b: _rhythm(a) != _rhythm(b),
        ),
        ("QRS of 120 ms or more in one, not in the other", True, lambda a, b: _is_wide(a) != _is_wide(b)),
        ("QRS of 120 ms or more in both", True, lambda a, b: _is_wide(a) and _is_wide(b)),
        ("both of one sex, ages 5 years apart at most", False, _alike),
        ("both stated normal", False, lambda a, b: "NORM" in a.row.codes and "NORM" in b.row.codes),
        ("QRS of 120 ms or more in both", False, lambda a, b: _is_wide(a) and _is_wide(b)),
    ]
    rows = []
    for name, is_genuine, says in asked:
        rows_here = np.flatnonzero(genuine == is_genuine)
        here = np.array(
            [says(scored.one[first[k]], scored.one[second[k]]) for k in rows_here], dtype=np.bool_
        )
        chosen = np.zeros(len(genuine), dtype=np.bool_)
        chosen[rows_here[here]] = True
        rows.append(_group(name, is_genuine, all_pairs.where(chosen), same[chosen], two[chosen], resamples))
    return rows


def _within(low: int, high: int) -> Callable[[Held, Held], bool]:
    return lambda a, b: a.day is not None and b.day is not None and low <= abs(a.day - b.day) <= high


def _rhythm(one: Held) -> bool:
    return bool(RHYTHMS & set(one.row.codes))


def _is_wide(one: Held) -> bool:
    return one.qrs_ms is not None and one.qrs_ms >= same_patient.WIDE_MS


def _alike(one: Held, two: Held) -> bool:
    ages = one.row.age_years, two.row.age_years
    if ages[0] is None or ages[1] is None or not one.row.sex:
        return False
    return one.row.sex == two.row.sex and abs(ages[0] - ages[1]) <= CLOSE_YEARS


def _group(
    name: str, is_genuine: bool, here: Pairs, same: Doubles, two: Doubles, resamples: int
) -> dict[str, Any]:
    """Return what went wrong in a part of the pairs of one patient, or of two."""
    patients = here.n_patients if is_genuine else here.n_strangers
    row: dict[str, Any] = {
        "group": name,
        "of": "one patient" if is_genuine else "two patients",
        "n_pairs": len(here.score),
        "n_patients": patients,
    }
    accepted, alarmed = here.score >= same, here.score <= two
    wrong = (
        {"missed": ~accepted, "false_alarm": alarmed}
        if is_genuine
        else {"false_match": accepted, "caught": alarmed}
    )
    for figure, hit in wrong.items():
        row[figure] = _share(hit, here, patients if is_genuine else patients // 2, resamples)
    return row


def _share(hit: NDArray[np.bool_], here: Pairs, units: int, resamples: int) -> Figure:
    """Return a share of pairs with its interval by patient; of none or all the exact bound of as many patients."""
    if not len(hit):
        return {"value": None, "low": None, "high": None}
    patients, place = np.unique(np.concatenate([here.first, here.second]), return_inverse=True)
    one, other = place[: len(hit)], place[len(hit) :]
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(resamples):
        weight = np.bincount(rng.integers(0, len(patients), len(patients)), minlength=len(patients)).astype(
            np.float64
        )
        own = np.where(one == other, weight[one], weight[one] * weight[other])
        draws.append(own @ hit / own.sum() if own.sum() else np.nan)
    found = interval(percentiles(float(hit.mean()), np.array(draws)))
    erred = len(np.unique(here.first[hit])) if here.genuine.all() else 0
    if not hit.any() or here.genuine.all():
        found["high"] = max(found["high"] or 0.0, round(pairs.at_most(erred, units), 4))
    if hit.all():
        found["low"] = round(1 - pairs.at_most(0, units), 4)
    return found


def _on_test(
    judged: Sequence[Held], folds: Iterable[int], shipped: same_patient.Judged, resamples: int
) -> dict[str, Any]:
    """Return the rates of what ships on the fold that had no part in it."""
    own = [one for one in having(judged, STANDARD_12) if one.row.fold in set(folds)]
    vectors = beat_shape.compared([one.shape for one in own if one.shape is not None], shipped.population)
    numbers = {name: k for k, name in enumerate(sorted({one.row.patient_id for one in own}))}
    found = _pairs(vectors, own, numbers, 0)
    if not found.genuine.any():
        return {"folds": sorted(folds), **_counts(found)}
    cut = np.full(len(found.score), shipped.threshold), np.full(len(found.score), shipped.threshold_two)
    return {"folds": sorted(folds), **_counts(found), **pairs.rates(found, *cut, resamples)}


def _strangers(others: Sequence[Held], shipped: same_patient.Judged) -> list[dict[str, Any]]:
    """Return how often two ECGs of other hospitals, each taken to be of another patient, look like one patient's."""
    rows = []
    for hospital in (*sorted({one.row.source for one in others}), ""):
        own = [one for one in others if hospital in ("", one.row.source)]
        shapes = [
            one.shape for one in own if one.shape is not None and len(one.shape.leads) == len(STANDARD_12)
        ]
        if len(shapes) < 2:
            continue
        vectors = beat_shape.compared(shapes, shipped.population)
        i, j = np.triu_indices(len(shapes), 1)
        here = Pairs((vectors @ vectors.T)[i, j], i, j, np.zeros(len(i), dtype=np.int64))
        rows.append(
            {
                "hospital": hospital or "all of them",
                "n_records": len(shapes),
                "n_pairs": len(i),
                "false_match": _share(here.score >= shipped.threshold, here, len(shapes) // 2, 1000),
                "caught": _share(here.score <= shipped.threshold_two, here, len(shapes) // 2, 1000),
            }
        )
    return rows


def ratio(found: Pairs) -> tuple[float, float]:
    """Return slope and offset of the log likelihood ratio on Fisher's z, both kinds of pairs weighted alike."""
    from sklearn.linear_model import LogisticRegression

    z = same_patient.stretched(found.score)[:, None]
    # Nearly no penalty: one slope needs none, and it would pull the ratio towards 1.
    model = LogisticRegression(C=1e6, class_weight="balanced").fit(z, found.genuine)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def ends(found: Pairs) -> tuple[float, float]:
    """Return the bounds of its log10: as if one more patient than there are had gone the other way.

    Of two patients' pairs only as many are counted as there are without a patient in two of them.
    """
    return -math.log10(found.n_patients + 1), math.log10(found.n_strangers // 2 + 1)


def _cost(found: Pairs) -> float | None:
    """Return the cost of the log likelihood ratio (Cllr, bits), each fold's by the others': 0 tells all, 1 nothing."""
    bits = np.empty(len(found.score))
    for fold in np.unique(found.fold):
        own = found.fold == fold
        rest = found.where(~own)
        slope, offset = ratio(rest)
        low, high = (math.log(10) * end for end in ends(rest))
        said = np.clip(slope * same_patient.stretched(found.score[own]) + offset, low, high)
        bits[own] = np.logaddexp(0, np.where(found.genuine[own], -said, said)) / math.log(2)
    genuine = found.genuine
    return rounded((bits[genuine].mean() + bits[~genuine].mean()) / 2)


def having(judged: Sequence[Held], leads: Sequence[str]) -> list[Held]:
    """Return the records that can be judged and have these leads."""
    return [one for one in judged if one.shape is not None and set(leads) <= set(one.shape.leads)]


def _given(made: Mapping[str, NDArray[np.float32]]) -> Score:
    """Return the score of vectors that are there for each record."""
    return lambda _training, own: np.stack([made[one.row.record_id] for one in own]).astype(np.float64)


def _compared(
    judged: Sequence[Held],
    data: Path,
    network: ModelCard,
    resamples: int,
    progress: Progress,
) -> dict[str, Any]:
    """Return the paired differences of the beats and a network, by leads, over folds that taught neither."""
    from ecgview.models import identification

    if network.kind != "identifier" or network.network == same_patient.NETWORK:
        raise ModelError(
            f"{network.id} is no network that identifies", expected="an identifier with a network"
        )
    seen = set(network.folds.get("train", ()))
    unseen = [one for one in judged if one.row.fold not in seen]
    wanted = {one.row.record_id for one in unseen}
    records = {row.record_id: record for row, record in known_patients.read(data) if row.record_id in wanted}
    rows: list[dict[str, Any]] = []
    for leads in NAMED:
        progress(0.5, f"network, {'+'.join(leads)}")
        own = having(unseen, leads)
        made = {
            one.row.record_id: identification.embedding(records[one.row.record_id], network, leads, "cpu")
            for one in own
        }
        ours = cross_validated(having(judged, leads), by_beats(leads)).pairs
        ours = ours.where(~np.isin(ours.fold, list(seen)))
        theirs = cross_validated(own, _given(made)).pairs
        alone = pairs.rates(theirs, theirs.score, theirs.score, resamples)
        difference = pairs.paired(ours, theirs, resamples)
        rows.append(
            {
                "leads": list(leads),
                **_counts(ours),
                **{f"network_{name}": alone[name] for name in difference},
                **{f"beats_minus_network_{name}": value for name, value in difference.items()},
            }
        )
    folds = sorted({one.row.fold for one in unseen})
    return {
        "network": network.id,
        "version": network.version,
        "sha256": network.sha256,
        "folds": folds,
        "rows": rows,
    }
