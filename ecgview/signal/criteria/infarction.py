"""Pathological Q waves of the fourth universal definition of myocardial infarction, by territory."""

from itertools import pairwise

from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule

GROUP = "Infarction and ischaemia"
THYGESEN = (
    "Thygesen K et al., fourth universal definition of myocardial infarction. Circulation 2018;138:e618-e651"
)
NEEDS = "No left bundle-branch block, no pre-excitation, no paced complexes."
GENERAL_MS, GENERAL_MV = 30.0, 0.1
INFERIOR, LATERAL, ANTERIOR = ("II", "III", "aVF"), ("I", "aVL", "V5", "V6"), ("V1", "V2", "V3", "V4", "V5")


def _asked(look: Look) -> None:
    look.not_paced()
    look.unless("CLBBB", "left bundle-branch block makes Q waves of its own")
    look.unless("WPW", "pre-excitation makes Q waves of its own")


def _pathological(look: Look, lead: str) -> bool:
    """Return whether the Q of a lead is pathological: for V2 and V3, and for the others."""
    shape = look.shape(lead)
    q = shape.q
    if q is None:
        return False
    lasts = look.number("Q duration", round(1000 * q.seconds), "ms", lead)
    deep = look.number("Q", -q.mv, "mV", lead)
    if lead in ("V2", "V3"):
        return lasts > 20 or shape.letters == "QS"
    return (lasts >= GENERAL_MS and deep >= GENERAL_MV) or (shape.letters == "QS" and deep >= GENERAL_MV)


def _found(look: Look, leads: tuple[str, ...]) -> tuple[bool, ...]:
    """Return for each lead of a group whether its Q is pathological; those that are, are named."""
    _asked(look)
    look.need(*leads)
    found = tuple(_pathological(look, lead) for lead in leads)
    look.leads = tuple(lead for lead, one in zip(leads, found, strict=True) if one)
    return found


def _inferior(look: Look, _: str) -> bool:
    return sum(_found(look, INFERIOR)) >= 2


def _lateral(look: Look, _: str) -> bool:
    high, low = (
        ("I", "aVL"),
        ("V5", "V6"),
    )  # the definition's groups: V5 and V6 are of V1 to V6, not of I and aVL
    _found(look, LATERAL)
    return any(set(pair) <= set(look.leads) for pair in (high, low))


def _anterior(look: Look, _: str) -> bool:
    # A QS in V1 alone is normal: it counts only beside V2, whose rule is the narrower.
    return any(a and b for a, b in pairwise(_found(look, ANTERIOR)))


def _rule(code: str, name: str, words: str, statements: tuple[str, ...], judge: object) -> Rule:
    assert callable(judge)
    return Rule(code, name, GROUP, (Definition(words, THYGESEN),), judge, NEEDS, statements=statements)


_LATERAL = "Q of 30 ms or more and 0.1 mV or more, or QS, in I and aVL, or in V5 and V6."
_Q = "Q of 30 ms or more and 0.1 mV or more, or QS, in at least two of {}."

RULES = (
    _rule("Q-INFERIOR", "Pathological Q, inferior", _Q.format("II, III, aVF"), ("IMI",), _inferior),
    _rule(
        "Q-ANTERIOR",
        "Pathological Q, anterior",
        "In at least two leads next to each other of V1 to V5: Q over 20 ms or QS in V2 and V3, Q of 30 ms or more and"
        " 0.1 mV or more, or QS, in V1, V4 and V5.",
        ("ASMI", "AMI"),
        _anterior,
    ),
    _rule("Q-LATERAL", "Pathological Q, lateral", _LATERAL, ("LMI",), _lateral),
)
