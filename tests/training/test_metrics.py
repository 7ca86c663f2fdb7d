"""Figures of merit against scikit-learn, and intervals against distributions that are known."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, roc_auc_score

from ecgview.training.evaluation import metrics
from ecgview.training.evaluation.metrics import Bootstrap, Draws

REPETITIONS = 200


def _answers(n: int, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and scores with many ties."""
    rng = np.random.default_rng(seed)
    wanted = (rng.random((n, k)) < 0.3).astype(np.float32)
    said = np.clip(np.round(rng.random((n, k)) * 0.8 + 0.2 * wanted, 1), 0, 1).astype(np.float32)
    return wanted, said


def test_weighted_figures_are_those_of_repeated_records() -> None:
    wanted, said = _answers(60, 4)
    weights = Bootstrap(60, 5, seed=3).counts(5, np.random.default_rng(3))
    assert (weights.sum(1) == 60).all()
    called = said >= 0.5
    auroc = metrics.weighted_auroc(wanted, said, weights)
    auprc = metrics.weighted_auprc(wanted, said, weights)
    f1 = metrics.weighted_f1(wanted, called, weights)
    brier = metrics.weighted_brier(wanted, said, weights)
    for b, count in enumerate(weights.astype(int)):
        rows = np.repeat(np.arange(60), count)
        for k in range(4):
            truth, score = wanted[rows, k], said[rows, k].astype(float)
            assert auroc[b, k] == pytest.approx(roc_auc_score(truth, score), abs=1e-12)
            assert auprc[b, k] == pytest.approx(average_precision_score(truth, score), abs=1e-12)
            assert f1[b, k] == pytest.approx(f1_score(truth, called[rows, k]), abs=1e-12)
            assert brier[b, k] == pytest.approx(brier_score_loss(truth, score), abs=1e-6)


def test_an_absent_class_is_left_out_of_the_mean() -> None:
    wanted, said = _answers(50, 3)
    wanted[:, 1] = 0
    drawn = Bootstrap(50, 50).draw(lambda w: metrics.weighted_auroc(wanted, said, w))
    assert np.isnan(drawn.value[1])
    assert np.isnan(drawn.draws[:, 1]).all()
    assert drawn.mean().value == pytest.approx(metrics.macro_auroc(wanted, said))
    assert drawn.mean().value == pytest.approx(np.mean(metrics.auroc(wanted, said)[[0, 2]]))
    assert drawn.mean().low < drawn.mean().value < drawn.mean().high
    empty = Draws(np.full(1, np.nan), np.full((5, 1), np.nan)).mean()
    assert np.isnan([empty.value, empty.low, empty.high]).all()


def test_resamples_in_pieces_are_those_of_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, said = _answers(40, 2)
    whole = Bootstrap(40, 30).draw(lambda w: metrics.weighted_auroc(wanted, said, w))
    monkeypatch.setattr(metrics, "_AT_ONCE", 40 * 7)
    pieces = Bootstrap(40, 30).draw(lambda w: metrics.weighted_auroc(wanted, said, w))
    np.testing.assert_array_equal(whole.draws, pieces.draws)


def test_fast_and_plain_bootstrap_agree() -> None:
    wanted, said = _answers(80, 3)
    fast = Bootstrap(80, 200).draw(lambda w: metrics.weighted_auroc(wanted, said, w)).mean()
    plain = metrics.bootstrap(lambda r: metrics.macro_auroc(wanted[r], said[r]), 80, 200)
    assert (fast.value, fast.low, fast.high) == pytest.approx((plain.value, plain.low, plain.high))


def test_the_interval_of_a_mean_covers_it() -> None:
    rng = np.random.default_rng(11)
    hits = 0
    for repetition in range(REPETITIONS):
        values = rng.normal(3.0, 2.0, (80, 1))
        drawn = Bootstrap(80, 300, seed=repetition).draw(lambda w, v=values: w @ v / w.sum(1, keepdims=True))
        found = drawn.each()[0]
        hits += found.low <= 3.0 <= found.high
    assert 0.90 <= hits / REPETITIONS <= 0.985


def test_the_interval_of_an_auroc_covers_it() -> None:
    rng = np.random.default_rng(12)
    known = norm.cdf(1.2 / np.sqrt(2))
    wanted = np.repeat([0.0, 1.0], [70, 50])[:, None].astype(np.float32)
    hits = 0
    for repetition in range(REPETITIONS):
        said = (rng.normal(size=(120, 1)) + 1.2 * wanted).astype(np.float32)
        drawn = Bootstrap(120, 300, seed=repetition).draw(
            lambda w, s=said: metrics.weighted_auroc(wanted, s, w)
        )
        found = drawn.each()[0]
        hits += found.low <= known <= found.high
    assert 0.90 <= hits / REPETITIONS <= 0.985


def test_records_of_one_patient_are_drawn_together() -> None:
    """Five records of each patient resemble each other: drawn one by one, their mean looks too certain."""
    rng = np.random.default_rng(13)
    patient = np.repeat(np.arange(30), 5)
    hits = {"patients": 0, "records": 0}
    for repetition in range(REPETITIONS):
        values = (rng.normal(size=30)[patient] + 0.3 * rng.normal(size=150))[:, None]
        for name, groups in (("patients", patient), ("records", None)):
            drawn = Bootstrap(150, 200, seed=repetition, groups=groups).draw(
                lambda w, v=values: w @ v / w.sum(1, keepdims=True)
            )
            found = drawn.each()[0]
            hits[name] += found.low <= 0.0 <= found.high
    assert 0.90 <= hits["patients"] / REPETITIONS <= 0.985
    assert hits["records"] / REPETITIONS < 0.75


def test_two_sided_p() -> None:
    assert metrics.two_sided_p(np.full(999, 0.1)) == pytest.approx(2 / 1000)
    assert metrics.two_sided_p(np.array([-1.0, 1.0] * 50)) == 1.0
    drawn = np.random.default_rng(0).normal(1.0, 1.0, 4000)
    assert metrics.two_sided_p(drawn) == pytest.approx(2 * norm.cdf(-1.0), abs=0.03)
    assert metrics.two_sided_p(drawn) == metrics.two_sided_p(-drawn)
