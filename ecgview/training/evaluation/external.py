"""A test on other hospitals: the PhysioNet/CinC Challenge's classes, answered by a model of PTB-XL's statements.

A class is answered by the one statement that stands for the same SNOMED CT finding in ecgview's label sets; classes
without one (left and right axis, poor R wave progression, bundle branch block and bradycardia of no kind) are not.
"""

from typing import Any

import numpy as np

from ecgview.errors import ModelError
from ecgview.labels import label_set
from ecgview.training.data import tasks
from ecgview.training.data.rows import Row
from ecgview.training.evaluation import challenge_score
from ecgview.training.evaluation.metrics import Array, bootstrap
from ecgview.training.evaluation.plain import interval

TASK = "cinc26"


def mapped(statements: tuple[str, ...]) -> dict[str, int]:
    """Return the challenge's classes that these statements answer, each with its statement's place.

    Raises:
        ModelError: there is none.
    """
    concepts = {s.code: set(s.snomed_ct.split("|")) - {""} for s in label_set.load("ptbxl71").statements}
    found = {}
    for one in label_set.load("cinc2021").statements:
        alike = set(one.snomed_ct.split("|"))
        places = [k for k, code in enumerate(statements) if concepts.get(code, set()) & alike]
        if len(places) == 1:
            found[one.code] = places[0]
    if not found:
        raise ModelError("the model answers no class of the challenge", expected="PTB-XL's statements")
    return found


def score(classes: tuple[str, ...], rows: tuple[Row, ...], called: Array, resamples: int) -> dict[str, Any]:
    """Return the challenge's own score of the model's calls, classes that it cannot call counted as not called."""
    task = tasks.get(TASK)
    truth = task.targets(rows)
    given = np.zeros_like(truth)
    given[:, [task.codes.index(name) for name in classes]] = called
    found = bootstrap(lambda r: challenge_score.score(truth[r], given[r]), len(rows), resamples)
    return {
        "challenge_score": interval(found),
        "n_classes_answered": len(classes),
        "n_classes": len(task.codes),
    }
