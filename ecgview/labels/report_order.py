"""In which part of a report a statement stands: rhythm, conduction, infarction and ischaemia, chambers, other."""

from typing import Literal, get_args

from ecgview.errors import FormatError
from ecgview.labels import label_set
from ecgview.labels.label_set import Statement

Part = Literal["Rhythm", "Conduction", "Infarction and ischaemia", "Chambers", "Other"]
PARTS: tuple[Part, ...] = get_args(Part)

# PTB-XL's groups tell diagnostic, form and rhythm statements apart: these stand elsewhere in a report.
_OF_CODE: dict[str, Part] = {
    **dict.fromkeys(("PAC", "PVC", "PRC(S)", "IN A PATTERN OF BIGEMINY"), "Rhythm"),
    **dict.fromkeys(("WITH SINUS ARRHYTHMIA", "WITH MARKED SINUS ARRHYTHMIA", "WITH SINUS PAUSE"), "Rhythm"),
    **dict.fromkeys(("WITH RAPID VENTRICULAR RESPONSE", "WITH SLOW VENTRICULAR RESPONSE"), "Rhythm"),
    **dict.fromkeys(("WITH VENTRICULAR ESCAPE COMPLEXES", "WITH JUNCTIONAL ESCAPE COMPLEXES"), "Rhythm"),
    **dict.fromkeys(("LPR", "WITH SHORT PR", "WITH PROLONGED AV CONDUCTION"), "Conduction"),
    **dict.fromkeys(("WITH 1ST DEGREE AV BLOCK", "WITH 2ND DEGREE AV BLOCK MOBITZ I"), "Conduction"),
    **dict.fromkeys(("WITH 2:1 AV CONDUCTION", "WITH COMPLETE HEART BLOCK"), "Conduction"),
    **dict.fromkeys(("WITH VARIABLE AV BLOCK", "WITH AV DISSOCIATION", "BLOCKED"), "Conduction"),
    **dict.fromkeys(("WITH 2ND DEGREE SA BLOCK MOBITZ I", "WITH 2ND DEGREE SA BLOCK MOBITZ II"), "Conduction"),
    **dict.fromkeys(("QWAVE", "QAb", "ANEUR", "PRWP"), "Infarction and ischaemia"),
    **dict.fromkeys(("ISCAL", "ISCAN", "ISCAS", "ISCIL", "ISCIN", "ISCLA", "ISC_"), "Infarction and ischaemia"),
    **dict.fromkeys(("VCLVH", "HVOLT"), "Chambers"),
    **dict.fromkeys(("LAD", "RAD"), "Conduction"),
}  # fmt: skip
_OF_SUPERCLASS: dict[str, Part] = {
    "CD": "Conduction",
    "MI": "Infarction and ischaemia",
    "HYP": "Chambers",
}
_OF_GROUP: dict[str, Part] = {
    "rhythm": "Rhythm",
    "ectopy": "Rhythm",
    "pacing": "Rhythm",
    "conduction": "Conduction",
    "ischaemia and infarction": "Infarction and ischaemia",
    "hypertrophy": "Chambers",
}


def part_of(code: str, set_id: str) -> Part:
    """Return the part of a report in which a code of a label set stands; "Other" where nothing is known of it."""
    if code in _OF_CODE:
        return _OF_CODE[code]
    statement = _statement(code, set_id)
    if statement is None:
        return "Other"
    return _OF_SUPERCLASS.get(statement.superclass) or _OF_GROUP.get(statement.group) or "Other"


def _statement(code: str, set_id: str) -> Statement | None:
    if not set_id:
        return None
    try:
        return label_set.load(set_id).get(code)
    except FormatError:  # a user's own label file may be wrong; the answer is shown all the same
        return None
