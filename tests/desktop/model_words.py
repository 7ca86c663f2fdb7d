"""What a model might say, in words that occur nowhere else, so that a leak can be found."""

from collections.abc import Callable
from typing import Any

from ecgview.errors import EcgviewError
from ecgview.models.asking import Answer
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import Contribution, Contributions, LabelScore, LefResult, ModelFacts, Prediction

FACTS = ModelFacts(
    "zebra", "Zebranet", "9.9", "f" * 64, "zebras of the savannah", "not calibrated", "zebra caveat"
)
WORDS = ("zebra", "quagga", "okapi", "0.9137", "91.4", "0.91", "0.7731", "0.77")


def prediction(sha256: str) -> Prediction:
    """Return a prediction with one high score."""
    scores = (LabelScore("QUAGGA", "quagga rhythm", 0.9137, 0.5), LabelScore("NORM", "normal ECG", 0.02, 0.5))
    return Prediction(FACTS, sha256, "cpu", 12.0, scores, ("okapi warning",))


def lef(sha256: str) -> LefResult:
    """Return a raised index."""
    shares = Contributions(0.1, (Contribution("P(QUAGGA)", 0.9137, 1.1258),), 1.2258, "logit", "shap")
    return LefResult(FACTS, sha256, "index", 1.2258, 0.7731, 0.5, "raised okapi index", "", shares)


def answering(
    classify: Callable[[EcgRecord], Prediction], low_fraction: Callable[[EcgRecord], LefResult]
) -> Callable[..., Answer]:
    """Return what takes the place of the job that asks the models; a part that raises what is known is its error."""

    def part(function: Callable[[EcgRecord], Any], record: EcgRecord, memory: Any) -> Any:
        try:
            said = function(record)
        except EcgviewError as error:
            return error
        if memory is not None:
            memory.keep("f" * 64, said)
        return said

    def ask(
        record: EcgRecord, _id: Any, _lef: Any, memory: Any, told: Any, *_: Any, progress: Progress = silent
    ) -> Answer:
        prediction = part(classify, record, memory)
        if isinstance(prediction, Prediction):
            told(prediction)
        return Answer(prediction, part(low_fraction, record, memory))

    return ask
