"""Criteria that are shown, not validated: a fragmented QRS, and the Brugada pattern of type 1."""

from itertools import combinations, pairwise

from ecgview.leads import CHEST
from ecgview.signal.criteria.criterion import NotMeasurable
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule
from ecgview.signal.criteria.shape import Shape

GROUP = "Experimental"
DAS = "Das MK et al. Circulation 2006;113:2495-2501"
ANTZELEVITCH = "Antzelevitch C et al., second consensus conference. Circulation 2005;111:659-670"
PRIORI = "Priori SG et al., HRS/EHRA/APHRS consensus statement. Heart Rhythm 2013;10:1932-1963"
# Of the left anterior descending, circumflex and right coronary artery, as Das names them.
TERRITORIES = (("V1", "V2", "V3", "V4", "V5"), ("I", "aVL", "V6"), ("II", "III", "aVF"))
RIGHT, RIGHT_PRECORDIAL = ("V1", "V2"), ("V1", "V2", "V3")
# Das saw notches by eye on paper, with a specificity of 89 %; Terho (2014) saw them in 20 % of a general population.
# So many millivolts leave 15 % of the normal ECGs of PTB-XL folds 1 to 8.
VISIBLE_MV = 0.05


def _fragmented(look: Look, _: str) -> bool:
    look.narrow()
    if look.facts.fine is False:
        raise NotMeasurable("fine notches need 150 Hz: the samples hold less")
    if look.facts.fine is None:
        look.say("the file states no low-pass filter: notches may have been smoothed away")
    leads = look.have([lead for territory in TERRITORIES for lead in territory])
    if len(leads) < 2:
        raise NotMeasurable("fewer than two leads")
    found = {lead for lead in leads if _is_fragmented(look.shape(lead), lead)}
    both: set[str] = set()
    for territory in TERRITORIES:
        pairs = combinations(territory, 2) if territory[0] not in CHEST else pairwise(territory)
        both |= {lead for pair in pairs if set(pair) <= found for lead in pair}
    look.leads = tuple(lead for lead in leads if lead in both)
    look.number("Leads with a notch or R'", len(found), f"of {len(leads)}")
    return bool(both)


def _is_fragmented(one: Shape, lead: str) -> bool:
    """Return whether a complex has a notch, or an R' that no right bundle branch explains."""
    second = lead not in RIGHT and any(part.mv >= VISIBLE_MV for part in one.r[1:])
    return second or any(depth >= VISIBLE_MV for depth in one.notches_mv)


def _brugada(look: Look, name: str) -> bool:
    look.not_paced()
    look.st_is_free()
    leads = ("V1", "V2") if name == "2013" else RIGHT_PRECORDIAL
    look.need(*leads)
    found = []
    for lead in leads:
        j, later = look.level("J", lead), look.level("J+80", lead)
        if j >= 0.2 and later < j and look.amplitude("T", lead) < 0:
            found.append(lead)
    look.leads = tuple(found)
    return len(found) >= (1 if name == "2013" else 2)


RULES = (
    Rule(
        "FQRS",
        "Fragmented QRS",
        GROUP,
        (
            Definition(
                f"A notch or an R' of {VISIBLE_MV:g} mV or more (half a small square: ecgview's limit) in two"
                " neighbouring leads of one territory (V1 to V5; I, aVL, V6; II, III, aVF), QRS under 120 ms; an R' of"
                " V1 and V2, as of the right bundle branch, does not count.",
                DAS,
            ),
        ),
        _fragmented,
        needs="A QRS under 120 ms that is not paced; samples that hold 150 Hz.",
        validated=False,
    ),
    Rule(
        "BRUGADA-1",
        "Brugada pattern, type 1",
        GROUP,
        (
            Definition(
                "ST of 0.2 mV or more at the J point, falling, and a negative T, in V1 or V2.", PRIORI, "2013"
            ),
            Definition(
                "ST of 0.2 mV or more at the J point, falling, and a negative T, in more than one of V1 to V3.",
                ANTZELEVITCH,
                "2005",
            ),
        ),
        _brugada,
        needs="Complexes that are not paced; no flutter waves on ST.",
        validated=False,
    ),
)
