"""What a signal measures: which units are volts, which names say that it is no ECG, which rate the leads share.

One rule for all formats: a signal of another quantity, or of another rate than the leads, is left out by name.
"""

import re
from collections.abc import Mapping, Sequence

from ecgview.errors import FormatError
from ecgview.leads import STANDARD_12, canonical_names
from ecgview.record import GAIN, GAIN_DOUBT, ImportNote

MANY = 8  # leads of a whole 12-lead ECG, limb leads left to be computed
_MV_PER = {"v": 1e3, "mv": 1.0, "uv": 1e-3, "nv": 1e-6}
_SIZES = {"milli": "m", "micro": "u", "nano": "n", "m": "m", "u": "u", "n": "n", "": ""}
_WORD = re.compile(r"(milli|micro|nano|m|u|n|)[\s-]?v(?:o?lts?)?")
_OTHER = re.compile(
    r"""^(?:(?:
        resp(?:iration|iratory|iro)?|breath(?:ing)?|thor(?:ax)?|abd(?:o|omen|ominal)?|nasal|chest\s?belt|effort
        |pleth(?:ysmogra\w*)?|ppg|pulse|sp[o0]2|sa[o0]2|s[o0]2|(?:et)?c[o0]2|[o0]2
        |(?:i|n)?bps?|n?i?abps?|art|aop|ao|cvp|pap?|icp|lap|rap|p[1-4]|uap|fap
        |uc|toco|fhr|mhr|hr|rr|heart\s?rate|pr
        |temp(?:erature)?|t[1-4]|tskin|tbody|imp(?:edance)?|z0|dz(?:/dt)?
        |acc(?:el)?(?:eration|erometer)?|gyro(?:scope)?|mag(?:netometer)?|pos(?:ition)?|body|move(?:ment)?|activity|snore?
        |pcg|phono|scg|bcg|icg|sound|audio|eda|gsr|scr|scl|light|batt(?:ery)?
        |eeg|emg|eog|erg|eng|meg|mcg|ep|status|trig(?:ger)?|marker|event|annotations?|time|clock|counter
    )(?:[\s_./-]?\d{0,2}|(?=[\s_./(\[-]).*))$""",
    re.IGNORECASE | re.VERBOSE,
)
_NUMBERED_SITE = re.compile(r"(?:abd(?:omen|ominal)?|thorax?|chest)[\s_-]?\d+", re.IGNORECASE)  # electrodes
_DESCRIBED = re.compile(
    r"pressure|respirat|breath|pleth|impedance|saturation|temperature|air\s?flow|oximet|acceler|capno|humidity|snor"
    r"|heart\s?rate|battery|contraction|phonocard|galvanic|conductance",
    re.IGNORECASE,
)


def millivolts_per(unit: str) -> float | None:
    """Return the millivolts of one unit ("mV", "uV", "microvolts", "[uV]"); None where it is no voltage or empty."""
    text = unit.strip().strip("[]()").strip().replace("\u00b5", "u").replace("\u03bc", "u").lower()
    if word := _WORD.fullmatch(text):
        text = f"{_SIZES[word[1]]}v"
    return _MV_PER.get(text)


def is_no_ecg(name: str) -> bool:
    """Return whether a signal's name says that it is another quantity (RESP, ABP, SpO2) or another organ's (EEG)."""
    text = name.strip()
    if not text or _NUMBERED_SITE.fullmatch(text):
        return False
    return bool(_OTHER.match(text) or _DESCRIBED.search(text))


def ecg_signals(
    names: Sequence[str], units: Sequence[str] | None = None
) -> tuple[list[int], list[ImportNote]]:
    """Return the places of the signals that are ECG leads, and a note that names what is left out and why.

    Args:
        names: of all signals, as the file has them.
        units: of each; an empty one is not judged. None where the format has none.
    """
    kept, left = [], []
    for place, name in enumerate(names):
        unit = "" if units is None else units[place].strip()
        if unit and millivolts_per(unit) is None:
            left.append(f"{name or f'signal {place + 1}'} (its unit {unit!r} is no voltage)")
        elif is_no_ecg(name):
            left.append(f"{name} (by its name no ECG)")
        else:
            kept.append(place)
    return kept, [ImportNote("units", f"left out: {_listed(left)}")] if left else []


def in_volts(
    names: Sequence[str], units: Sequence[str], where: str
) -> tuple[list[int], list[float], list[ImportNote]]:
    """Return the places of the leads, the mV of one unit of each (mV where none is said), and what is left out.

    Raises:
        FormatError: none is a voltage; names `where`.
    """
    kept, left = ecg_signals(names, units)
    if not kept:
        raise FormatError(
            "no unit of a voltage", where=where, expected="mV, uV or V", found=", ".join(units)[:40]
        )
    return kept, [millivolts_per(units[place]) or 1.0 for place in kept], left


def leads_of_one_rate(names: Sequence[str], rates_hz: Sequence[float]) -> tuple[list[int], list[ImportNote]]:
    """Return the places of the leads that share the usual rate, and a note that names the others.

    The usual rate is that of the standard leads where most of the twelve share one, else that of the most leads; of
    two alike the one of more standard leads, then the higher.
    """
    if len(set(rates_hz)) < 2:
        return list(range(len(names))), []
    known = canonical_names(names)

    def rank(rate_hz: float) -> tuple[bool, int, int, float]:
        same = [name for name, one in zip(known, rates_hz, strict=True) if one == rate_hz]
        standard = len(set(same) & set(STANDARD_12))
        return standard >= MANY, len(same), standard, rate_hz

    usual = max(set(rates_hz), key=rank)
    kept = [place for place, rate_hz in enumerate(rates_hz) if rate_hz == usual]
    left = [
        f"{name} ({rate_hz:g} Hz)" for name, rate_hz in zip(names, rates_hz, strict=True) if rate_hz != usual
    ]
    return kept, [ImportNote("rates", f"left out, since the leads shown have {usual:g} Hz: {_listed(left)}")]


def assumed_gain(names: Sequence[str], taken: str) -> ImportNote:
    """Return the caution that a file does not state its calibration; `taken` says what was taken instead.

    Notes of this kind stand beside every tracing and every answer that rests on amplitudes.
    """
    some = ", ".join(names) if len(names) <= 3 else f"{len(names)} leads"
    text = f"{GAIN_DOUBT} ({some}): {taken} taken; amplitudes may be wrong"
    return ImportNote(GAIN, text, tuple(names))


def assumed_gains(unsure: Mapping[str, Sequence[str]]) -> list[ImportNote]:
    """Return a caution for each calibration that was taken, from what was taken -> names of leads."""
    return [assumed_gain(names, taken) for taken, names in unsure.items()]


def _listed(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - 20} more" if len(texts) > 20 else ""
    return f"{', '.join(texts[:20])}{more}"
