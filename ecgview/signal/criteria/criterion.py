"""What one criterion says of one record, with the numbers that it used."""

from collections.abc import Mapping, Sequence
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
    doubts: tuple[str, ...] = ()  # of the record, on which this answer rests; `reason` holds them, too

    @property
    def evidence(self) -> str:
        """The numbers and what is to be doubted of them; of what must not be missed, all that is to be borne in mind.

        What is printed where the reason is not.
        """
        beside = (self.reason,) if self.critical else self.doubts
        return "; ".join(text for text in (self.numbers, *beside) if text)

    @property
    def numbers(self) -> str:
        """The numbers that it used, in one line: "PR 214 ms, ..."."""
        rows: dict[tuple[str, str], list[Measurement]] = {}
        for one in self.used:
            rows.setdefault((one.name, one.unit if one.lead else one.name), []).append(one)
        return "; ".join(_text(name, own) for (name, _), own in rows.items())


@dataclass(frozen=True, slots=True)
class Asked:
    """What criteria look at: one record, its measurements, its patient, and the definitions that the reader chose."""

    record: EcgRecord
    measured: Measured
    patient: Patient
    choices: Mapping[str, str] = field(default_factory=dict)  # code of a criterion -> name of a definition


def _text(name: str, rows: Sequence[Measurement]) -> str:
    """Return values of one name in one line: "PR 214 ms", "J: V1 0.16, V2 0.26 mV"."""
    unit = rows[0].unit
    digits = 2 if unit in ("mV", "") else 0 if unit in ("ms", "deg", "bpm", "°") else 1
    texts = [f"{one.lead} {_digits(one.value, digits)}".strip() for one in rows]
    return f"{name}{':' if rows[0].lead else ''} {', '.join(texts)} {unit}".rstrip()


def _digits(value: float | None, digits: int) -> str:
    if value is None:
        return "not measured"
    whole = digits == 1 or value == round(value)  # a count is written without decimals
    text = f"{value:.{digits}f}"
    return (text.rstrip("0").rstrip(".") if whole and "." in text else text).replace("-", "−")
