"""What a model might say, in words that occur nowhere else, so that a leak can be found."""

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
