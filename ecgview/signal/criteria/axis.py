"""The axis of QRS in the frontal plane, and its angle with that of T."""

from ecgview.signal.criteria.bundle_branch import SURAWICZ
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule

GROUP = "Axis and voltage"
ARO = "Aro AL et al. Europace 2012;14:872-876"


def _left(look: Look, _: str) -> bool:
    look.adult()
    look.not_paced()
    return -90 <= look.value("QRS axis") < -30


def _right(look: Look, _: str) -> bool:
    look.adult()
    look.not_paced()
    return 90 < look.value("QRS axis") <= 180


def _extreme(look: Look, _: str) -> bool:
    look.adult()
    look.not_paced()
    return look.value("QRS axis") < -90


def _angle(look: Look, _: str) -> bool:
    look.adult()
    look.narrow()
    look.st_is_free()
    difference = abs(look.value("QRS axis") - look.value("T axis")) % 360
    return look.number("Frontal QRS-T angle", min(difference, 360 - difference), "\u00b0") >= 100


RULES = (
    Rule(
        "LAD",
        "Left axis deviation",
        GROUP,
        (Definition("QRS axis of less than \u221230 to \u221290 degrees.", SURAWICZ),),
        _left,
        needs="Adults; QRS complexes that are not paced.",
    ),
    Rule(
        "RAD",
        "Right axis deviation",
        GROUP,
        (Definition("QRS axis of more than 90 to 180 degrees.", SURAWICZ),),
        _right,
        needs="Adults; QRS complexes that are not paced.",
    ),
    Rule(
        "EXTREME-AXIS",
        "Axis in the fourth quadrant",
        GROUP,
        (Definition("QRS axis between \u221290 and \u2212180 degrees.", SURAWICZ),),
        _extreme,
        needs="Adults; QRS complexes that are not paced.",
    ),
    Rule(
        "QRS-T",
        "Wide frontal QRS-T angle",
        "Repolarisation",
        (Definition("Angle between the frontal axes of QRS and T of 100 degrees or more.", ARO),),
        _angle,
        needs="Adults; a QRS under 120 ms that is not paced; no flutter waves on T.",
    ),
)
