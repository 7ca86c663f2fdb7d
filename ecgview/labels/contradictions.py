"""Statements that cannot stand together on one ECG: a warning, never a refusal.

The pairs are a default of ours, in the codes of every shipped label set at once.
"""

from collections.abc import Iterable

from ecgview.labels.label_set import LabelSet

# Codes of the same meaning: PTB-XL, CinC 2021, general28 and ECGFounder side by side.
_MEANINGS: dict[str, frozenset[str]] = {
    "normal": frozenset({"NORM", "NORMAL ECG", "NORMAL"}),
    "otherwise normal": frozenset({"otherwise normal ecg"}),
    "sinus rhythm": frozenset({"SR", "NSR", "SINUS RHYTHM", "NORMAL SINUS RHYTHM"}),
    "sinus bradycardia": frozenset({"SBRAD", "SB", "SINUS BRADYCARDIA", "MARKED SINUS BRADYCARDIA"}),
    "sinus tachycardia": frozenset({"STACH", "STach", "SINUS TACHYCARDIA"}),
    "sinus arrhythmia": frozenset({"SARRH", "SA", "WITH SINUS ARRHYTHMIA", "WITH MARKED SINUS ARRHYTHMIA"}),
    "atrial fibrillation": frozenset({"AFIB", "AF", "ATRIAL FIBRILLATION"}),
    "atrial flutter": frozenset({"AFLT", "AFL", "ATRIAL FLUTTER"}),
    "first degree AV block": frozenset({"1AVB", "IAVB", "AVB1", "WITH 1ST DEGREE AV BLOCK", "LPR"}),
    "second degree AV block": frozenset(
        {"2AVB", "AVB2", "WITH 2ND DEGREE AV BLOCK MOBITZ I", "WITH 2:1 AV CONDUCTION"}
    ),
    "third degree AV block": frozenset({"3AVB", "AVB3", "WITH COMPLETE HEART BLOCK"}),
    "complete LBBB": frozenset({"CLBBB", "LEFT BUNDLE BRANCH BLOCK"}),
    "complete RBBB": frozenset({"CRBBB", "RIGHT BUNDLE BRANCH BLOCK"}),
    "incomplete LBBB": frozenset({"ILBBB", "INCOMPLETE LEFT BUNDLE BRANCH BLOCK"}),
    "incomplete RBBB": frozenset({"IRBBB", "INCOMPLETE RIGHT BUNDLE BRANCH BLOCK"}),
    "left axis deviation": frozenset(
        {"LAD", "LEFT AXIS DEVIATION", "ABNORMAL LEFT AXIS DEVIATION", "left axis deviation"}
    ),
    "right axis deviation": frozenset(
        {"RAD", "RIGHT AXIS DEVIATION", "ABNORMAL RIGHT AXIS DEVIATION", "right axis deviation"}
    ),
    "left anterior fascicular block": frozenset({"LAFB", "LAnFB", "LEFT ANTERIOR FASCICULAR BLOCK"}),
    "left posterior fascicular block": frozenset({"LPFB", "LEFT POSTERIOR FASCICULAR BLOCK"}),
    "high QRS voltage": frozenset({"HVOLT"}),
    "low QRS voltage": frozenset({"LVOLT", "LQRSV", "LOW VOLTAGE QRS"}),
    "long QT": frozenset({"LNGQT", "LQT", "PROLONGED QT", "QT HAS LENGTHENED"}),
    "short QT": frozenset({"QT HAS SHORTENED", "short QT interval"}),
    "of the recording": frozenset(  # in a reader's own words; a tracing may be normal beside them
        {"artifact", "muscle artifact", "baseline wander", "mains interference", "lead off"}
    ),
}

_EXCLUSIVE: tuple[tuple[str, str], ...] = (
    ("atrial fibrillation", "sinus rhythm"),
    ("atrial fibrillation", "sinus bradycardia"),
    ("atrial fibrillation", "sinus tachycardia"),
    ("atrial fibrillation", "sinus arrhythmia"),
    ("atrial fibrillation", "first degree AV block"),  # no P wave, no PR interval
    ("atrial flutter", "sinus rhythm"),
    ("atrial flutter", "sinus bradycardia"),
    ("atrial flutter", "sinus tachycardia"),
    ("atrial flutter", "sinus arrhythmia"),
    ("sinus bradycardia", "sinus tachycardia"),
    ("first degree AV block", "third degree AV block"),
    ("second degree AV block", "third degree AV block"),
    ("complete LBBB", "complete RBBB"),
    ("complete LBBB", "incomplete LBBB"),
    ("complete LBBB", "incomplete RBBB"),
    ("complete RBBB", "incomplete RBBB"),
    ("complete RBBB", "incomplete LBBB"),
    ("complete LBBB", "left anterior fascicular block"),
    ("complete LBBB", "left posterior fascicular block"),
    ("left anterior fascicular block", "left posterior fascicular block"),
    ("left axis deviation", "right axis deviation"),
    ("high QRS voltage", "low QRS voltage"),
    ("long QT", "short QT"),
)

_BESIDE_NORMAL = ("normal", "otherwise normal", "sinus rhythm", "sinus arrhythmia", "of the recording")


def check(codes: Iterable[str], label_set: LabelSet | None = None) -> list[str]:
    """Return one sentence per contradiction, in a fixed order; empty if there is none.

    Args:
        codes: the codes stated, of any of the shipped sets.
        label_set: where the English names are looked up; codes alone are named without it.
    """
    stated = list(dict.fromkeys(codes))
    by_meaning = {
        meaning: [code for code in stated if code in members] for meaning, members in _MEANINGS.items()
    }
    found: list[str] = []
    harmless = frozenset[str]().union(*(_MEANINGS[meaning] for meaning in _BESIDE_NORMAL))
    abnormal = [code for code in stated if code not in harmless]
    for normal in by_meaning["normal"]:
        if abnormal:
            names = ", ".join(_name(code, label_set) for code in abnormal)
            found.append(f"{_name(normal, label_set)} contradicts every abnormal finding: {names}")
    for left, right in _EXCLUSIVE:
        for a in by_meaning[left]:
            found += [f"{_name(a, label_set)} contradicts {_name(b, label_set)}" for b in by_meaning[right]]
    return found


def _name(code: str, label_set: LabelSet | None) -> str:
    statement = label_set.get(code) if label_set is not None else None
    return f"{statement.english} ({code})" if statement and statement.english != code else code
