"""Lead names, their order, and the limb-lead identities."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

STANDARD_12: tuple[str, ...] = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
CHEST: tuple[str, ...] = STANDARD_12[6:]
EXTRA: tuple[str, ...] = ("V3R", "V4R", "V5R", "V6R", "V7", "V8", "V9", "X", "Y", "Z")
KNOWN: frozenset[str] = frozenset(STANDARD_12 + EXTRA)

_CANONICAL = {name.upper(): name for name in STANDARD_12 + EXTRA}
_INVERTED = re.compile(r"(?:^|\s)[-\u2212](?=\w)")
_ALIKE = str.maketrans({"\u0430": "a", "\u0410": "A", "\u0406": "I", "\u0456": "i"})  # Cyrillic letters
_GAP = r"[\s_.:;,/|\u00b7-]*"
_WORDS = (  # what stands before or behind a lead's name and names no lead
    *(
        "mdc",
        "ecg",
        "ekg",
        "ekq",
        "elektrokardiogramm?",
        "\u044d\u043a\u0433",
        "\u5fc3\u7535\u56fe?",
        "\u5fc3\u96fb\u56f3?",
    ),
    *("leads?", "ableitung(?:en)?", "abl", "einthoven", "goldberger", "wilson", "brustwand(?:ableitung)?"),
    *("limb", "chest", "precordial", r"ch(?:annel|an)?[\s_]?\d{1,2}"),
    *("standard", "d[\u00e9e]rivation", "derivaci[\u00f3o]n", "deriva[\u00e7c][\u00e3a]o", "derivazione"),
    *("odprowadzenie", "avledning", "afleiding", "kytkent[\u00e4a]"),
    *("\u043e\u0442\u0432\u0435\u0434\u0435\u043d\u0438\u0435", "\u043e\u0442\u0432"),
    *(
        "(?:\u6807\u51c6|\u80a2\u4f53|\u80a2|\u80f8\u524d?|\u52a0\u538b)?\u5bfc(?:\u8054|\u7a0b)",
        "(?:\u6a19\u6e96|\u80a2)?\u5c0e\u806f",
    ),
    *("(?:\u80f8\u90e8|\u56db\u80a2|\u6a19\u6e96)?\u8a98\u5c0e", "\u7b2c", "\uc720\ub3c4"),
)
_ANY_WORD = "|".join(_WORDS)
_BEFORE = re.compile(rf"^(?:{_ANY_WORD}){_GAP}(?=\S)", re.IGNORECASE)
_BEHIND = re.compile(rf"{_GAP}(?:{_ANY_WORD}){_GAP}$", re.IGNORECASE)
_TAIL = re.compile(
    r"[\s_.,/-]*(?:[\[(]\s*(?:[mun\u00b5\u03bc]?V|\d{1,2}|ref|raw|ecg|ekg)\s*[\])]|(?:\b|_)[mun\u00b5\u03bc]V|\b-?ref|-wct|_ref|[\s_-]filt(?:ered)?)$",
    re.IGNORECASE,
)
_SEP = r"[\s._-]?"
_PLAIN = tuple(
    (re.compile(pattern, re.IGNORECASE), made)
    for pattern, made in (
        (r"(I{1,3})", "{}"),
        (rf"[DL]{_SEP}(I{{1,3}})", "{}"),
        (rf"ML{_SEP}(I{{1,3}})", "{}"),
        (rf"A{_SEP}V{_SEP}([RLF])[.+]?", "AV{}"),
        (rf"V{_SEP}0?([1-9])", "V{}"),
        (rf"V{_SEP}([3-6]){_SEP}R", "V{}R"),
        (rf"(?:V{_SEP}|FRANK{_SEP}|ORTHO\w*{_SEP})?([XYZ])", "{}"),
    )
)
_NUMBERED_LIMB = re.compile(rf"D{_SEP}([123])", re.IGNORECASE)
_IEC_CHEST = re.compile(rf"C{_SEP}([1-6])", re.IGNORECASE)


def canonical_name(raw: str) -> str:
    """Return the field's spelling of a lead name ("AVR", "Lead II", "EKG V1-Ref", "DII" -> "aVR", "II", "V1", "II").

    An unknown name is returned stripped, otherwise as it was; so is an inverted lead ("-aVR"), which is another one,
    and "C3" alone, which may be an electrode of an EEG ("ECG C3" is V3; see `canonical_names`).
    """
    text = raw.strip().strip("\0").strip()
    if _INVERTED.search(text):
        return text
    folded = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    bare = _bare(folded)
    for pattern, made in _PLAIN:
        if match := pattern.fullmatch(bare):
            return _CANONICAL.get(made.format(match[1]).upper(), text)
    if match := _NUMBERED_LIMB.fullmatch(bare):
        return STANDARD_12[int(match[1]) - 1]
    if bare != folded and (match := _IEC_CHEST.fullmatch(bare)):
        return f"V{match[1]}"
    return text


def canonical_names(raw: Iterable[str]) -> list[str]:
    """Return the spelling of the names of one file; C1 to C6 are V1 to V6 where all six stand beside limb leads."""
    texts = list(raw)
    names = [canonical_name(text) for text in texts]
    chest = {name: f"V{match[1]}" for name in names if (match := _IEC_CHEST.fullmatch(name))}
    if set(chest.values()) >= set(CHEST) and {"I", "II"} <= set(names) and not set(CHEST) & set(names):
        return [chest.get(name, name) for name in names]
    return names


def distinct_names(raw: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return one name for each signal of a file, and a sentence on each name that occurred more than once.

    The first signal of a name keeps it, the others are numbered: ECG, ECG 2, ECG 3. A signal without a name is
    called by its place: "signal 3".
    """
    names = [name or f"signal {place}" for place, name in enumerate(canonical_names(raw), 1)]
    taken, made = set(names), []
    groups: dict[str, list[str]] = {}
    for name in names:
        group = groups.setdefault(name, [])
        one, number = name, len(group) + 1
        while group and one in taken:
            one, number = f"{name} {number}", number + 1
        taken.add(one)
        group.append(one)
        made.append(one)
    told = [
        f"{len(group)} signals are named {name}: shown as {', '.join(group)}"
        for name, group in groups.items()
        if len(group) > 1
    ]
    return made, told


def with_derived(names: Iterable[str]) -> set[str]:
    """Return the names of a record's leads: those recorded, and the limb leads that `derive_limb` adds."""
    found = set(names)
    return found | set(STANDARD_12[:6]) if len(found & {"I", "II", "III"}) > 1 else found


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


def _bare(text: str) -> str:
    """Return a name without the words, units and references around it."""
    left = text.strip()
    while True:
        shorter = _TAIL.sub("", left)
        shorter = _BEFORE.sub("", shorter, count=1)
        shorter = _BEHIND.sub("", shorter, count=1)
        if not shorter or shorter == left:
            return left
        left = shorter
