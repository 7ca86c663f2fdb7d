"""A strip that says which statement has the largest probability, from the classifier's answer."""

import numpy as np

from ecgview.explain import Asked, Explanation
from ecgview.overlay import Bar, Overlay
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import Prediction

NAME = "The largest probability"
NEEDS = "classifier"


def explain(record: EcgRecord, asked: Asked, progress: Progress = silent) -> Explanation:
    assert isinstance(asked.answer, Prediction)
    top = max(asked.answer.scores, key=lambda score: score.probability)
    progress(0.5, "half way")
    strip = Bar("", 0.0, record.seconds, np.full(8, top.probability, dtype=np.float32), "positive")
    return Explanation(
        asked.answer.model,
        Overlay(bars=(strip,), legend=f"Strip: {top.code}"),
        (f"Largest: {top.label}",),
        ((f"probability of {top.code}", top.probability),),
    )
