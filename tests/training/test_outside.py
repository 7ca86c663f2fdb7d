"""Figures in other hospitals, from answers planted with a known relation to the truth."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.models.measured_terms import Rest, Term, as_json
from ecgview.training.data.pack import Pack, Row
from ecgview.training.evaluation import outside, subgroups, with_measured
from ecgview.training.evaluation.asked import Asked
from tests.tiny_models import classifier  # noqa: F401

CODES = ("AFIB", "CRBBB", "SBRAD", "STACH", "SR")


def _asked() -> Asked:
    """Return answers about two hospitals' records: the second never says whether there is bradycardia."""
    card = cards.get("random-kernels-ptbxl")
    rng = np.random.default_rng(1)
    wanted = (rng.random((60, len(CODES))) < 0.3).astype(np.float32)
    said = np.clip(0.25 * wanted + 0.7 * rng.random(wanted.shape), 0, 1).astype(np.float32)
    rows = tuple(Row("georgia" if i < 40 else "cpsc_2018", str(i), str(i)) for i in range(60))
    wanted[40:, CODES.index("SBRAD")] = np.nan
    return Asked(card, CODES, np.full(len(CODES), 0.5), rows, wanted, said)


def test_a_source_counts_only_for_what_its_labels_can_name() -> None:
    own = _asked()
    found = outside.describe(own, 30)
    rows = {(row["finding"], row["hospital"]): row for row in found["findings"]}
    assert ("SBRAD", "cpsc_2018") not in rows
    assert rows["SBRAD", outside.ALL]["n_records"] == 40
    assert rows["AFIB", outside.ALL]["n_records"] == 60
    k = own.codes.index("AFIB")
    af = rows["AFIB", outside.ALL]
    assert af["auroc"]["value"] == pytest.approx(roc_auc_score(own.wanted[:, k], own.said[:, k]), abs=1e-4)
    truth, called = own.wanted[:, k] > 0, own.said[:, k] >= 0.5
    assert af["sensitivity"]["value"] == pytest.approx((truth & called).sum() / truth.sum(), abs=1e-4)
    assert af["specificity"]["value"] == pytest.approx((~truth & ~called).sum() / (~truth).sum(), abs=1e-4)
    assert af["sensitivity"]["low"] < af["sensitivity"]["value"] < af["sensitivity"]["high"]
    sets = {row["hospital"]: row for row in found["sets"]}
    assert [sets[name]["n_records"] for name in ("georgia", "cpsc_2018", outside.ALL)] == [40, 20, 60]


def test_few_records_have_no_auroc_and_a_statement_without_a_cut_says_so() -> None:
    own = _asked()
    k = own.codes.index("AFIB")
    own.wanted[:, k] = 0
    own.wanted[:3, k] = 1
    cuts = own.thresholds.copy()
    cuts[k] = np.nan
    found = outside.describe(replace(own, thresholds=cuts), 10)
    af = next(row for row in found["findings"] if (row["finding"], row["hospital"]) == ("AFIB", outside.ALL))
    assert af["positives"] == 3
    assert "auroc" not in af
    assert "sensitivity" not in af
    assert af["cut"] == "none in the card"


def test_labels_of_other_hospitals_are_those_of_the_pack(classifier: ModelCard) -> None:  # noqa: F811
    rng = np.random.default_rng(4)
    samples = rng.integers(-500, 500, (5, 8, 5000)).astype(np.int16)
    af, brady = "164889003", "426177001"
    rows = (
        Row("ptbxl", "1", "p", 9, ("AFIB",)),
        Row("georgia", "E1", "E1", codes=(af,)),
        Row("georgia", "E2", "E2", codes=(brady,)),
        Row("georgia", "E2", "E2", codes=(brady,)),  # a second window
        Row("unlabelled", "x", "x"),
    )
    own = outside.answered(classifier, Pack(samples, rows))
    assert own is not None
    assert [row.record_id for row in own.rows] == ["E1", "E2"]
    assert own.wanted[:, own.codes.index("AFIB")].tolist() == [1, 0]
    assert np.isnan(own.wanted[:, own.codes.index("LVH")]).all()  # which none of its records names
    assert outside.answered(classifier, Pack(samples[:1], rows[:1])) is None


def test_what_was_left_out_is_counted(shared_data: Path) -> None:
    found = outside.left_out(shared_data, Pack(np.zeros((0, 8, 5), np.int16), ()))
    assert found[outside.HR] == len(list((shared_data / "cinc2021").glob("HR*.hea")))
    assert found[outside.COPIES] == len(list((shared_data / "ptbxl").glob("records100/**/*.hea")))
    assert found[outside.OTHERS] > 200  # an empty pack has left all of them out


def test_heart_rates_and_small_groups_have_names() -> None:
    assert subgroups.heart_rate_bands([59.9, 60, 99, 100, float("nan")]) == [
        "under 60/min",
        "60 to 79/min",
        "80 to 99/min",
        "100/min and over",
        "unknown",
    ]
    assert subgroups.with_few_together(["a"] * 3 + ["b", "unknown"], 2) == ["a"] * 3 + ["others", "unknown"]


def test_measured_values_have_their_share_and_a_doubtful_one_has_none() -> None:
    term = Term("Heart rate", "below", 0.2, 75.0, 60.0)
    rest = Rest(1.1, -0.4, (term,), 30, 300)
    own = _asked()
    own = replace(own, card=replace(own.card, measured={"SBRAD": as_json(rest)}))
    values = {
        ("georgia", "0"): {"Heart rate": 45.0},
        ("georgia", "1"): {},
        ("georgia", "2"): {"Heart rate": None},
    }
    found = with_measured.with_values(own, values)
    k = CODES.index("SBRAD")
    z = np.log(own.said[0, k] / (1 - own.said[0, k]))
    assert found.said[0, k] == pytest.approx(1 / (1 + np.exp(-(1.1 * z - 0.4 + 0.2 * 15))), abs=1e-5)
    same = found.said == own.said
    assert not same[0, k]
    same[0, k] = True
    assert same.all()  # in doubt, not measured, not there: the network's own answer stands
    assert with_measured.answered(_asked(), Path(), Path()) is None  # no statement of its card rests on any
