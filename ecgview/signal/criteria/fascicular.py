"""Fascicular block by axis and shape."""

from ecgview.signal.criteria.bundle_branch import SURAWICZ
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule

GROUP = "Conduction"
NEEDS = "Adults; a QRS under 120 ms that is not paced; "


def _anterior(look: Look, _: str) -> bool:
    look.adult()
    look.narrow()
    look.unless("Q-INFERIOR", "Q waves of an inferior infarction turn the axis as well")
    axis = look.value("QRS axis")
    if not -90 <= axis <= -45:
        return False
    avl = look.shape("aVL")
    starts_with_q = avl.letters.lower().startswith("qr")
    peak = look.number("R peak time", round(1000 * (avl.r_peak_s or 0.0)), "ms", "aVL")
    return starts_with_q and peak >= 45


def _posterior(look: Look, _: str) -> bool:
    look.adult()
    look.narrow()
    look.unless("RVH", "right ventricular hypertrophy turns the axis as well")
    look.unless("Q-LATERAL", "Q waves of a lateral infarction turn the axis as well")
    axis = look.value("QRS axis")
    if not 90 <= axis <= 180:
        return False
    rs = all(look.shape(lead).letters.lower().startswith("rs") for lead in ("I", "aVL"))
    return rs and all(look.shape(lead).letters.lower().startswith("qr") for lead in ("III", "aVF"))


RULES = (
    Rule(
        "LAFB",
        "Left anterior fascicular block",
        GROUP,
        (
            Definition(
                "QRS axis of \u221245 to \u221290 degrees, qR in aVL, R peak time in aVL of 45 ms or more, QRS"
                " under 120 ms.",
                SURAWICZ,
            ),
        ),
        _anterior,
        needs=NEEDS + "no pathological Q in II, III, aVF.",
        statements=("LAFB",),
    ),
    Rule(
        "LPFB",
        "Left posterior fascicular block",
        GROUP,
        (
            Definition(
                "QRS axis of 90 to 180 degrees, rS in I and aVL, qR in III and aVF, QRS under 120 ms.",
                SURAWICZ,
            ),
        ),
        _posterior,
        needs=NEEDS + "no right ventricular hypertrophy, no pathological Q in I and aVL or in V5 and V6.",
        statements=("LPFB",),
    ),
)
