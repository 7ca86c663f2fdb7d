"""Limb electrodes on each other's places: what leads I and II would be by the chest leads, against what they are.

The chest leads do not change when two limb electrodes are exchanged, the limb leads do: I and II are predicted from
V1 to V6 by one linear rule, and the exchange that fits the prediction better than the record as it is has probably
happened (after Kors and van Herpen, J Electrocardiol 2001; the rule and the margin are ours). Coefficients: least
squares over the 3,382 records of PTB-XL folds 1 to 8 in `../shared/data`, 1 to 40 Hz, each record of equal weight.

Right and left arm exchanged on fold 9 (484 records): found in 95 %, said of 0.2 % as recorded; right arm and left leg
93 % and 0.2 %; of 915 records of other sources 92 % and 0.3 %, 93 % and 0.8 %. Left arm and left leg (7 %) is not
told from a turn of the heart, so that nothing is said of it. A heart on the right side looks like the first.

Chest electrodes in another order upset the prediction, too: so their orders are tried as well, and V1 and V6 tell which
of the two it is. What is exchanged among neighbours (V1 and V2, V3 and V5) hardly changes it and is not seen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import SignalError
from ecgview.leads import STANDARD_12, derive_limb
from ecgview.record import WHAT_IF, DeviceReading, EcgRecord, ImportNote

LIMB = STANDARD_12[:6]
CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")
NEEDED = ("I", "II", *CHEST)
RULE = np.array(
    [[-0.604, 0.245, 0.045, -0.083, 0.131, 0.258], [-0.043, -0.080, 0.106, 0.093, 0.071, 0.374]]
)  # I and II, each from V1 to V6
MARGIN = 0.4  # of two correlations
INVERTED = "all limb leads inverted"
REVERSED, V1_AND_V5 = "V1 and V6, or all in reverse order", "V1 and V5"
CHEST_ORDERS = (  # what stands in the places of V1 to V6
    (REVERSED, (5, 4, 3, 2, 1, 0)),
    (REVERSED, (5, 1, 2, 3, 4, 0)),
    (V1_AND_V5, (4, 1, 2, 3, 0, 5)),
)
DISCORD, LEAST_SIZE = (
    -0.3,
    0.25,
)  # correlation of a lead with what it should be, where that has such a part of the size


_SUMS = {  # Einthoven's and Goldberger's: each augmented lead from I and II
    "III": {"I": -1.0, "II": 1.0},
    "aVR": {"I": -0.5, "II": -0.5},
    "aVL": {"I": 1.0, "II": -0.5},
    "aVF": {"I": -0.5, "II": 1.0},
}


def exchanged(one: NDArray[np.float64], two: NDArray[np.float64], chest: NDArray[np.float64]) -> str:
    """Return which electrodes seem exchanged, "right and left arm", `INVERTED`, or "" where none do.

    Chest electrodes are `REVERSED` or `V1_AND_V5`.

    Args:
        one: lead I, (samples,) mV between 1 and 40 Hz.
        two: lead II, the same.
        chest: V1 to V6, (6, samples).
    """
    expected = np.concatenate(RULE @ chest)
    three = two - one
    as_is = _correlation(one, two, expected)
    first, last = (float(row.max() + row.min()) for row in chest[[0, -1]])
    found = {
        "right arm and left leg": _correlation(-three, -two, expected),
        INVERTED: _correlation(-one, -two, expected),
    }
    # V1 mainly up and V6 mainly down are seen in 1 % of hearts, the reverse in 92 %; exchanged arms change neither.
    if not first > 0 > last:
        found["right and left arm"] = _correlation(-one, three, expected)
    if not first < 0 < last:
        for name, order in CHEST_ORDERS:
            likeness = _correlation(one, two, np.concatenate(RULE @ chest[list(order)]))
            found[name] = max(likeness, found.get(name, -1.0))
    best = max(found, key=lambda name: found[name])
    return best if found[best] - as_is > MARGIN else ""


def discordant(rows: Mapping[str, NDArray[np.float64]]) -> tuple[str, ...]:
    """Return the limb leads of which one is the reverse of what the others make it, by Einthoven and Goldberger.

    Carts round and filter lead by lead, some so that the sums hardly hold (LUDB): the sign tells, not the difference.

    Args:
        rows: lead name to (samples,) mV between 1 and 40 Hz; leads that are not there are not asked about.
    """
    found: dict[str, None] = {}
    for name, sum_of in _SUMS.items():
        if name in rows and all(other in rows for other in sum_of):
            expected = sum((factor * rows[other] for other, factor in sum_of.items()), np.zeros(1))
            size = max(float(np.std(rows[one])) for one in (name, *sum_of))
            if float(np.std(expected)) > LEAST_SIZE * size and _likeness(rows[name], expected) < DISCORD:
                found |= dict.fromkeys((*sum_of, name))
    return tuple(found)


def _correlation(one: NDArray[np.float64], two: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    return _likeness(np.concatenate([one, two]), expected)


def _likeness(given: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    return float(given @ expected / np.sqrt((given @ given) * (expected @ expected) + 1e-12))


# What a record would be without an exchange of two electrodes: each lead from one of the others and its sign. Wilson's
# terminal is the same for every order of the three, so that chest leads stay.
EXCHANGES: Mapping[str, Mapping[str, tuple[str, float]]] = {
    "right and left arm": {
        "I": ("I", -1.0),
        "II": ("III", 1.0),
        "III": ("II", 1.0),
        "aVR": ("aVL", 1.0),
        "aVL": ("aVR", 1.0),
    },
    "right arm and left leg": {
        "I": ("III", -1.0),
        "II": ("II", -1.0),
        "III": ("I", -1.0),
        "aVR": ("aVF", 1.0),
        "aVF": ("aVR", 1.0),
    },
    "left arm and left leg": {
        "I": ("II", 1.0),
        "II": ("I", 1.0),
        "III": ("III", -1.0),
        "aVL": ("aVF", 1.0),
        "aVF": ("aVL", 1.0),
    },
}
PERHAPS = "limb electrodes perhaps exchanged: "  # how the doubt begins; then a key of `EXCHANGES`
WEAK = "an exchange of left arm and left leg can hardly be told from the ECG (7 % are found here, 22 % elsewhere)"


def suspected(warnings: Iterable[str]) -> str:
    """Return the exchange of limb electrodes that the doubts about a record tell of, a key of `EXCHANGES`, or ""."""
    told = [text for text in warnings if PERHAPS in text]
    return next((one for one in EXCHANGES if any(f"{PERHAPS}{one}" in text for text in told)), "")


def as_if(record: EcgRecord, electrodes: str) -> EcgRecord:
    """Return the record as if two limb electrodes had been on each other's places, for looking at alone (T7).

    The file is not changed; a note in words says what the record is, and it has no fingerprint, so that nothing said of
    it is kept as if it were said of the recording.

    Args:
        record: with the leads I and II at least; other limb leads follow where they are there.
        electrodes: a key of `EXCHANGES`.

    Raises:
        SignalError: no such exchange, or leads that it needs are not recorded.
    """
    if electrodes not in EXCHANGES:
        raise SignalError("no such exchange", expected=", ".join(EXCHANGES), found=electrodes)
    table = EXCHANGES[electrodes]
    limb = {name: record.lead(name) for name in LIMB if record.has(name)}
    known = {**limb, **derive_limb(limb)}
    rows = []
    for name, row in zip(record.lead_names, record.signal, strict=True):
        source, sign = table.get(name, (name, 1.0))
        if name in table and source not in known:
            raise SignalError(f"lead {source} is not recorded", expected="two of I, II and III")
        rows.append(sign * known[source] if name in table else row)
    text = f"what if: shown as if {electrodes} had been exchanged; nothing is known of that"
    notes = (
        *record.notes,
        ImportNote(WHAT_IF, text, tuple(name for name in record.lead_names if name in table)),
    )
    return replace(
        record,
        signal=np.stack(rows).astype(np.float32),
        notes=notes,
        source=replace(record.source, sha256=""),
        device_reading=DeviceReading(),
    )
