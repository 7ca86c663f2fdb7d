"""ST elevation and depression at the J point, by the limits of age, sex and lead."""

from collections.abc import Mapping

from ecgview.signal.criteria.criterion import NotMeasurable
from ecgview.signal.criteria.infarction import THYGESEN
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule

LVH = ("LVH-SOKOLOW", "LVH-CORNELL")
SURAWICZ_2002 = "Surawicz B, Parikh SR. J Am Coll Cardiol 2002;40:1870-1876"
PATTON = "Patton KK et al. Circulation 2016;133:1520-1529"
RISING_MV_PER_S = 0.5  # ours: 0.03 mV in 60 ms, what can be seen on paper
SLUR_MS = 20.0  # by then an end-QRS notch or slur has come back
NEIGHBOURS = (
    *(("aVL", "I"), ("II", "aVF"), ("aVF", "III"), ("II", "III")),
    *(("V1", "V2"), ("V2", "V3"), ("V3", "V4"), ("V4", "V5"), ("V5", "V6")),
    *(("V7", "V8"), ("V8", "V9")),
)
EARLY = "healthy people with early repolarisation exceed these limits, too (Surawicz 2002; Patton 2016)"
ALL = ("I", "II", "III", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "V9")


def asked(look: Look) -> None:
    """Say that ST limits are not asked of wide or paced complexes, nor of hypertrophied ventricles."""
    look.narrow()
    look.st_is_free()
    for code in LVH:
        look.unless(code, "the voltages of left ventricular hypertrophy shift ST")


def levels(look: Look, leads: tuple[str, ...]) -> dict[str, float]:
    """Return ST at the J point in mV of those leads that were measured; fewer than two cannot be judged."""
    found = {lead: look.level("J", lead) for lead in look.have(leads)}
    if len(found) < 2:
        raise NotMeasurable("ST was measured in fewer than two leads")
    return found


def keep(look: Look, leads: tuple[str, ...]) -> None:
    """Name only the numbers of all leads and of some."""
    look.drop([one for one in look.used if not one.lead or one.lead in leads])


def not_rising(look: Look, lead: str) -> bool:
    """Return whether ST runs level or falls from 20 to 80 ms after J: what a fast rate depresses rises back.

    The first 20 ms are left out, in which the S of one lead may still be coming back.
    """
    return (look.st_after(lead, 80) - look.st_after(lead, 20)) / 0.06 < RISING_MV_PER_S


def elevated(
    st: Mapping[str, float], sex: str, age_years: float | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return leads whose ST reaches the limit for a sex and age, and those of them with a neighbour that does, too."""
    over = {lead for lead, level in st.items() if round(level, 3) >= _limit(lead, sex, age_years)}
    pairs = [pair for pair in NEIGHBOURS if set(pair) <= over]
    both = {lead for pair in pairs for lead in pair}
    return tuple(lead for lead in st if lead in over), tuple(lead for lead in st if lead in both)


def _limit(lead: str, sex: str, age_years: float | None) -> float:
    young = age_years is not None and age_years < 40
    if lead in ("V7", "V8", "V9"):
        return 0.1 if young and sex == "male" else 0.05
    if lead not in ("V2", "V3"):
        return 0.1
    if sex == "female":
        return 0.15
    return 0.25 if young else 0.2


def _elevation(look: Look, _: str) -> bool:
    look.adult()
    asked(look)
    st = levels(look, ALL)
    patient = look.facts.patient
    found = {sex: elevated(st, sex, patient.age_years)[1] for sex in ("male", "female")}
    if patient.age_years is None:
        look.say("age unknown: limits of 40 years and over")
    if patient.sex in found:
        look.leads = found[patient.sex]
        met = bool(look.leads)
    else:
        limits = "V2 and V3: women 0.15 mV, men 0.2 mV, under 40 years 0.25 mV"
        if bool(found["male"]) != bool(found["female"]):
            look.leads = found["female"]
            keep(look, look.leads)
            raise NotMeasurable(f"sex unknown, and the limits of both give different answers ({limits})")
        look.say(f"sex unknown: the limits of both give the same answer ({limits})")
        look.leads = found["male"]
        met = bool(look.leads)
    keep(look, look.leads or tuple(sorted(st, key=lambda lead: -st[lead])[:2]))
    if met:
        look.say(EARLY)
        later = {lead: look.st_after(lead, SLUR_MS) for lead in look.leads}
        sex = patient.sex if patient.sex in found else "female"
        if not elevated(later, sex, patient.age_years)[1]:
            look.say(
                f"{SLUR_MS:.0f} ms later ST lies under the limits: J may lie on a notch or slur at the end of QRS"
            )
    return met


def _depression(look: Look, _: str) -> bool:
    look.adult()
    asked(look)
    st = levels(look, ALL)
    low = {
        lead
        for lead, level in st.items()
        if round(level, 3) <= -0.05 and look.level("J+60", lead) <= -0.05 and not_rising(look, lead)
    }
    both = {lead for pair in NEIGHBOURS if set(pair) <= low for lead in pair}
    look.leads = tuple(lead for lead in st if lead in both)
    keep(look, look.leads or tuple(sorted(st, key=lambda lead: st[lead])[:2]))
    return bool(both)


NEEDS = (
    "Adults; a QRS under 120 ms that is not paced; no left ventricular hypertrophy by Sokolow-Lyon or Cornell;"
    " no flutter waves on ST."
)

RULES = (
    Rule(
        "STE",
        "ST elevation",
        "Must not be missed",
        (
            Definition(
                "ST at the J point in two neighbouring leads of 0.1 mV or more; in V2 and V3 0.2 mV or more in"
                " men of 40"
                " years and over, 0.25 mV in younger men, 0.15 mV in women; in V7 to V9 0.05 mV, 0.1 mV in men"
                " under 40."
                " Whether it is new, one ECG cannot say; early repolarisation exceeds these limits in healthy people.",
                f"{THYGESEN}; early repolarisation: {SURAWICZ_2002}; {PATTON}",
            ),
        ),
        _elevation,
        needs=NEEDS,
        critical=True,
        statements=("STE_",),
    ),
    Rule(
        "STD",
        "ST depression",
        "Infarction and ischaemia",
        (
            Definition(
                "ST of \u22120.05 mV or lower at the J point and 60 ms after it, level or falling (rising by less than"
                f" {RISING_MV_PER_S:g} mV per s from 20 to 80 ms after J; that limit is ecgview's),"
                " in two neighbouring leads. Whether it is new, one ECG cannot say.",
                THYGESEN,
            ),
        ),
        _depression,
        needs=NEEDS,
        statements=("STD_",),
    ),
)
