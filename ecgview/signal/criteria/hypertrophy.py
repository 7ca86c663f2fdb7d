"""Left and right ventricular hypertrophy by voltage; under a block of conduction the limits do not hold."""

from ecgview.leads import STANDARD_12
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule

GROUP = "Hypertrophy and atria"
SOKOLOW = "Sokolow M, Lyon TP. Am Heart J 1949;37:161-186"
CASALE = "Casale PN et al. Circulation 1987;75:565-572"
OKIN = "Okin PM et al., LIFE. JAMA 2004;292:2343-2349 (product of Molloy TJ et al. J Am Coll Cardiol 1992;20:1180-1186)"
PEGUERO = "Peguero JG et al. J Am Coll Cardiol 2017;69:1694-1703"
SOKOLOW_RIGHT = "Sokolow M, Lyon TP. Am Heart J 1949;38:273-294"
HANCOCK = "Hancock EW et al., AHA/ACCF/HRS recommendations, part V. J Am Coll Cardiol 2009;53:992-1002"
NEEDS = "Adults; no left bundle-branch block, no pre-excitation, no paced complexes."


def _asked(look: Look) -> None:
    look.adult()
    look.not_paced()
    look.unless("CLBBB", "left bundle-branch block changes the voltages")
    look.unless("WPW", "pre-excitation changes the voltages")
    if (look.facts.patient.age_years or 100.0) < 35:
        look.say("under 35 years voltages alone say little (Hancock 2009)")


def _sokolow(look: Look, _: str) -> bool:
    _asked(look)
    look.need("V5", "V6")
    lateral = max(look.amplitude("R", "V5"), look.amplitude("R", "V6"))
    total = look.number("SV1 + RV5 or RV6", _s(look, "V1") + lateral, "mV")
    return total >= 3.5


def _avl(look: Look, _: str) -> bool:
    _asked(look)
    look.unless("LAFB", "left anterior fascicular block heightens R in aVL")
    return look.amplitude("R", "aVL") > 1.1


def _cornell(look: Look) -> float:
    return look.number("RaVL + SV3", look.amplitude("R", "aVL") + _s(look, "V3"), "mV")


def _cornell_voltage(look: Look, _: str) -> bool:
    _asked(look)
    return look.sex(_cornell(look), 2.8, 2.0, "mV", strictly=True)


def _cornell_product(look: Look, _: str) -> bool:
    _asked(look)
    voltage, width = _cornell(look), look.value("QRS duration")
    sex = look.facts.patient.sex
    for_men, for_women = voltage * width, (voltage + 0.6) * width
    look.number("Cornell product", for_women if sex == "female" else for_men, "mV ms")
    # Women's sum is heightened by 0.6 mV, which is the same as a lower limit of the product of men.
    return look.sex(for_men, 244.0, 244.0 - 0.6 * width, "mV ms", strictly=True)


def _peguero(look: Look, _: str) -> bool:
    _asked(look)
    look.need(*STANDARD_12)
    before = list(look.used)
    deepest = max(STANDARD_12, key=lambda lead: _deepest(look, lead))
    look.drop(before)
    depth = look.number("Deepest S", _deepest(look, deepest), "mV", deepest)
    total = look.number("Deepest S + SV4", depth + _deepest(look, "V4"), "mV")
    return look.sex(total, 2.8, 2.3, "mV")


def _s(look: Look, lead: str) -> float:
    """Return how deep the S of a lead is, or its QS, in mV: a number that was used."""
    kept = list(look.used)
    deepest = _deepest(look, lead)
    look.drop(kept)
    return look.number("S amplitude", deepest, "mV", lead)


def _deepest(look: Look, lead: str) -> float:
    """Return how deep the S of a lead is, or its QS, in mV."""
    kept = list(look.used)
    depth = max(look.amplitude("S", lead), look.amplitude("S'", lead))
    if look.amplitude("R", lead) == 0.0:
        depth = max(depth, look.amplitude("Q", lead))
    look.drop(kept)
    return depth


def _right(look: Look, name: str) -> bool:
    look.adult()
    look.not_paced()
    look.unless("CRBBB", "right bundle-branch block heightens R in V1")
    look.unless("CLBBB", "left bundle-branch block changes the voltages")
    look.unless("WPW", "pre-excitation heightens R in V1")
    r = look.amplitude("R", "V1")
    if name == "Sokolow-Lyon":
        look.need("V5", "V6")
        lateral = max(look.amplitude("S", "V5"), look.amplitude("S", "V6"))
        return look.number("RV1 + SV5 or SV6", r + lateral, "mV") > 1.05
    s = _s(look, "V1")
    return r > 0.6 and r > s


RULES = (
    Rule(
        "LVH-SOKOLOW",
        "Left ventricular hypertrophy, Sokolow-Lyon",
        GROUP,
        (Definition("S in V1 + R in V5 or V6, the higher, of 3.5 mV or more.", SOKOLOW),),
        _sokolow,
        needs=NEEDS,
        statements=("LVH",),
    ),
    Rule(
        "LVH-AVL",
        "Left ventricular hypertrophy, R in aVL",
        GROUP,
        (Definition("R in aVL over 1.1 mV.", SOKOLOW),),
        _avl,
        needs=f"{NEEDS[:-1]}, no left anterior fascicular block.",
        statements=("LVH",),
    ),
    Rule(
        "LVH-CORNELL",
        "Left ventricular hypertrophy, Cornell voltage",
        GROUP,
        (Definition("R in aVL + S in V3 over 2.8 mV in men, over 2.0 mV in women.", CASALE),),
        _cornell_voltage,
        needs=NEEDS,
        statements=("LVH",),
    ),
    Rule(
        "LVH-PRODUCT",
        "Left ventricular hypertrophy, Cornell product",
        GROUP,
        (
            Definition(
                "(R in aVL + S in V3, in women + 0.6 mV) times the QRS duration over 244 mV ms (2440 mm ms).",
                OKIN,
            ),
        ),
        _cornell_product,
        needs=NEEDS,
        statements=("LVH",),
    ),
    Rule(
        "LVH-PEGUERO",
        "Left ventricular hypertrophy, Peguero-Lo Presti",
        GROUP,
        (
            Definition(
                "The deepest S of any of the 12 leads + S in V4 of 2.8 mV or more in men, 2.3 mV or more in women.",
                PEGUERO,
            ),
        ),
        _peguero,
        needs=NEEDS,
        statements=("LVH",),
    ),
    Rule(
        "RVH",
        "Right ventricular hypertrophy",
        GROUP,
        (
            Definition("R in V1 + S in V5 or V6, the deeper, over 1.05 mV.", SOKOLOW_RIGHT, "Sokolow-Lyon"),
            Definition("R in V1 over 0.6 mV and higher than S in V1 is deep.", HANCOCK, "R in V1"),
        ),
        _right,
        needs="Adults; no bundle-branch block, no pre-excitation, no paced complexes.",
        statements=("RVH",),
    ),
)
