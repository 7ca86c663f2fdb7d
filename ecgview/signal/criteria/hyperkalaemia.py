"""Signs that go with a high potassium."""

from ecgview.leads import CHEST
from ecgview.signal.criteria.bundle_branch import left_block
from ecgview.signal.criteria.criterion import NotMeasurable
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rate_and_rhythm import P_DOUBTED, irregular, no_p, p_by_rules
from ecgview.signal.criteria.rule import Definition, Rule

PUBLICATION = (
    "Mattu A et al. Am J Emerg Med 2000;18:721-729; Durfey N et al. West J Emerg Med 2017;18:963-971"
)
LVH = ("LVH-SOKOLOW", "LVH-CORNELL")
LIMB_MV, CHEST_MV = 0.5, 1.0
HALF_S = 0.11  # a peaked T is narrow: this long above its half at most


def _signs(look: Look, _: str) -> bool:
    look.adult()
    look.not_paced()
    look.st_is_free()
    width, rate = look.value("QRS duration"), look.value("Heart rate")
    leads = look.have(("I", "II", "III", "aVF", *CHEST))
    if len(leads) < 2:
        raise NotMeasurable("T was measured in fewer than two leads")
    explained = _explained(look)
    peaked = tuple(
        lead for lead in leads if _peaked(look, lead) and not (explained and _against_qrs(look, lead))
    )
    look.leads = peaked
    look.drop(one for one in look.used if not one.lead or one.lead in peaked)
    look.number("Leads with a peaked T", len(peaked), f"of {len(leads)}")
    lacking = no_p(look)
    if lacking and irregular(look):
        look.say("irregular without P waves: fibrillation is a reason of its own, no sign of potassium")
        lacking = False
    elif lacking and p_by_rules(look):
        look.say(P_DOUBTED)
        lacking = False
    wide = width >= 120
    if explained and wide:
        look.say(f"{explained} widens the QRS and turns T against it: these do not count")
        wide = False
    return sum((len(peaked) >= 2, wide, lacking, rate < 50)) >= 3


def _explained(look: Look) -> str:
    """Return what else widens the QRS and heightens the T opposite to it, as far as rules tell; else ""."""
    if look.facts.state_of("WPW") == "met":
        return "pre-excitation"
    if look.value("QRS duration") >= 120:
        used, said, leads = list(look.used), list(look.said), look.leads
        try:
            if left_block(look):
                return "left bundle-branch block"
        except NotMeasurable:
            said.append(
                "whether there is left bundle-branch block cannot be told: it would explain the signs"
            )
        finally:
            look.used, look.said, look.leads = (
                used,
                said,
                leads,
            )  # the block's own numbers are no signs of these
        if look.facts.state_of("CRBBB") == "met":
            return "right bundle-branch block"
    if any(look.facts.state_of(code) == "met" for code in LVH):
        return "left ventricular hypertrophy"
    return ""


def _against_qrs(look: Look, lead: str) -> bool:
    """Return whether the QRS of a lead points down on balance, so that an upright T lies against it."""
    return sum(one.mv for one in look.shape(lead).deflections) < 0


def _peaked(look: Look, lead: str) -> bool:
    high = look.amplitude("T", lead)
    if high <= (CHEST_MV if lead in CHEST else LIMB_MV):
        return False
    t, fs_hz = look.trace(lead, "T")
    t = t - t.min()
    return float((t >= t.max() / 2).sum()) / fs_hz <= HALF_S


RULES = (
    Rule(
        "HYPERKALAEMIA",
        "Signs of a high potassium",
        "Must not be missed",
        (
            Definition(
                f"At least three of: peaked T in two leads or more (over {LIMB_MV:g} mV in a limb lead,"
                f" {CHEST_MV:g} mV in a"
                f" chest lead, and {1000 * HALF_S:.0f} ms or shorter at half its height), QRS of 120 ms or more,"
                " no P waves in a regular rhythm,"
                " a rate under 50 per minute. Where bundle-branch block, pre-excitation or the voltages of left"
                " ventricular hypertrophy explain them, a wide QRS and a T against the QRS do not count."
                " The signs are published, the limits of T and how they are counted"
                " together"
                " are ecgview's.",
                PUBLICATION,
            ),
        ),
        _signs,
        needs="Adults; complexes that are not paced; no flutter waves on T.",
        critical=True,
    ),
)
