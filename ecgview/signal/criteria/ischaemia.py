"""Occlusion that the ST limits miss: under bundle-branch block, posterior, of the left main, Wellens, de Winter."""

from itertools import pairwise

import numpy as np

from ecgview.signal.criteria.bundle_branch import left_block
from ecgview.signal.criteria.criterion import NotApplicable, NotMeasurable
from ecgview.signal.criteria.infarction import THYGESEN
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule
from ecgview.signal.criteria.st_elevation import keep, levels, not_rising

GROUP = "Must not be missed"
SMITH = "Smith SW et al. Ann Emerg Med 2012;60:766-776; paced: Dodd KW et al. Ann Emerg Med 2021;78:517-529"
MEYERS = "Meyers HP et al. J Am Heart Assoc 2021;10:e022866"
IBANEZ = "Ibanez B et al., 2017 ESC guidelines on ST elevation infarction. Eur Heart J 2018;39:119-177"
WELLENS = (
    "de Zwaan C, B\u00e4r FW, Wellens HJ. Am Heart J 1982;103:730-736;"
    " Rhinehardt J et al. Am J Emerg Med 2002;20:638-643"
)
DE_WINTER = "de Winter RJ et al. N Engl J Med 2008;359:2071-2073"
TWELVE = ("I", "II", "III", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
SYMMETRY = 1.5  # ours: how many times longer one flank of a symmetrical T may last than the other
DEEP_T_MV, BIPHASIC_MV, TALL_T_MV = 0.25, 0.1, 0.5  # ours: the papers show pictures, not limits


def _sgarbossa(look: Look, _: str) -> bool:
    width = look.value("QRS duration")
    if width < 120:
        raise NotApplicable("a narrow QRS")
    if look.facts.paced:
        _like_left_block(look)
        look.say("paced complexes: the rules as Dodd 2021 tried them on paced patients with chest pain")
    elif not left_block(look):
        paced = look.facts.pacing
        if paced.state == "cannot tell":
            raise NotMeasurable(f"whether the wide QRS is paced cannot be told: {paced.reason}")
        raise NotApplicable("no left bundle-branch block by either definition, and no paced QRS complexes")
    look.st_is_free()
    st = levels(look, (*TWELVE, "aVR"))
    found = []
    for lead, level in st.items():
        net = sum(one.mv for one in look.shape(lead).deflections)
        s = max((-one.mv for one in look.shape(lead).deflections if one.mv < 0), default=0.0)
        same_way = net > 0
        if same_way and level >= 0.1:
            found.append(lead)  # concordant elevation
        elif not same_way and lead in ("V1", "V2", "V3") and level <= -0.1:
            found.append(lead)  # concordant depression
        elif not same_way and level >= 0.1 and s > 0 and level / s >= 0.25:
            look.number("ST / S", -level / s, "", lead)
            found.append(lead)  # too much discordant elevation
    look.leads = tuple(found)
    keep(look, look.leads)
    return bool(found)


def _like_left_block(look: Look) -> None:
    """Say that the rules are those of left bundle-branch block, which pacing of the right ventricle looks like.

    Raises:
        NotApplicable: the paced QRS is upright in V1, as of the left ventricle or of both.
    """
    if sum(one.mv for one in look.shape("V1").deflections) > 0:
        raise NotApplicable(
            "a paced QRS that is upright in V1, as of the left or both ventricles: ST must be read without these rules"
        )


def _posterior(look: Look, _: str) -> bool:
    look.adult()
    look.narrow()
    look.st_is_free()
    look.unless("LVH-SOKOLOW", "the voltages of left ventricular hypertrophy shift ST")
    look.unless("RVH", "right ventricular hypertrophy shifts ST in V1 to V3")
    st = levels(look, ("V1", "V2", "V3", "V4", "V5", "V6"))
    look.need("V2", "V3")
    near = {lead: level for lead, level in st.items() if lead in ("V1", "V2", "V3", "V4")}
    low = [
        lead
        for lead, level in near.items()
        if level <= -0.05
        and look.level("J+60", lead) <= -0.05
        and look.amplitude("T", lead) > 0
        and not_rising(look, lead)
    ]
    look.leads = tuple(low)
    keep(look, look.leads or ("V2", "V3"))
    deepest = min(st, key=lambda lead: st[lead])
    return len(low) >= 2 and deepest in near


def _avr(look: Look, name: str) -> bool:
    look.adult()
    look.narrow()
    look.st_is_free()
    look.need("aVR", "V1")
    st = levels(look, TWELVE)
    low = tuple(lead for lead, level in st.items() if round(level, 3) <= -0.1)
    high = tuple(lead for lead in ("aVR", "V1") if look.level("J", lead) >= 0.05)
    look.leads = (*low, *high)
    look.number("Leads with ST of \u22120.1 mV or lower", len(low), f"of {len(st)}")
    keep(look, (*high, *low) or ("aVR", "V1"))
    return bool(high) and len(low) >= (8 if name == "ESC" else 6)


def _wellens(look: Look, _: str) -> bool:
    look.adult()
    look.narrow()
    look.st_is_free()
    look.unless("LVH-SOKOLOW", "the voltages of left ventricular hypertrophy turn T")
    look.unless("RVH", "right ventricular hypertrophy turns T in V1 to V3")
    look.need("V2", "V3")
    found = []
    for lead in ("V2", "V3"):
        quiet = abs(look.level("J", lead)) < 0.1
        q = look.shape(lead).q
        if quiet and (q is None or q.seconds <= 0.02) and look.shape(lead).r and _turned(look, lead):
            found.append(lead)
    look.leads = tuple(found)
    return len(found) == 2


def _turned(look: Look, lead: str) -> bool:
    """Return whether T is deeply inverted, or ends with an inverted part after an upright one."""
    t, _fs = look.trace(lead, "T")
    level, _at = look.trace(lead, "QRS")
    t = t - (t[0] - look.level("J+80", lead))  # T is counted from the level before QRS, as ST is
    low, high = float(t.min()), float(t.max())
    if level.size == 0:
        return False
    look.number("T lowest", low, "mV", lead)
    if low <= -DEEP_T_MV:
        return True
    return low <= -BIPHASIC_MV and high >= 0.05 and int(np.argmin(t)) > int(np.argmax(t))


def _de_winter(look: Look, _: str) -> bool:
    look.adult()
    look.narrow()
    look.st_is_free()
    leads = ("V1", "V2", "V3", "V4", "V5", "V6")
    look.need(*leads)
    found = []
    for lead in leads:
        j, later = look.level("J", lead), look.level("J+80", lead)
        rises = j <= -0.1 and later > j and _stays_low(look, lead)
        if rises and look.amplitude("T", lead) >= TALL_T_MV and _symmetrical(look, lead):
            found.append(lead)
    high = [lead for lead in leads if look.level("J", lead) >= 0.1]
    look.leads = tuple(found)
    keep(look, look.leads or leads)
    both = bool(set(pairwise(found)) & set(pairwise(leads)))
    if both and high:
        look.say(f"ST elevation in {', '.join(high)}: not as de Winter described it")
    elif both and look.have(("aVR",)) and look.level("J", "aVR") >= 0.05:
        look.say("ST elevation in aVR, as in most of those described")
    return both and not high


def _stays_low(look: Look, lead: str) -> bool:
    """Return whether ST is still low from J to 40 ms on: the end of an S that rises to the line is no ST depression."""
    return all(look.st_after(lead, ms) <= -0.05 for ms in range(0, 41, 4))


def _symmetrical(look: Look, lead: str) -> bool:
    """Return whether T takes about as long to rise from half its height as to fall back to it."""
    t, _fs = look.trace(lead, "T")
    if t.size < 3:
        return False
    top = int(np.argmax(t))
    half = np.flatnonzero(t - t.min() >= (t[top] - t.min()) / 2)
    up, down = top - int(half[0]) + 1, int(half[-1]) - top + 1
    return 1 / SYMMETRY <= up / down <= SYMMETRY


def _inverted(look: Look, _: str) -> bool:
    look.adult()
    look.narrow()
    look.st_is_free()
    leads = ("I", "II", "V3", "V4", "V5", "V6")
    found = []
    for lead in look.have(leads):
        r, s = look.amplitude("R", lead), look.amplitude("S", lead)
        if look.amplitude("T", lead) < -0.1 and r > s:
            found.append(lead)
    if len(look.have(leads)) < 2:
        raise NotMeasurable("T was measured in fewer than two leads")
    look.leads = tuple(found)
    keep(look, look.leads)
    pairs = (("I", "II"), ("V3", "V4"), ("V4", "V5"), ("V5", "V6"))
    return any(set(pair) <= set(found) for pair in pairs)


RULES = (
    Rule(
        "SGARBOSSA",
        "ST under left bundle-branch block or pacing (modified Sgarbossa)",
        GROUP,
        (
            Definition(
                "In one lead: ST elevation of 0.1 mV or more where the QRS is upright; or ST of \u22120.1 mV or"
                " lower in V1,"
                " V2 or V3 where the QRS points down; or ST elevation of 0.1 mV or more and a quarter of the S"
                " or more.",
                SMITH,
            ),
        ),
        _sgarbossa,
        needs="Left bundle-branch block by either definition, or paced complexes that point down in V1; no flutter"
        " waves on ST.",
        critical=True,
    ),
    Rule(
        "POSTERIOR",
        "ST depression that is deepest in V1 to V4, as in posterior infarction",
        GROUP,
        (
            Definition(
                "ST of \u22120.05 mV or lower at the J point and 60 ms after it with an upright T in at least"
                " two of V1 to V4, where it does not rise on its way (as under STD), nowhere deeper in"
                " V5 or V6."
                " Leads V7 to V9 should be recorded.",
                f"{THYGESEN}; {MEYERS}",
            ),
        ),
        _posterior,
        needs="Adults; a QRS under 120 ms that is not paced; no ventricular hypertrophy; no flutter waves on ST.",
        critical=True,
        statements=("PMI",),
    ),
    Rule(
        "AVR-STE",
        "ST elevation in aVR with ST depression elsewhere",
        GROUP,
        (
            Definition(
                "ST of \u22120.1 mV or lower in at least six leads, and ST elevation in aVR or V1 (0.05 mV,"
                " ecgview's limit).",
                THYGESEN,
                "UDMI",
            ),
            Definition(
                "ST of \u22120.1 mV or lower in at least eight leads, and ST elevation in aVR or V1 (0.05 mV,"
                " ecgview's limit).",
                IBANEZ,
                "ESC",
            ),
        ),
        _avr,
        needs="Adults; a QRS under 120 ms that is not paced; no flutter waves on ST.",
        critical=True,
    ),
    Rule(
        "WELLENS",
        "T waves of Wellens",
        GROUP,
        (
            Definition(
                f"In V2 and V3: T of \u2212{DEEP_T_MV:g} mV or lower, or ending at \u2212{BIPHASIC_MV:g} mV or"
                " lower after an upright part"
                " (the limits are ecgview's), ST within 0.1 mV, an R, no Q over 20 ms. That pain has gone, the reader"
                " must know.",
                WELLENS,
            ),
        ),
        _wellens,
        needs="Adults; a QRS under 120 ms that is not paced; no ventricular hypertrophy; no flutter waves on ST.",
        critical=True,
    ),
    Rule(
        "DE-WINTER",
        "ST depression rising into tall T, as de Winter described it",
        GROUP,
        (
            Definition(
                "In two neighbouring leads of V1 to V6: ST of \u22120.1 mV or lower at the J point, rising, and still"
                " \u22120.05 mV or lower all the 40 ms after it, into an upright, symmetrical T of"
                f" {TALL_T_MV:g} mV or more; ST of 0.1 mV or more in none of V1 to V6 (the 40 ms, the height of T and"
                f" its symmetry, of which one flank lasts {SYMMETRY:g} times the other at most at half the height, are"
                " ecgview's).",
                DE_WINTER,
            ),
        ),
        _de_winter,
        needs="Adults; a QRS under 120 ms that is not paced; no flutter waves on ST.",
        critical=True,
    ),
    Rule(
        "T-INVERTED",
        "T inversion",
        "Infarction and ischaemia",
        (
            Definition(
                "T lower than \u22120.1 mV in two neighbouring leads of I, II, V3 to V6 whose R is higher than"
                " the S is deep."
                " Whether it is new, one ECG cannot say.",
                THYGESEN,
            ),
        ),
        _inverted,
        needs="Adults; a QRS under 120 ms that is not paced; no flutter waves on ST.",
        statements=("INVT",),
    ),
)
