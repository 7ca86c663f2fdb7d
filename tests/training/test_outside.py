"""Figures in other hospitals, from answers planted with a known relation to the truth."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ecgview.labels import label_set
from ecgview.models import cards
from ecgview.training.data.pack import Pack, Row
from ecgview.training.evaluation import outside, subgroups
from ecgview.training.evaluation.asked import Asked


def _asked() -> Asked:
    """Return answers about two hospitals' records: the second never names bradycardia."""
    card = cards.get("random-kernels-ptbxl")
    codes = outside.external.mapped(card.labels)
    rng = np.random.default_rng(1)
    wanted = (rng.random((60, len(codes))) < 0.3).astype(np.float32)
    said = np.clip(0.25 * wanted + 0.7 * rng.random(wanted.shape), 0, 1).astype(np.float32)
    rows = tuple(Row("georgia" if i < 40 else "cpsc_2018", str(i), str(i)) for i in range(60))
    places = list(codes.values())
    cuts = np.array([np.nan if card.thresholds[k] is None else 0.5 for k in places])
    own = Asked(card, tuple(codes), cuts, rows, wanted, said, "cinc26")
    wanted[40:, own.codes.index("SB")] = np.nan
    return own


def test_a_source_counts_only_for_what_its_labels_can_name() -> None:
    own = _asked()
    found = outside.describe(own, 30)
    rows = {(row["finding"], row["hospital"]): row for row in found["findings"]}
    assert ("SB", "cpsc_2018") not in rows
    assert rows["SB", outside.ALL]["n_records"] == 40
    assert rows["AF", outside.ALL]["n_records"] == 60
    k = own.codes.index("AF")
    af = rows["AF", outside.ALL]
    assert af["auroc"]["value"] == pytest.approx(roc_auc_score(own.wanted[:, k], own.said[:, k]), abs=1e-4)
    truth, called = own.wanted[:, k] > 0, own.said[:, k] >= 0.5
    assert af["sensitivity"]["value"] == pytest.approx((truth & called).sum() / truth.sum(), abs=1e-4)
    assert af["specificity"]["value"] == pytest.approx((~truth & ~called).sum() / (~truth).sum(), abs=1e-4)
    assert af["sensitivity"]["low"] < af["sensitivity"]["value"] < af["sensitivity"]["high"]
    sets = {row["hospital"]: row for row in found["sets"]}
    assert [sets[name]["n_records"] for name in ("georgia", "cpsc_2018", outside.ALL)] == [40, 20, 60]


def test_few_records_have_no_auroc_and_a_statement_without_a_cut_says_so() -> None:
    own = _asked()
    k = own.codes.index("AF")
    own.wanted[:, k] = 0
    own.wanted[:3, k] = 1
    cuts = own.thresholds.copy()
    cuts[k] = np.nan
    found = outside.describe(replace(own, thresholds=cuts), 10)
    af = next(row for row in found["findings"] if (row["finding"], row["hospital"]) == ("AF", outside.ALL))
    assert af["positives"] == 3
    assert "auroc" not in af
    assert "sensitivity" not in af
    assert af["cut"] == "none in the card"


def test_a_recording_that_lies_twice_counts_once() -> None:
    rng = np.random.default_rng(4)
    samples = rng.integers(-500, 500, (5, 8, 100)).astype(np.int16)
    samples[3] = samples[0]  # the first window of another record
    names = (("a", "1"), ("a", "1"), ("a", "2"), ("b", "9"), ("b", "8"))
    pack = Pack(samples, tuple(Row(source, record, record) for source, record in names))
    index = np.arange(5)
    assert outside.single(pack, index).tolist() == [0, 1, 2, 4]
    known = {outside.fingerprint(pack, 2)}
    assert outside.single(pack, index, known).tolist() == [0, 1, 4]


def test_what_was_left_out_is_counted(shared_data: Path) -> None:
    found = outside.left_out(shared_data, 2)
    assert found["PTB-XL's own records under the challenge's names (HR*)"] == len(
        list((shared_data / "cinc2021").glob("HR*.hea"))
    )
    copies = "copies at 100 Hz of PTB-XL records that are here at 500 Hz (records100)"
    assert found[copies] == len(list((shared_data / "ptbxl").glob("records100/**/*.hea")))


def test_heart_rates_and_small_groups_have_names() -> None:
    assert subgroups.heart_rate_bands([59.9, 60, 99, 100, float("nan")]) == [
        "under 60/min",
        "60 to 79/min",
        "80 to 99/min",
        "100/min and over",
        "unknown",
    ]
    assert subgroups.with_few_together(["a"] * 3 + ["b", "unknown"], 2) == ["a"] * 3 + ["others", "unknown"]


def test_the_statements_that_answer_are_named() -> None:
    assert len(label_set.load("ptbxl71").statements) == 71
    codes = {row["finding"]: row["statement"] for row in outside.describe(_asked(), 5)["findings"]}
    assert (codes["AF"], codes["CRBBB"], codes["SB"], codes["STach"]) == ("AFIB", "CRBBB", "SBRAD", "STACH")
