"""What is known of one recording beside its samples; needs nothing heavy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One recording; `fold` is 0 where the source has none.

    `codes` are the labels as the source gives them: SCP-ECG codes, SNOMED CT identifiers, a group's own words.
    `rate_hz` is that of the source's file, whatever it is resampled to: 100 Hz holds nothing above 50 Hz. A source that
    does not know it without reading signals says None, and a pack fills it in.
    """

    source: str
    record_id: str
    patient_id: str
    fold: int = 0
    codes: tuple[str, ...] = ()
    age_years: float | None = None
    sex: str = ""
    rate_hz: float | None = None
