"""The label tasks of the PTB-XL benchmark: diagnostic statements, sub- and superclasses, form, rhythm."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.labels import label_set
from ecgview.training.evaluation.asked import Asked
from ecgview.training.evaluation.levels import FEWEST_POSITIVES, grouped, score, statements
from ecgview.training.evaluation.plain import interval


def members() -> dict[str, tuple[tuple[str, ...], NDArray[np.bool_]]]:
    """Return the classes of each task and which of the 71 statements make them, (k, 71)."""
    known = label_set.load("ptbxl71").statements
    keys = {
        "diagnostic statements": [s.code if "diagnostic" in s.group else "" for s in known],
        "diagnostic subclasses": [f"{s.superclass}/{s.subclass}" if s.superclass else "" for s in known],
        "diagnostic superclasses": [s.superclass for s in known],
        "form statements": [s.code if "form" in s.group else "" for s in known],
        "rhythm statements": [s.code if "rhythm" in s.group else "" for s in known],
    }
    found = {}
    for task, names in keys.items():
        classes = tuple(dict.fromkeys(name for name in names if name))
        found[task] = classes, np.array([[name == own for name in names] for own in classes])
    return found


def table(asked: Asked, resamples: int) -> list[dict[str, Any]]:
    """Return a row per task that the model can answer; records without any label of the task are left out.

    So the benchmark does. Unlike there, classes with fewer than five positives are not scored.
    """
    rows = []
    for task, (classes, member) in members().items():
        level = grouped(task, statements(asked), classes, member, FEWEST_POSITIVES)
        keep = np.flatnonzero(level.wanted.sum(1) > 0)
        if len(level.classes) < len(classes) or not len(keep):
            continue
        part = asked.part(keep)
        own = grouped(task, statements(part), classes, member, FEWEST_POSITIVES)
        scores = score(own, part.bootstrap(resamples))
        rows.append(
            {
                "task": task,
                "n_records": len(keep),
                "n_classes": len(classes),
                "n_scored": len(own.scored),
                "macro_auroc": interval(scores.auroc.mean()),
                "macro_auprc": interval(scores.auprc.mean()),
                "macro_f1": interval(scores.f1.mean()),
            }
        )
    return rows
