"""What one criterion says of one record, with the numbers that it used."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ecgview.record import EcgRecord, Patient
from ecgview.signal.measure.measured import Measured
from ecgview.signal.measurements import Measurement

State = Literal["met", "not met", "not measurable", "not applicable"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion as it came out; never "excluded", for a criterion that is not met excludes nothing.

    `used` are the numbers it looked at. `definition` is the rule in words with its limits, `publication` where it
    stands. `reason` says why it is not measurable or not applicable. `code` is stable: tables and models know it.
    """

    code: str
    name: str
    group: str  # "Rate and rhythm", "Conduction", "Hypertrophy", ...
    state: State
    definition: str
    publication: str
    used: tuple[Measurement, ...] = ()
    reason: str = ""
    critical: bool = False  # must not be missed: heads the page where it is met
    validated: bool = True  # False: shown, not validated
    where_s: tuple[float, float] | None = None
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What criteria look at: one record, its measurements, its patient, and the definitions that the reader chose."""

    record: EcgRecord
    measured: Measured
    patient: Patient
    choices: Mapping[str, str] = field(default_factory=dict)  # code of a criterion -> name of a definition
