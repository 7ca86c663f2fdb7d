"""What one criterion says of one record, with the numbers that it used."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ecgview.record import EcgRecord, Patient
from ecgview.signal.measure.measured import Measured
from ecgview.signal.measurements import Measurement

State = Literal["met", "not met", "not measurable", "not applicable"]


class NotMeasurable(Exception):
    """The numbers that a rule needs are not there; says which."""


class NotApplicable(Exception):
    """A rule is not meant for a record like this one; says why."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion as it came out; never "excluded", for a criterion that is not met excludes nothing.

    `used` are the numbers it looked at. `definition` is the rule in words with its limits, `publication` where it
    stands, `needs` on which records it is not asked. `reason` says why it is not measurable or not applicable, or what
    to bear in mind. `code` is stable: tables and models know it. `choice` names the definition that was used, of
    `choices`, empty where there is one only. `statements` are the PTB-XL codes that say the same.
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
    needs: str = ""
    choice: str = ""
    choices: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()

    @property
    def numbers(self) -> str:
        """The numbers that it used, in one line: "PR 214 ms, ..."."""
        return ", ".join(_number(one) for one in self.used)


@dataclass(frozen=True, slots=True)
class Asked:
    """What criteria look at: one record, its measurements, its patient, and the definitions that the reader chose."""

    record: EcgRecord
    measured: Measured
    patient: Patient
    choices: Mapping[str, str] = field(default_factory=dict)  # code of a criterion -> name of a definition


def _number(one: Measurement) -> str:
    name = f"{one.name} {one.lead}" if one.lead else one.name
    if one.value is None:
        return f"{name} not measured"
    digits = 2 if one.unit == "mV" else 0 if one.unit in ("ms", "deg", "bpm", "°") else 1
    text = f"{one.value:.{digits}f}".replace("-", "−")
    if digits == 1:
        text = text.removesuffix(".0")
    return f"{name} {text} {one.unit}".rstrip()
