"""Measurements and criteria as named inputs of a tabular model, by the codes of the columns of `measure --csv`.

A criterion is 1 where it is met and 0 where it is not; not measurable and not applicable are missing values, which a
model fills as it says. Edits that a reader made are no part of it: a model gets what was computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ecgview.models import measure_table, measuring
from ecgview.record import EcgRecord
from ecgview.signal import criteria
from ecgview.signal.criteria.criterion import Asked

MET = "met_"  # before the code of a criterion


@dataclass(frozen=True, slots=True)
class Input:
    """One named input: its stable code, and its name with the unit for people."""

    code: str
    name: str


@cache
def known() -> tuple[Input, ...]:
    """Return every input in the order of the table, values of all leads first, then validated criteria."""
    values = (
        Input(measure_table.column(name, unit), f"{name}, {unit}") for name, unit in measure_table.VALUES
    )
    rules = (Input(MET + rule.code, f"{rule.name} (1: met)") for rule in criteria.rules() if rule.validated)
    return (*values, *rules)


def of(record: EcgRecord) -> dict[str, float]:
    """Return the inputs that are there, by code; what was not measured is left out."""
    found = measuring.measured(record)
    made = {
        measure_table.column(one.name, one.unit): float(one.value)
        for one in found.values
        if one.value is not None
    }
    for one in criteria.judge(Asked(record, found, record.patient)):
        if one.validated and one.state in ("met", "not met"):
            made[MET + one.code] = float(one.state == "met")
    wanted = {one.code for one in known()}
    return {code: value for code, value in made.items() if code in wanted}


def missing(inputs: Mapping[str, float], codes: Mapping[str, str]) -> str:
    """Return a sentence on inputs that a model wanted and that are not there, "" where all are; names by code."""
    names = [name for code, name in codes.items() if code not in inputs]
    if not names:
        return ""
    return f"Not measured, the usual value of the training records stands for it: {', '.join(names)}"
