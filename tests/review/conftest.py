"""A store in a temporary folder, a record, and results of models to be hidden and shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ecgview.record import EcgRecord
from ecgview.results import Contribution, Contributions, LabelScore, LefResult, ModelFacts, Prediction
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store

FACTS = ModelFacts("m", "Model", "1.0", "f" * 64, "PTB-XL", "not calibrated")
PREDICTION = Prediction(FACTS, "pulse", "cpu", 12.5, (LabelScore("AFIB", "心房颤动", 0.75, None),), ("one",))
LEF = LefResult(
    FACTS,
    "pulse",
    "index",
    0.5,
    0.62,
    0.5,
    "raised index",
    contributions=Contributions(0.1, (Contribution("1-P(NORM)", 0.9, 0.4),), 0.5, "logit", "linear"),
    single_predictors=(("P(ILBBB)", 0.2),),
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "reads" / "ecgview.db"


@pytest.fixture
def store(database: Path) -> Iterator[Store]:
    with Store(database) as opened:
        yield opened


@pytest.fixture
def session(store: Store, pulse_record: EcgRecord) -> ReadingSession:
    return ReadingSession(store, pulse_record, "Reader A")


@pytest.fixture
def prediction() -> Prediction:
    return PREDICTION


@pytest.fixture
def lef() -> LefResult:
    return LEF
