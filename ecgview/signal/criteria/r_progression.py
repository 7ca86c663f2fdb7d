"""R waves that do not grow from V1 to V3."""

from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule


def _poor(look: Look, _: str) -> bool:
    look.not_paced()
    look.unless("CLBBB", "left bundle-branch block makes small R waves of its own")
    look.unless("WPW", "pre-excitation changes the R waves")
    look.need("V2", "V3")
    v2, v3 = look.amplitude("R", "V2"), look.amplitude("R", "V3")
    return v3 <= 0.3 and v2 <= v3


RULES = (
    Rule(
        "POOR-R",
        "Poor R progression",
        "Infarction and ischaemia",
        (
            Definition(
                "R in V3 of 0.3 mV or less, and R in V2 not higher than in V3.",
                "DePace NL et al. J Am Coll Cardiol 1983;2:1073-1079",
            ),
        ),
        _poor,
        needs="No left bundle-branch block, no pre-excitation, no paced complexes.",
    ),
)
