"""Low QRS voltage."""

from ecgview.leads import CHEST
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule

LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")
MADIAS = "Madias JE. J Electrocardiol 2008;41:498-500"


def _low(look: Look, name: str) -> bool:
    look.not_paced()
    limb = _largest(look, LIMB, "limb") < 0.5
    chest = _largest(look, CHEST, "chest") < 1.0 if name != "limb leads" else True
    return limb and chest


def _largest(look: Look, leads: tuple[str, ...], where: str) -> float:
    """Return the largest QRS of some leads, from its highest to its lowest point, in mV."""
    look.need(*leads)
    heights = {}
    for lead in leads:
        parts = [one.mv for one in look.shape(lead).deflections]
        heights[lead] = max((0.0, *parts)) - min((0.0, *parts))
    lead = max(heights, key=lambda one: heights[one])
    return look.number(f"Largest QRS of the {where} leads", heights[lead], "mV", lead)


RULES = (
    Rule(
        "LVOLT",
        "Low QRS voltage",
        "Axis and voltage",
        (
            Definition("QRS under 0.5 mV from peak to peak in every limb lead.", MADIAS, "limb leads"),
            Definition(
                "QRS under 0.5 mV from peak to peak in every limb lead and under 1.0 mV in every chest lead.",
                MADIAS,
                "limb and chest",
            ),
        ),
        _low,
        needs="QRS complexes that are not paced; all six limb leads, for the second definition all twelve.",
        statements=("LVOLT",),
    ),
)
