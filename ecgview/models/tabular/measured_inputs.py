"""Measurements and criteria as named inputs of a tabular model, by the codes of the columns of `measure --csv`.

A criterion is 1 where it is met and 0 where it is not; not measurable and not applicable are missing values, which a
model fills as it says. A model is fitted on what was computed; where a reader's hand moved an edge it is asked again
with the values that follow, and its answer says so (`lef.with_edits`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ecgview.errors import ModelError
from ecgview.models import measure_table, measuring
from ecgview.record import EcgRecord
from ecgview.signal import criteria
from ecgview.signal.criteria.criterion import Asked
from ecgview.signal.measure.measured import Measured

MET = "met_"  # before the code of a criterion
NOT_MEASURED = "Not measured"


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


def of(record: EcgRecord, measured: Measured | None = None) -> dict[str, float]:
    """Return the inputs that are there, by code; what was not measured is left out.

    `measured` is what was measured of the record, edits and all; it is measured now where it is None.

    Raises:
        ModelError: T ends were found in another way than in the records that models are fitted on.
    """
    found = measuring.recent(record) if measured is None else measured
    if found.t_end != "network":
        raise ModelError(
            "models rest on T ends as the network marks them", expected="network", found=found.t_end
        )
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
    return f"{NOT_MEASURED}, the usual value of the training records stands for it: {', '.join(names)}"
