"""From the atria to the ventricles: PR, P waves that no QRS follows, and P waves that have nothing to do with it."""

from statistics import fmean, pstdev

from ecgview.signal.criteria.criterion import NotMeasurable
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rate_and_rhythm import ENOUGH_P, KUSUMOTO, MORE_ATRIAL, more_p_than_qrs
from ecgview.signal.criteria.rule import Definition, Rule

GROUP = "Conduction"
WILLEMS = (
    "Willems JL et al., WHO/ISFC task force on conduction disturbances. J Am Coll Cardiol 1985;5:1261-1275"
)
STEADY_MS, LOOSE_MS = 20.0, 60.0  # standard deviation of PR: one P leads to each QRS, or none does
STEADY_RR = 0.08  # standard deviation over mean: an escape rhythm is regular


def _pr(look: Look) -> float:
    look.not_paced()
    if look.with_p() < ENOUGH_P:
        raise NotMeasurable("no P wave before the QRS complexes")
    return look.value("PR")


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
    more = more_p_than_qrs(look)
    spread = _spread(look)
    return more and (spread is None or spread < LOOSE_MS)


def _third_degree(look: Look, _: str) -> bool:
    look.not_paced()
    more = more_p_than_qrs(look)
    spread = _spread(look)
    rr = look.rr_ms()
    steady = pstdev(rr) / fmean(rr) < STEADY_RR
    return more and spread is not None and spread >= LOOSE_MS and steady


def _spread(look: Look) -> float | None:
    if look.maybe("Atrial rate") is None:
        raise NotMeasurable("no atrial rate")
    spread = look.pr_spread_ms()
    return None if spread is None else look.number("PR standard deviation", spread, "ms")


RULES = (
    Rule(
        "1AVB",
        "First-degree AV block",
        GROUP,
        (Definition("PR over 200 ms, a P wave before the QRS complexes.", KUSUMOTO),),
        _first_degree,
        needs="Adults; QRS complexes that are not paced; P waves before at least 70 % of them.",
        statements=("1AVB",),
    ),
    Rule(
        "AVB2",
        "P waves that no QRS follows (second-degree AV block)",
        GROUP,
        (
            Definition(
                f"An atrial rate of at least {MORE_ATRIAL:g} times the ventricular rate, and a PR that is not"
                f" independent of the QRS: its standard deviation is under {LOOSE_MS:.0f} ms (the limits are"
                " ecgview's).",
                KUSUMOTO,
            ),
        ),
        _second_degree,
        needs="An atrial rate that was measured.",
        statements=("2AVB",),
    ),
    Rule(
        "AVB3",
        "P waves independent of the QRS (complete AV block)",
        "Must not be missed",
        (
            Definition(
                f"An atrial rate of at least {MORE_ATRIAL:g} times the ventricular rate, a PR whose standard deviation"
                f" is {LOOSE_MS:.0f} ms or more, and regular RR intervals: a standard deviation under"
                f" {100 * STEADY_RR:.0f} % of their mean (the limits are ecgview's).",
                KUSUMOTO,
            ),
        ),
        _third_degree,
        needs="An atrial rate that was measured; QRS complexes that are not paced.",
        critical=True,
        statements=("3AVB",),
    ),
    Rule(
        "SHORT-PR",
        "Short PR",
        GROUP,
        (Definition("PR under 120 ms, a P wave before the QRS complexes.", WILLEMS),),
        _short,
        needs="Adults; QRS complexes that are not paced; P waves before at least 70 % of them.",
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
        needs="Adults; QRS complexes that are not paced; P waves before at least 70 % of them.",
        statements=("WPW",),
    ),
)
