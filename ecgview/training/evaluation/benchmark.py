"""The label tasks of the PTB-XL benchmark: diagnostic statements, sub- and superclasses, form, rhythm."""

from typing import Any

import numpy as np

from ecgview.training.data import tasks
from ecgview.training.evaluation.asked import Asked
from ecgview.training.evaluation.levels import FEWEST_POSITIVES, grouped, score, statements
from ecgview.training.evaluation.plain import interval

TASKS = ("diag44", "sub23", "super5", "form19", "rhythm12")


def table(asked: Asked, resamples: int) -> list[dict[str, Any]]:
    """Return a row per task that the model can answer; records without any label of the task are left out.

    So the benchmark does. Unlike there, classes with fewer than five positives are not scored.
    """
    rows = []
    for name in TASKS:
        task = tasks.get(name)
        keep = np.flatnonzero(task.keeps(asked.rows))
        if not len(keep):
            continue
        part = asked.part(keep)
        own = grouped(name, statements(part), task.codes, task.matrix, FEWEST_POSITIVES)
        if len(own.classes) < len(task):
            continue
        scores = score(own, part.bootstrap(resamples))
        rows.append(
            {
                "task": name,
                "n_records": len(keep),
                "n_classes": len(task),
                "n_scored": len(own.scored),
                "macro_auroc": interval(scores.auroc.mean()),
                "macro_auprc": interval(scores.auprc.mean()),
                "macro_f1": interval(scores.f1.mean()),
            }
        )
    return rows
