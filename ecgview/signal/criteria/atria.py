"""Atrial enlargement by the P wave."""

import numpy as np

from ecgview.signal.criteria.criterion import NotMeasurable
from ecgview.signal.criteria.hypertrophy import HANCOCK
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule

GROUP = "Hypertrophy and atria"
MORRIS = "Morris JJ et al. Circulation 1964;29:242-252; limit of Soliman EZ et al. Stroke 2009;40:1204-1211"
BAYES = "Bay\u00e9s de Luna A et al. J Electrocardiol 2012;45:445-451"
LEAST_MV = 0.02  # a terminal part of P that stands out of the noise of a median beat


def _terminal_force(look: Look, _: str) -> bool:
    look.adult()
    _need_p(look)
    p, fs_hz = look.trace("V1", "P", own=True)  # what lies after V1's own P is no P of V1
    p = p - np.linspace(p[0], p[-1], len(p))  # what the atria repolarise with (PR depression) is no P
    tail = p[len(p) // 3 :]  # the terminal part comes after what the right atrium gives
    end = int(tail.argmin())
    depth = max(0.0, -float(tail[end]))
    below = tail < 0
    first, last = end, end
    while first > 0 and below[first - 1]:
        first -= 1
    while last + 1 < len(tail) and below[last + 1]:
        last += 1
    lasts = 1000.0 * (last - first + 1) / fs_hz if depth >= LEAST_MV else 0.0
    look.number("P terminal depth", depth, "mV", "V1")
    look.number("P terminal duration", lasts, "ms", "V1")
    return look.number("P terminal force", depth * lasts, "mV ms", "V1") >= 4.0


def _long(look: Look, _: str) -> bool:
    look.adult()
    _need_p(look)
    look.drop(())  # P of all leads is not what the limit is of
    length = look.duration("P", "II")
    if not length:
        raise NotMeasurable("no P wave in II")
    return length >= 120


def _right(look: Look, _: str) -> bool:
    look.adult()
    _need_p(look)
    inferior = look.have(("II", "III", "aVF"))
    if not inferior:
        look.need("II")
    high = max(inferior, key=lambda lead: look.level("P", lead))
    look.drop(one for one in look.used if one.lead in ("", high))
    p, _fs = look.trace("V1", "P")
    first = look.number("P initial height", max(0.0, float(np.max(p[: max(1, len(p) // 2)]))), "mV", "V1")
    return look.level("P", high) > 0.25 or first > 0.15


def _need_p(look: Look) -> None:
    look.with_p_waves()
    if look.maybe("P duration") is None:
        raise NotMeasurable("no P wave")


RULES = (
    Rule(
        "LAE",
        "Left atrial enlargement, P terminal force in V1",
        GROUP,
        (
            Definition(
                "Depth times duration of the terminal part of P in V1, between V1's own edges of P, of 4 mV ms"
                " (0.04 mm s) or more.",
                MORRIS,
            ),
        ),
        _terminal_force,
        needs="Adults; a P wave; no atrial fibrillation or flutter by rule.",
        statements=("LAO/LAE",),
    ),
    Rule(
        "LONG-P",
        "Long P, as in interatrial block",
        GROUP,
        (
            Definition(
                "P duration of 120 ms or more in II. The lead is ecgview's choice: from the first lead to the last P is"
                " longer, some 10 ms, and no limit of that is published.",
                BAYES,
            ),
        ),
        _long,
        needs="Adults; a P wave in II; no atrial fibrillation or flutter by rule.",
        validated=False,  # in the young as often as published, but nothing here says which P is long
    ),
    Rule(
        "RAE",
        "Right atrial enlargement",
        GROUP,
        (
            Definition(
                "P higher than 0.25 mV in II, III or aVF, or its first part higher than 0.15 mV in V1.",
                HANCOCK,
            ),
        ),
        _right,
        needs="Adults; a P wave; no atrial fibrillation or flutter by rule.",
        statements=("RAO/RAE",),
    ),
)
