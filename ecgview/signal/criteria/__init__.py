"""Published criteria that a reader can follow: met, not met, not measurable or not applicable, never a diagnosis.

A file of this room has `RULES`, a tuple of `rule.Rule`; a new criterion is one new file. They ask a `look.Look` for
numbers, so that each answer stands beside the numbers it used.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from ecgview import plugins
from ecgview.errors import EcgviewError
from ecgview.signal.criteria import qt
from ecgview.signal.criteria.criterion import Asked, Criterion, NotApplicable, NotMeasurable, State
from ecgview.signal.criteria.doubts import weighed
from ecgview.signal.criteria.look import Facts, Look
from ecgview.signal.criteria.rule import Definition, Rule
from ecgview.signal.measure.measured import Measured
from ecgview.signal.measurements import Measurement

GROUPS = (  # in this order; groups of other files come after
    "Must not be missed",
    "Rate and rhythm",
    "Conduction",
    "Hypertrophy and atria",
    "Axis and voltage",
    "Infarction and ischaemia",
    "Repolarisation",
    "Experimental",
)
_TOOLS = ("beside", "criterion", "doubts", "look", "rule", "shape")


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule of the room, in the order of the groups."""
    found = [
        rule
        for module in plugins.discover(sys.modules[__name__], besides=_TOOLS, needs=("RULES",))
        for rule in module.RULES
    ]
    order = {group: index for index, group in enumerate(GROUPS)}
    return tuple(sorted(found, key=lambda rule: order.get(rule.group, len(order))))


def judge(asked: Asked) -> tuple[Criterion, ...]:
    """Return every criterion as it comes out for one record, in the order of the groups.

    Raises:
        EcgviewError: a definition was chosen that there is not, or the measurements are of another record.
    """
    check_choices(asked.choices)
    asked.measured.require_of(asked.record)
    by_code = {rule.code: rule for rule in rules()}
    answers: dict[str, Criterion] = {}
    asking: list[str] = []

    def answer(code: str) -> Criterion:
        if code in asking:
            raise EcgviewError(f"the criteria {' and '.join(asking)} ask each other")
        if code not in answers:
            asking.append(code)
            answers[code] = _judged(by_code[code], asked, facts)
            asking.pop()
        return answers[code]

    def state_of(code: str) -> State:
        return answer(code).state if code in by_code else "not applicable"

    facts = Facts(asked, state_of)
    return tuple(answer(rule.code) for rule in rules())


def check_choices(choices: Mapping[str, str]) -> dict[str, str]:
    """Return choices of definitions by the codes of criteria, checked.

    Raises:
        EcgviewError: no criterion has this code, or no definition this name.
    """
    offered = {one.code: tuple(each.name for each in one.definitions) for one in choosable()}
    for code, name in choices.items():
        if code not in offered:
            raise EcgviewError(
                f"no criterion {code!r} has definitions to choose from", expected=", ".join(offered)
            )
        if name not in offered[code]:
            raise EcgviewError(f"{code} has no definition {name!r}", expected=", ".join(offered[code]))
    return dict(choices)


def choices_in(text: str) -> dict[str, str]:
    """Return the choices of a text with CODE=NAME on each line; what is no choice any more is passed over."""
    chosen: dict[str, str] = {}
    for line in text.splitlines():
        code, _, name = line.partition("=")
        try:
            chosen |= check_choices({code: name})
        except EcgviewError:
            continue
    return chosen


def ranged(measured: Measured, choices: Mapping[str, str]) -> Measured:
    """Return the measurements with ranges by the chosen definitions of bradycardia and of short QTc."""
    by_code = {
        rule.code: definition(rule, choices).name for rule in rules() if rule.code in ("SBRAD", "SHORT-QT")
    }
    slowest, short = float(by_code["SBRAD"]), qt.shortest_usual(by_code["SHORT-QT"])

    def with_range(one: Measurement) -> Measurement:
        limits = one.range
        if limits is None:
            return one
        if one.name == "Heart rate":
            limits = replace(limits, low=slowest)
        elif limits.quiet_low is not None:
            limits = replace(limits, quiet_low=short)
        return one if limits == one.range else replace(one, range=limits)

    values = tuple(with_range(one) for one in measured.values)
    return measured if values == measured.values else replace(measured, values=values)


def choosable() -> tuple[Rule, ...]:
    """Return the rules of which the reader may choose the definition."""
    return tuple(rule for rule in rules() if len(rule.definitions) > 1)


def definition(rule: Rule, choices: Mapping[str, str]) -> Definition:
    """Return the definition of a rule that was chosen, or its first."""
    name = choices.get(rule.code)
    return next((one for one in rule.definitions if one.name == name), rule.definitions[0])


def _judged(rule: Rule, asked: Asked, facts: Facts) -> Criterion:
    chosen = definition(rule, asked.choices)
    look = Look(facts)
    state: State
    try:
        state, why = ("met" if rule.judge(look, chosen.name) else "not met"), ""
    except NotMeasurable as error:
        # What is no ECG has one reason for all; a rate may be measured all the same.
        state, why = "not measurable", asked.measured.reason or str(error)
    except NotApplicable as error:
        state, why = "not applicable", str(error)
    if state == "not met" and look.saw_beats and asked.measured.trend:
        # Of a long record the beats of one usual minute are sorted: they say nothing of the others.
        state, why = (
            "not measurable",
            "not met in the one minute whose beats are sorted; the others are not judged",
        )
    state, reason, doubts = weighed(look, state, "; ".join(text for text in (why, *look.said) if text))
    where = next((one.where_s for one in look.used if one.where_s is not None), None)
    return Criterion(
        rule.code,
        rule.name,
        rule.group,
        state,
        chosen.words,
        chosen.publication,
        used=tuple(look.used),
        reason=reason,
        critical=rule.critical,
        validated=rule.validated,
        where_s=look.where_s or where,
        leads=look.leads,
        needs=rule.needs,
        choice=chosen.name,
        choices=tuple(one.name for one in rule.definitions) if len(rule.definitions) > 1 else (),
        statements=rule.statements,
        doubts=doubts,
    )
