"""Weights of measured shares: found where they are planted, none where nothing is, and honest out of fold."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import classifier

from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.models import cards, measured_terms
from ecgview.models.cards import ModelCard
from ecgview.training.data.measured_values import load_or_measure
from ecgview.training.data.recordings import Reading
from ecgview.training.data.rows import Row
from ecgview.training.evaluation import measured_fit
from ecgview.training.evaluation.measured_fit import Candidate, Fitted
from ecgview.training.evaluation.metrics import best_f1_threshold
from tests.synthetic_ecg import Made, record

__all__ = ["classifier"]

N = 1600
SLOW = Candidate("Heart rate", "below", 70.0, 1, at=60.0)
P_WAVES = Candidate("P waves before QRS", "linear", 100.0, 1)
INTERVAL = Candidate("PR", "above", 160.0, 1, at=200.0)


class Planted:
    """ECGs whose labels follow a network's logit, the heart rate below 60, and P waves; patients have two each."""

    def __init__(self, seed: int = 3) -> None:
        random = np.random.default_rng(seed)
        self.rate = random.normal(68, 14, N)
        self.p = np.where(random.random(N) < 0.15, 0.0, 100.0)
        self.z = random.normal(-1.0, 1.0, N)
        said = self.z + 0.6 * np.maximum(0, 60 - self.rate) - 0.04 * (100 - self.p) - 1.0
        self.truth = (random.random(N) < 1 / (1 + np.exp(-said))).astype(float)
        self.patients = [f"p{k // 2}" for k in range(N)]
        self.folds = np.arange(N) // 2 % 8 + 1
        self.values: list[dict[str, float | None]] = [
            {"Heart rate": rate, "P waves before QRS": p, "PR": 160.0 if p else None}
            for rate, p in zip(self.rate, self.p, strict=True)
        ]

    def fit(self, *candidates: Candidate, truth: Any = None, **others: Any) -> Fitted:
        wanted = self.truth if truth is None else truth
        return measured_fit.fit(
            ["A", "B"],
            np.column_stack([self.z, self.z]),
            self.values,
            np.column_stack([wanted, np.full(N, np.nan)]),
            self.folds,
            self.patients,
            candidates={"A": candidates, "B": candidates},
            **others,
        )


def test_planted_weights_are_found_and_the_gain_is_shown() -> None:
    planted = Planted()
    found = planted.fit(SLOW, P_WAVES)
    assert set(found.section) == {"A"}
    rest = measured_terms.read(found.section, ["A", "B"], "card")["A"]
    rate, p = rest.terms
    assert rest.network == pytest.approx(1.0, abs=0.15)
    assert rate.weight == pytest.approx(0.6, abs=0.12)
    assert p.weight == pytest.approx(0.04, abs=0.012)
    assert (rest.positives, rest.positives + rest.negatives) == (int(planted.truth.sum()), N)
    gain = found.gains["A"]
    assert 0 < gain.low < gain.value < gain.high
    assert f"{gain.value:.4f}" in rest.rule
    assert (found.gains["B"].kept, found.gains["B"].records) == (False, 0)
    assert np.array_equal(found.logits[:, 1], planted.z)


def test_what_a_card_says_makes_the_logits_of_the_fit() -> None:
    planted = Planted()
    found = planted.fit(SLOW, P_WAVES)
    rest = measured_terms.read(found.section, ["A"], "card")["A"]
    by_card = np.array(
        [
            rest.intercept + rest.network * z + sum(term.share(row[term.value]) or 0.0 for term in rest.terms)
            for z, row in zip(planted.z, planted.values, strict=True)
        ]
    )
    # Out of fold the weights are others, but hardly: three quarters of the same records made them.
    assert np.corrcoef(by_card, found.logits[:, 0])[0, 1] > 0.995
    assert not np.allclose(by_card, found.logits[:, 0])


def test_labels_that_measured_values_do_not_follow_get_no_share() -> None:
    planted = Planted()
    random = np.random.default_rng(8)
    truth = (random.random(N) < 1 / (1 + np.exp(-planted.z))).astype(float)
    found = planted.fit(SLOW, P_WAVES, truth=truth)
    assert found.section == {}
    assert found.gains["A"].why_not == "the interval of the gain holds zero"
    assert np.array_equal(found.logits[:, 0], planted.z)


def test_a_weight_of_the_wrong_sign_is_left_out() -> None:
    found = Planted().fit(SLOW, replace(P_WAVES, sign=-1))
    rest = measured_terms.read(found.section, ["A"], "card")["A"]
    assert [term.value for term in rest.terms] == ["Heart rate"]


def test_an_absent_value_has_a_weight_of_its_own_and_a_doubted_one_takes_no_part() -> None:
    planted = Planted()
    found = planted.fit(SLOW, INTERVAL)
    rest = measured_terms.read(found.section, ["A"], "card")["A"]
    assert [term.value for term in rest.terms] == [
        "Heart rate"
    ]  # PR is 160 or absent: a line has no slope in that

    planted.values = [
        {**row, "PR": None if row["PR"] is None else 160.0 + 60 * truth}
        for row, truth in zip(planted.values, planted.truth, strict=True)
    ]
    rest = measured_terms.read(planted.fit(SLOW, INTERVAL).section, ["A"], "card")["A"]
    absent = next(term.absent for term in rest.terms if term.value == "PR")
    assert absent is not None
    assert absent != 0

    doubted = Planted()
    for row in doubted.values[: N // 2]:
        del row["P waves before QRS"]
    few = doubted.fit(SLOW, P_WAVES)
    assert few.gains["A"].records == N - N // 2
    assert np.array_equal(few.logits[: N // 2, 0], doubted.z[: N // 2])


def test_where_sources_call_it_by_different_limits_a_record_without_the_statement_teaches_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measured_fit, "UNCLEAR", {"A": ("Heart rate", 50.0, 60.0)})
    planted = Planted()
    unclear = (planted.rate >= 50) & (planted.rate < 60)
    found = planted.fit(SLOW, P_WAVES)
    assert found.gains["A"].records == N - int((unclear & (planted.truth == 0)).sum())
    other = planted.truth.copy()
    other[unclear] = 1  # as if the limit were 60
    assert found.gains["A"].positives == int(planted.truth.sum()) < int(other.sum())
    assert not np.any(found.logits[unclear, 0] == planted.z[unclear])  # they are answered all the same


def test_few_positives_fit_nothing() -> None:
    truth = np.zeros(N)
    truth[:19] = 1
    found = Planted().fit(SLOW, truth=truth)
    assert found.gains["A"].why_not == "19 positives with measured values, of 20 that a fit needs"


def test_a_recording_is_measured_once_and_its_table_kept(tmp_path: Path) -> None:
    read: list[str] = []

    def records() -> Iterator[Reading]:
        for name, made in (("1", Made()), ("2", Made(rr_ms=1250, qt_ms=430))):
            read.append(name)
            yield Row("ptbxl", name, f"p{name}", 3, ("SR",)), record(made)

    first = load_or_measure(records(), tmp_path, "these")
    assert read == ["1", "2"]
    assert first[1][1]["Heart rate"] == pytest.approx(48, abs=0.2)
    assert set(first[0][1]) == set(measured_terms.VALUES)
    assert load_or_measure(records(), tmp_path, "these") == first
    assert read == ["1", "2"]
    load_or_measure(records(), tmp_path, "others")
    assert len(read) == 4


def test_the_command_writes_shares_and_the_cuts_of_answers_with_them(
    tmp_path: Path,
    classifier: ModelCard,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    planted, labels = Planted(), classifier.labels
    logits = np.tile(planted.z[:, None], (1, len(labels)))
    np.savez(tmp_path / "oof.npz", record_id=np.array([str(k) for k in range(N)]), logits=logits)
    rows = [
        (Row("ptbxl", str(k), planted.patients[k], int(planted.folds[k]), ("SBRAD",) * bool(truth)), values)
        for k, (truth, values) in enumerate(zip(planted.truth, planted.values, strict=True))
    ]
    rows = [(row, {**values, "RR irregularity": 2.0}) for row, values in rows]
    monkeypatch.setattr(measured_fit, "load_or_measure", lambda *asked: rows)
    words = ["evaluate", classifier.id, str(tmp_path), "--update-measured", str(tmp_path / "oof.npz")]
    assert main([*words, "--cache", str(tmp_path / "cache")]) == 0
    told = capsys.readouterr().out
    assert "1 statements rest on measured values as well" in told
    assert "PR" not in told.split("SBRAD")[1].splitlines()[0]
    card = cards.get(classifier.id)
    assert set(card.rests) == {"SBRAD"}
    place = labels.index("SBRAD")
    basis = card.threshold_figures["SBRAD"]
    assert basis["positives"] == planted.truth.sum()
    assert card.thresholds[place] == basis["cut"]
    # the cut is of answers with shares, not of the network alone: there the best F1 is at another probability
    alone = best_f1_threshold(planted.truth, 1 / (1 + np.exp(-planted.z)))
    assert abs(basis["cut"] - alone) > 0.02
    others = [k for k, code in enumerate(labels) if code != "SBRAD"]
    assert [card.thresholds[k] for k in others] == [classifier.thresholds[k] for k in others]


def test_out_of_fold_logits_of_ptbxl_become_a_section_of_the_card(
    tmp_path: Path, classifier: ModelCard
) -> None:
    planted = Planted()
    labels = classifier.labels
    logits = np.tile(planted.z[:, None], (1, len(labels)))
    np.savez(tmp_path / "oof.npz", record_id=np.array([str(k) for k in range(N)]), logits=logits)
    rows = [
        (
            Row(
                "ptbxl",
                str(k),
                planted.patients[k],
                int(planted.folds[k]),
                ("SBRAD",) if planted.truth[k] else (),
            ),
            {**planted.values[k], "RR irregularity": 2.0},
        )
        for k in range(N)
    ]
    outside = (Row("ptbxl", "0", "p0", 9, ("SBRAD",)), rows[0][1])
    said = measured_fit.read_out_of_fold(tmp_path / "oof.npz", labels)
    fitted, kept = measured_fit.fit_ptbxl(labels, said, [*rows, outside])
    assert kept == tuple(str(k) for k in range(N))
    card = measured_fit.write_to_card(classifier, fitted)
    assert card.rests["SBRAD"].terms[0].value == "Heart rate"
    assert set(card.rests) == {"SBRAD"}

    with pytest.raises(ModelError, match="record_id and logits"):
        measured_fit.read_out_of_fold(classifier.folder / "card.json", labels)
    with pytest.raises(ModelError, match="do not fit"):
        measured_fit.read_out_of_fold(tmp_path / "oof.npz", labels[:3])
