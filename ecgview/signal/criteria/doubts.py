"""What a record must be doubted for becomes a criterion's state, or a part of its reason, here and nowhere else.

A rule does not know of gains, clipped leads or filters. What it looked at tells which of the record's doubts are its
own: absolute amplitudes, the form of the complexes, ST and T, the width of the QRS, the axes.
"""

from ecgview.record import EcgRecord
from ecgview.signal.criteria.criterion import State
from ecgview.signal.criteria.look import Look
from ecgview.signal.judgement import Judgement, judged

WRONG_MV = "amplitude"  # the kind of doubts under which no limit in mV holds
# Kinds that do not take an answer away, but stand beside each that rests on the leads' amplitudes, forms or places
BESIDE = ("bandwidth", "limb leads", "chest leads", "equal leads", "no heart", "noise", "no signal", "copied")
ST_HIGHPASS_HZ = (
    0.05  # above, ST may be shifted unless the filter's phase is zero (AHA 2007: Kligfield et al.)
)


def weighed(look: Look, state: State, reason: str) -> tuple[State, str, tuple[str, ...]]:
    """Return a criterion's state and reason after the doubts of its record, and those that stand beside it."""
    record, found = look.facts.record, judged(look.facts.record)
    if found.reason and look.facts.measured.reason:
        return (
            "not measurable",
            look.facts.measured.reason,
            (),
        )  # no machine's answer stands on what is no ECG
    if state not in ("met", "not met"):
        return state, reason, ()
    told = _pairs(found)
    wrong = [text for kind, text in told if kind == WRONG_MV]
    if wrong and look.saw_leads("mV"):
        return "not measurable", _joined(*wrong, reason), tuple(wrong)
    clipped = _clipped(record, found)
    rests_on = look.leads if state == "met" and look.leads else look.saw_leads("mV", "form")
    if cut := [lead for lead in clipped if lead in rests_on]:
        said = f"clipped at the limit of the recorder: {', '.join(cut)}"
        return "not measurable", _joined(said, reason), (said,)
    doubts = tuple(dict.fromkeys(_beside(look, record, clipped, told)))
    return state, _joined(reason, *doubts), doubts


def _beside(
    look: Look, record: EcgRecord, clipped: tuple[str, ...], told: tuple[tuple[str, str], ...]
) -> list[str]:
    said = []
    if look.saw_leads("mV"):
        said += [note for note in (record.gain_doubt, *_unit_doubts(record)) if note]
    if look.saw_leads("mV", "form") or _of_all_leads(look):
        if clipped:
            said.append(f"clipped at the limit of the recorder: {', '.join(clipped)}")
        said += [text for kind, text in told if kind in BESIDE]
    if look.saw_leads("form"):
        said += [text for kind, text in told if kind == WRONG_MV]  # the least notch that counts is one in mV
    highpass = record.acquisition.highpass_hz
    if look.saw_leads("ST") and highpass is not None and highpass > ST_HIGHPASS_HZ:
        said.append(f"the file states a high-pass filter of {highpass:g} Hz, which may shift ST and T")
    low = [one.name for one in look.used if one.confidence == "low" and not one.lead]
    if low:
        said.append(f"of low confidence: {', '.join(low)}")
    return said


def _of_all_leads(look: Look) -> bool:
    """Return whether a rule used the width of the QRS, or an axis: clipped, filtered or exchanged leads change them."""
    return any(one.name == "QRS duration" or one.unit == "deg" for one in look.used)


def _pairs(found: Judgement) -> tuple[tuple[str, str], ...]:
    """Return what the samples must be doubted for as (kind, sentence); of a refused record nothing is told by kind."""
    return () if found.reason else tuple(zip(found.kinds, found.warnings, strict=False))


def _clipped(record: EcgRecord, found: Judgement) -> tuple[str, ...]:
    noted = {lead for note in record.notes if note.kind == "clipping" for lead in note.leads}
    return tuple(lead for lead in record.lead_names if lead in noted or lead in found.clipped)


def _unit_doubts(record: EcgRecord) -> list[str]:
    """Return what the file's reader asks to be checked of units; the other notes of this kind name what it left out."""
    return [note.text for note in record.notes if note.kind == "units" and "check the" in note.text]


def _joined(*texts: str) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))
