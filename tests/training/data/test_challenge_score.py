"""The challenge metric: a case by hand, its fixed points, and a loop written as the paper defines it."""

import numpy as np
import pytest

from ecgview.errors import ModelError
from ecgview.training.data import tasks
from ecgview.training.evaluation import challenge_score

CODES = tasks.get("cinc26").codes


def said(*recordings: str) -> np.ndarray:
    return np.array([[code in words.split() for code in CODES] for words in recordings], dtype=float)


def test_by_hand() -> None:
    """Weights from the table: AF-AFL .5, AF-NSR .25, SB-NSR .45, SB-TInv .3, TInv-NSR .25."""
    true = said("AF", "SB TInv")
    given = said("AFL", "SB")
    # earned: .5/2 + (1 + .3)/2 = .9; best: 1 + (1 + 1 + .3 + .3)/2 = 2.3; idle: .25/2 + (.45 + .25)/3
    idle = 0.125 + 0.7 / 3
    assert challenge_score.score(true, given) == pytest.approx((0.9 - idle) / (2.3 - idle))


def test_true_labels_score_one_and_sinus_rhythm_alone_nothing() -> None:
    rng = np.random.default_rng(1)
    true = (rng.random((200, 26)) < 0.1).astype(int)
    inactive = np.zeros_like(true)
    inactive[:, CODES.index("NSR")] = 1
    assert challenge_score.score(true, true) == pytest.approx(1.0)
    assert challenge_score.score(true, inactive) == pytest.approx(0.0)
    assert challenge_score.score(inactive, inactive) == 0.0
    assert challenge_score.score(true, 1 - true) < 0.5


def test_against_a_loop_over_recordings_and_pairs() -> None:
    rng = np.random.default_rng(2)
    true, given = rng.random((2, 60, 26)) < 0.12
    table = challenge_score.weights()

    def earned(labels: np.ndarray, answers: np.ndarray) -> float:
        total = 0.0
        for label, answer in zip(labels, answers, strict=True):
            either = max(sum(a or b for a, b in zip(label, answer, strict=True)), 1)
            for j in np.flatnonzero(label):
                for k in np.flatnonzero(answer):
                    total += table[j, k] / either
        return total

    inactive = np.zeros_like(true)
    inactive[:, CODES.index("NSR")] = True
    floor = earned(true, inactive)
    expected = (earned(true, given) - floor) / (earned(true, true) - floor)
    assert challenge_score.score(true, given) == pytest.approx(expected)


def test_the_table_is_whole() -> None:
    table = challenge_score.weights()
    assert table.shape == (26, 26)
    assert np.array_equal(table, table.T)
    assert np.all(np.diag(table) == 1)
    assert 0.15 == table.min() == table[CODES.index("QAb"), CODES.index("NSR")]


@pytest.mark.parametrize(
    ("true", "given", "match"),
    [
        (np.zeros((3, 25)), np.zeros((3, 25)), "classes"),
        (np.zeros((3, 26)), np.zeros((2, 26)), "shape"),
        (np.zeros((3, 26)), np.full((3, 26), 0.4), "decisions"),
    ],
)
def test_what_is_no_decision_is_refused(true: np.ndarray, given: np.ndarray, match: str) -> None:
    with pytest.raises(ModelError, match=match):
        challenge_score.score(true, given)
