"""Lead names, their order, and the limb-lead identities."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

STANDARD_12: tuple[str, ...] = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
CHEST: tuple[str, ...] = STANDARD_12[6:]
EXTRA: tuple[str, ...] = ("V3R", "V4R", "V5R", "V6R", "V7", "V8", "V9", "X", "Y", "Z")

_CANONICAL = {name.upper(): name for name in STANDARD_12 + EXTRA}
_INVERTED = re.compile(r"(?:^|\s)[-\u2212](?=\w)")
_SYNONYMS = {"MLI": "I", "MLII": "II", "MLIII": "III", "VX": "X", "VY": "Y", "VZ": "Z"}


def canonical_name(raw: str) -> str:
    """Return the field's spelling of a lead name ("AVR", "Lead II", "ecg v1" -> "aVR", "II", "V1").

    An unknown name is returned stripped, otherwise as it was; so is an inverted lead ("-aVR"), which is another one.
    """
    text = raw.strip().strip("\0").strip()
    if _INVERTED.search(text):
        return text
    key = text.upper().replace(" ", "").replace("_", "").replace("-", "")
    for prefix in ("LEAD", "ECG"):
        key = key.removeprefix(prefix)
    key = _SYNONYMS.get(key, key)
    return _CANONICAL.get(key, text)


def order_key(name: str) -> tuple[int, int]:
    """Return a sort key: the standard twelve first, then the known extra leads, then the rest as given."""
    if name in STANDARD_12:
        return (0, STANDARD_12.index(name))
    if name in EXTRA:
        return (1, EXTRA.index(name))
    return (2, 0)


def derive_limb(lead: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Return the limb leads that are missing and follow from two that are there.

    III = II - I; aVR = -(I + II)/2; aVL = I - II/2; aVF = II - I/2 (Einthoven, Goldberger).
    Needs two of I, II, III; returns an empty mapping otherwise.

    Args:
        lead: name -> (samples,) mV.
    """
    have = {name: lead[name] for name in ("I", "II", "III") if name in lead}
    if len(have) < 2:
        return {}
    one = have["I"] if "I" in have else have["II"] - have["III"]
    two = have["II"] if "II" in have else have["III"] + have["I"]
    all_six = {
        "I": one,
        "II": two,
        "III": two - one,
        "aVR": -(one + two) / 2,
        "aVL": one - two / 2,
        "aVF": two - one / 2,
    }
    return {name: value.astype(np.float32) for name, value in all_six.items() if name not in lead}
