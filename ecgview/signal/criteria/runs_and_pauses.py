"""Pauses, runs of ventricular beats, and fast wide complexes."""

from itertools import pairwise
from statistics import fmean

from ecgview.signal.criteria.criterion import NotApplicable, NotMeasurable
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.qt import ZEPPENFELD
from ecgview.signal.criteria.rate_and_rhythm import KUSUMOTO, P_DOUBTED, irregular, no_p, p_by_rules
from ecgview.signal.criteria.rule import Definition, Rule
from ecgview.signal.measure import between_beats
from ecgview.signal.measure.sorting import width_s

GROUP = "Must not be missed"
WIDE_S = 0.12
FEW_LEADS = 3
BRUGADA = "Brugada J et al., 2019 ESC guidelines on supraventricular tachycardia. Eur Heart J 2020;41:655-720"


def _pause(look: Look, name: str) -> bool:
    least_s = float(name.split()[0])
    beats = look.beats()
    measured = look.facts.measured
    # Between whatever was taken for a complex, noise too: without it the interval is only longer.
    found = list(pairwise(beat.time_s for beat in measured.beats))
    known = list(between_beats.following(measured.beats, measured.classes))
    whole = look.facts.by_name.get(("RR max", ""))  # of every minute of a long record
    if whole is not None and whole.value is not None and whole.where_s:
        known.append((whole.where_s[0], whole.where_s[0] + whole.value / 1000))
    why = ""
    for start, end in sorted({*found, *known}, key=lambda pair: pair[0] - pair[1]):
        if end - start <= least_s:
            break
        doubted = between_beats.doubt(look.facts.record, measured.leads, start, end)
        if not doubted:
            look.where_s = (start, end)
            return look.number("Longest RR", round(1000 * (end - start)), "ms") > 1000 * least_s
        why = why or f"{1000 * (end - start):.0f} ms without a QRS complex from {start:.1f} s on: {doubted}"
    start, end = max(pairwise(beat.time_s for beat, _ in beats), key=lambda pair: pair[1] - pair[0])
    if not why and end - start > least_s:
        why = f"{1000 * (end - start):.0f} ms from {start:.1f} s on: complexes that are noise lie between"
    if why:
        raise NotMeasurable(why)
    if not known:
        raise NotMeasurable("noise between all QRS complexes")
    look.where_s = start, end = max(known, key=lambda pair: pair[1] - pair[0])
    look.number("Longest RR", round(1000 * (end - start)), "ms")
    return False


def _run(look: Look, _: str) -> bool:
    runs: list[list[float]] = [[]]
    for beat, kind in look.beats():
        if kind == "ventricular" and width_s(beat) >= WIDE_S:
            runs[-1].append(beat.time_s)
        elif runs[-1]:
            runs.append([])
    longest = max(runs, key=len)
    look.number("Ventricular beats in a row", len(longest), "")
    if len(longest) < 3:
        return False
    look.where_s = (longest[0], longest[-1])
    return look.number("Their rate", 60 / fmean(b - a for a, b in pairwise(longest)), "bpm") > 100


def _wide_tachycardia(look: Look, _: str) -> bool:
    look.adult()
    look.not_paced()
    fast, wide = look.value("Heart rate") > 100, look.value("QRS duration") > 120
    if not (fast and wide and no_p(look)):
        return False
    measured = look.facts.measured
    if measured.model is None and len(measured.leads) < FEW_LEADS:
        # One lead shows part of a QRS, and rules take what is steep beside it along.
        raise NotMeasurable(f"the QRS duration is that of rules in {', '.join(measured.leads)}: too doubtful")
    look.sure("QRS duration")
    blocks = ("CLBBB", "CRBBB")
    block = any(look.facts.state_of(code) == "met" for code in blocks)
    if irregular(look):
        if block:
            raise NotApplicable(
                "irregular, in the shape of bundle-branch block: as atrial fibrillation with that block"
            )
        look.say(
            "irregular: fibrillation with pre-excitation or aberrant conduction, or ventricular tachycardia"
        )
    elif p_by_rules(look):
        if block:
            raise NotMeasurable(P_DOUBTED)
        look.say(P_DOUBTED)
    elif block:
        look.say("the shape of bundle-branch block: a block known from before looks the same at this rate")
    return True


RULES = (
    Rule(
        "PAUSE",
        "Pause",
        GROUP,
        (
            Definition(
                "An RR interval of more than 3 s with no lead as steep as QRS in it, and no dropout (this part is"
                " ecgview's).",
                KUSUMOTO,
                "3 s",
            ),
            Definition(
                "The same of more than 2 s (a limit that laboratories use; not the guideline's).",
                KUSUMOTO,
                "2 s",
            ),
        ),
        _pause,
        needs="At least three beats.",
        critical=True,
    ),
    Rule(
        "VT-RUN",
        "Run of ventricular beats",
        GROUP,
        (
            Definition(
                "Three or more ventricular beats of 120 ms or more (the width is ecgview's) in a row at more than 100"
                " per minute.",
                ZEPPENFELD,
            ),
        ),
        _run,
        needs="At least three beats.",
        critical=True,
    ),
    Rule(
        "WIDE-TACHY",
        "Fast wide complexes without P waves before them",
        GROUP,
        (
            Definition(
                "Ventricular rate over 100 per minute, QRS over 120 ms, and a P wave before less than 40 % of the"
                " beats (this part is ecgview's).",
                f"{ZEPPENFELD}; {BRUGADA}",
            ),
        ),
        _wide_tachycardia,
        needs="Adults; complexes that are not paced; not an irregular rhythm in the shape of bundle-branch block, as"
        " in atrial fibrillation with that block; not a QRS that rules measured in fewer than three leads, or whose"
        " duration is of low confidence.",
        critical=True,
    ),
)
