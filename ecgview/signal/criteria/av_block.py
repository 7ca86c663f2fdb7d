"""From the atria to the ventricles: PR, P waves that no QRS follows, and P waves that have nothing to do with it."""

from statistics import fmean, pstdev

from ecgview.signal.criteria.criterion import NotMeasurable
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rate_and_rhythm import ENOUGH_P, KUSUMOTO, MORE_ATRIAL
from ecgview.signal.criteria.rule import Definition, Rule
from ecgview.signal.measure.atrial import Atrial

GROUP = "Conduction"
WILLEMS = (
    "Willems JL et al., WHO/ISFC task force on conduction disturbances. J Am Coll Cardiol 1985;5:1261-1275"
)
LOOSE_MS = 60.0  # standard deviation of P to QRS: beyond, no P leads to a QRS
STEADY_RR = 0.08  # standard deviation over mean: an escape rhythm is regular


def _pr(look: Look) -> float:
    look.not_paced()
    look.with_p_waves()
    pr = look.value("PR")  # where it is printed it is judged: it needs a P wave before half of the beats
    with look.aside():
        if look.with_p() < ENOUGH_P:
            look.say("PR is that of some beats only")
    return pr


def _first_degree(look: Look, _: str) -> bool:
    look.adult()
    look.unless("AVB3", "P waves and QRS complexes are independent")
    return _pr(look) > 200


def _short(look: Look, _: str) -> bool:
    look.adult()
    return _pr(look) < 120


def _preexcitation(look: Look, _: str) -> bool:
    look.adult()
    short = _pr(look) < 120
    wide = look.value("QRS duration") >= 120
    return short and wide


def _second_degree(look: Look, _: str) -> bool:
    look.not_paced()
    look.with_p_waves()
    found = _regular_p(look)
    return bool(found.alone_s) and not _independent(look, found)


def _third_degree(look: Look, _: str) -> bool:
    look.not_paced()
    look.with_p_waves()
    found = _regular_p(look)
    faster = found.rate_bpm >= MORE_ATRIAL * look.value("Heart rate")
    return faster and bool(found.alone_s) and _independent(look, found)


def _regular_p(look: Look) -> Atrial:
    found = look.atrial()
    if found is None:
        raise NotMeasurable("no regular P waves are seen between the beats")
    look.number("P waves that no QRS follows", len(found.alone_s), f"of {len(found.times_s)}")
    if found.alone_s:
        look.where_s = (found.alone_s[0] - 0.3, found.alone_s[0] + 0.5)
    return found


def _independent(look: Look, found: Atrial) -> bool:
    """Return whether a regular QRS comes at any time after a P wave."""
    spread = look.number("Spread of P to QRS", round(found.spread_ms), "ms")
    rr = look.rr_ms()
    return spread >= LOOSE_MS and pstdev(rr) / fmean(rr) < STEADY_RR


RULES = (
    Rule(
        "1AVB",
        "First-degree AV block",
        GROUP,
        (Definition("PR over 200 ms, a P wave before the QRS complexes.", KUSUMOTO),),
        _first_degree,
        needs="Adults; QRS complexes that are not paced; P waves before at least half of them; no atrial fibrillation"
        " or flutter by rule.",
        statements=("1AVB",),
    ),
    Rule(
        "AVB2",
        "P waves that no QRS follows (second-degree AV block)",
        GROUP,
        (
            Definition(
                f"Regular P waves, at least one without a QRS after it, and a PR that is not independent of the QRS:"
                f" its standard deviation is under {LOOSE_MS:.0f} ms, or RR intervals differ (the limits are"
                " ecgview's).",
                KUSUMOTO,
            ),
        ),
        _second_degree,
        needs="P waves at a regular interval that stand free of QRS and T; QRS complexes that are not paced; no atrial"
        " fibrillation or flutter by rule.",
        statements=("2AVB",),
    ),
    Rule(
        "AVB3",
        "P waves independent of the QRS (complete AV block)",
        "Must not be missed",
        (
            Definition(
                f"Regular P waves at a rate of at least {MORE_ATRIAL:g} times that of the ventricles, some"
                " without a QRS"
                f" after them; a distance from P to QRS whose standard deviation is {LOOSE_MS:.0f} ms or more; and"
                f" regular RR intervals: a standard deviation under"
                f" {100 * STEADY_RR:.0f} % of their mean (the limits are ecgview's).",
                KUSUMOTO,
            ),
        ),
        _third_degree,
        needs="P waves at a regular interval that stand free of QRS and T; QRS complexes that are not paced; no atrial"
        " fibrillation or flutter by rule.",
        critical=True,
        statements=("3AVB",),
    ),
    Rule(
        "SHORT-PR",
        "Short PR",
        GROUP,
        (Definition("PR under 120 ms, a P wave before the QRS complexes.", WILLEMS),),
        _short,
        needs="Adults; QRS complexes that are not paced; P waves before at least half of them; no atrial fibrillation"
        " or flutter by rule.",
    ),
    Rule(
        "WPW",
        "Pre-excitation by PR and QRS",
        GROUP,
        (
            Definition(
                "PR under 120 ms and QRS of 120 ms or more. The delta wave, third part of the definition, is not"
                " looked for: the reader must see it.",
                WILLEMS,
            ),
        ),
        _preexcitation,
        needs="Adults; QRS complexes that are not paced; P waves before at least half of them; no atrial fibrillation"
        " or flutter by rule.",
        statements=("WPW",),
    ),
)
