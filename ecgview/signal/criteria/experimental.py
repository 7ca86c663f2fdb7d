"""Criteria that are shown, not validated: a fragmented QRS, and the Brugada pattern of type 1."""

from ecgview.signal.criteria.criterion import NotMeasurable
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule
from ecgview.signal.criteria.st_elevation import NEIGHBOURS

GROUP = "Experimental"
DAS = "Das MK et al. Circulation 2006;113:2495-2501"
ANTZELEVITCH = "Antzelevitch C et al. Circulation 2005;111:659-670"


def _fragmented(look: Look, _: str) -> bool:
    look.narrow()
    if look.facts.fine is False:
        raise NotMeasurable("fine notches need 150 Hz: the samples hold less")
    if look.facts.fine is None:
        look.say("the file states no low-pass filter: notches may have been smoothed away")
    leads = look.have(("I", "II", "III", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"))
    if len(leads) < 2:
        raise NotMeasurable("fewer than two leads")
    notched = {lead for lead in leads if look.shape(lead).notches_s or len(look.shape(lead).r) > 1}
    both = {lead for pair in NEIGHBOURS if set(pair) <= notched for lead in pair}
    look.leads = tuple(lead for lead in leads if lead in both)
    look.number("Leads with a notch or R'", len(notched), f"of {len(leads)}")
    return bool(both)


def _brugada(look: Look, _: str) -> bool:
    look.not_paced()
    look.need("V1", "V2")
    found = []
    for lead in ("V1", "V2"):
        j, later = look.level("J", lead), look.level("J+80", lead)
        if j >= 0.2 and later < j and look.amplitude("T", lead) < 0:
            found.append(lead)
    look.leads = tuple(found)
    return bool(found)


RULES = (
    Rule(
        "FQRS",
        "Fragmented QRS",
        GROUP,
        (Definition("A notch or an R' in two neighbouring leads of a QRS under 120 ms.", DAS),),
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
                "ST of 0.2 mV or more at the J point, falling, and a negative T, in V1 or V2.", ANTZELEVITCH
            ),
        ),
        _brugada,
        needs="Complexes that are not paced.",
        validated=False,
    ),
)
