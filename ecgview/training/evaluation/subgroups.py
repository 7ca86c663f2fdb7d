"""The same figures in parts of the records: by sex, by age, and by source and sampling rate where several are there."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ecgview.training.data.pack import Row
from ecgview.training.evaluation.asked import Asked
from ecgview.training.evaluation.levels import levels, score
from ecgview.training.evaluation.plain import interval

AGE_BANDS = ((40, "under 40"), (60, "40 to 59"), (80, "60 to 79"), (1000, "80 and over"))  # ours
# Bradycardia and tachycardia as the guidelines cut them, and the usual rates between in two.
RATE_BANDS = ((60, "under 60/min"), (80, "60 to 79/min"), (100, "80 to 99/min"), (1000, "100/min and over"))
FEWEST_IN_GROUP = 20  # of a device or a site; the rest are told together
UNKNOWN = "unknown"
OTHERS = "others"


def age_band(row: Row) -> str:
    """Return the band of a row's age; PTB-XL's 300 stands for over 89."""
    if row.age_years is None:
        return UNKNOWN
    return next(name for end, name in AGE_BANDS if row.age_years < end)


def rate(row: Row) -> str:
    """Return the sampling rate of a row's file; one at 100 Hz holds nothing above 50 Hz, whatever it became."""
    return f"{row.rate_hz:g} Hz" if row.rate_hz else UNKNOWN


GROUPINGS: Mapping[str, Callable[[Row], str]] = {
    "sex": lambda row: row.sex or UNKNOWN,
    "age": age_band,
    "source": lambda row: row.source or UNKNOWN,
    "rate": rate,
}


def heart_rate_bands(per_minute: Sequence[float]) -> list[str]:
    """Return the band of each heart rate, "unknown" where it is NaN: no two beats were found."""
    return [next((name for end, name in RATE_BANDS if rate < end), UNKNOWN) for rate in per_minute]


def with_few_together(names: Sequence[str], fewest: int = FEWEST_IN_GROUP) -> list[str]:
    """Return the names of groups, those with fewer records than this under one name."""
    count = Counter(names)
    return [name if count[name] >= fewest or name == UNKNOWN else OTHERS for name in names]


def table(
    asked: Asked, resamples: int, more: Mapping[str, Sequence[str]] | None = None
) -> list[dict[str, Any]]:
    """Return a row per subgroup; the groups of one grouping hold every record once.

    `more` names the group of each record in further groupings, what a row itself does not say.

    A superclass counts where it is present and absent in the group, a statement with five positives in it:
    means of two groups may therefore be over different classes, whose numbers stand beside them.
    """
    rows = []
    groupings = {grouping: [name_of(row) for row in asked.rows] for grouping, name_of in GROUPINGS.items()}
    for grouping, names in (groupings | {name: list(own) for name, own in (more or {}).items()}).items():
        if len(set(names)) < 2:
            continue
        for group in _ordered(set(names)):
            keep = np.array([i for i, name in enumerate(names) if name == group])
            rows.append({"grouping": grouping, "group": group, **_figures(asked.part(keep), resamples)})
    return rows


def _ordered(names: set[str]) -> list[str]:
    bands = [name for _, name in (*AGE_BANDS, *RATE_BANDS)]
    last = [name for name in (OTHERS, UNKNOWN) if name in names]
    known = [name for name in bands if name in names] or sorted(names - {OTHERS, UNKNOWN}, key=_place)
    return known + last


def _place(name: str) -> tuple[float, str]:
    """Return where a group stands among others: rates by their number, the rest by the alphabet."""
    number, _, unit = name.rpartition(" ")
    return (float(number) if unit == "Hz" else 0.0), name


def _figures(asked: Asked, resamples: int) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "n_records": len(asked.rows),
        "n_patients": len({row.patient_id for row in asked.rows}),
    }
    bootstrap = asked.bootstrap(resamples)
    for level in levels(asked):
        scores = score(level, bootstrap)
        figures[f"n_{level.name}s" if level.name == "statement" else "n_superclasses"] = len(level.scored)
        figures[f"{level.name}_macro_auroc"] = interval(scores.auroc.mean())
        figures[f"{level.name}_macro_auprc"] = interval(scores.auprc.mean())
        figures[f"{level.name}_macro_f1"] = interval(scores.f1.mean())
        if level.name == "superclass":
            each = dict(zip(level.scored.tolist(), scores.auroc.each(), strict=True))
            figures["classes"] = [
                {
                    "class": name,
                    "positives": int(level.wanted[:, k].sum()),
                    "auroc": interval(each[k]) if k in each else None,
                }
                for k, name in enumerate(level.classes)
            ]
    return figures
